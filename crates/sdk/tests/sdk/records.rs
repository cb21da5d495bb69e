//! Records keep their text.

use bytes::Bytes;
use taskferry_json::Body;
use taskferry_sdk::{ErrorKind, Record};

#[test]
fn a_record_that_was_only_read_is_written_unchanged() {
    let text = r#"{"b": 1.10, "a":100000000000000000001,  "a" : 2e3}"#;
    let record = Record::parse(text).unwrap();
    assert_eq!(record.value().unwrap()["b"].to_string(), "1.10");
    assert_eq!(record.to_json(), text);
}

#[test]
fn line_breaks_between_tokens_are_removed() {
    let record = Record::parse("{\n  \"a\": \"x\\n y\",\r\n  \"b\": [1, 2]\n}").unwrap();
    assert_eq!(record.to_json(), r#"{"a":"x\n y","b":[1,2]}"#);
}

#[test]
fn records_of_a_body_share_its_bytes() {
    let body = Bytes::from_static(br#"[{"a":1},{"a":2}]"#);
    let page = Body::parse(body.clone()).unwrap();
    let record = Record::from_node(page.root().item(1).unwrap());
    assert_eq!(record.to_json(), r#"{"a":2}"#);
    assert!(body.as_ptr_range().contains(&record.as_bytes().as_ptr()));
}

#[test]
fn unreadable_records_are_errors() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(Record::parse(deep).unwrap().value().unwrap_err().kind(), ErrorKind::Malformed);
    assert_eq!(
        Record::parse(r#""\ud800""#).unwrap().value().unwrap_err().kind(),
        ErrorKind::Malformed
    );
    assert!(Record::parse("{} {}").is_err());
}
