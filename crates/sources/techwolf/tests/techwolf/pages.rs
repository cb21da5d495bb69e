//! `split_page`: from the body of a response to records.

use bytes::Bytes;
use proptest::prelude::*;
use taskferry_sdk::{ErrorKind, Page, StageError};
use taskferry_source_techwolf::split_page;

fn parse(body: impl Into<Bytes>) -> Result<Page, StageError> {
    split_page(&body.into())
}

fn texts(page: &Page) -> Vec<String> {
    page.records.iter().map(|record| record.record.to_json()).collect()
}

fn ids(page: &Page) -> Vec<&str> {
    page.records.iter().map(|record| record.id.as_deref().unwrap()).collect()
}

#[test]
fn a_record_keeps_its_text() {
    let record = r#"{"tasks":[{"weekly_hours": 1.30}], "external_id":"\u0061", "n":1e999}"#;
    let body =
        format!(r#"{{"records":[{record} , {record}],"has_next":true,"next_starting_after":"a"}}"#);
    let page = parse(body).unwrap();
    assert_eq!((texts(&page), ids(&page)), (vec![record.to_owned(); 2], vec!["a", "a"]));
    assert_eq!(page.next.unwrap().as_str(), "a");
}

#[test]
fn the_last_of_duplicate_keys_is_read() {
    let jobs = [
        r#"{"external_id":"first","external_id":"a"}"#,
        r#"{"external_id":"first","tasks":[],"external\u005fid":"b"}"#,
        r#"{"external_id":7,"tasks":[{"external_id":"t"}],"external_id":"c"}"#,
        r#"{"external_id":"d","tasks":[{"external_id":"t"}]}"#,
    ];
    let body = format!(
        r#"{{"has_next":false,"records":7,"next_starting_after":"x","records":[{}],"next_starting_after":"y","has_next":true}}"#,
        jobs.join(",")
    );
    let page = parse(body).unwrap();
    assert_eq!(texts(&page), jobs);
    assert_eq!(ids(&page), ["a", "b", "c", "d"]);
    assert_eq!(page.next.unwrap().as_str(), "y");
}

#[test]
fn an_invalid_page_is_described() {
    for (body, why) in [
        ("", "it is empty"),
        ("\u{feff}", "it is empty"),
        ("[true, []]", "it is not a JSON object"),
        ("{} x", "unexpected text after the end of the document at byte 3"),
        (r#"{"has_next":false"#, "expected `,` or `}` at byte 17"),
        (r#"{"records":[]}"#, "`has_next` is missing"),
        (
            r#"{"has_next":1,"records":[]}"#,
            "`has_next`: invalid type: integer `1`, expected a boolean",
        ),
        (r#"{"has_next":true}"#, "`records` is missing"),
        (r#"{"has_next":true,"records":{}}"#, "`records`: invalid type: map, expected a sequence"),
        (
            r#"{"has_next":true,"records":[],"next_starting_after":7}"#,
            "`next_starting_after`: invalid type: integer `7`, expected a string",
        ),
    ] {
        let error = parse(body).unwrap_err();
        let expected = format!("the response is not a page of the export: {why}");
        assert_eq!((error.to_string(), error.is_temporary()), (expected, true));
    }
    for (job, why) in [
        ("5", "it is not a JSON object"),
        ("[\"external_id\"]", "it is not a JSON object"),
        ("{}", "`external_id` is missing"),
        (
            r#"{"external_id":"a","external_id":7}"#,
            "`external_id`: invalid type: integer `7`, expected a string",
        ),
        (r#"{"external_id":"\ud800"}"#, "`external_id`: unexpected end of hex escape"),
    ] {
        let body = format!(r#"{{"has_next":false,"records":[{{"external_id":"a"}},{job}]}}"#);
        let error = parse(body).unwrap_err();
        let expected = format!("record 2 of the page is not a task profile: {why}");
        assert_eq!((error.to_string(), error.is_temporary()), (expected, true));
    }
}

#[test]
fn a_byte_order_mark_is_skipped_and_utf_16_is_named() {
    let text = "\u{feff} {\"has_next\":false,\"records\":[]}";
    assert!(parse(text).unwrap().records.is_empty());
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let error = parse(utf_16).unwrap_err().to_string();
    assert!(error.ends_with(": it is UTF-16 text, not UTF-8"), "{error}");
}

#[test]
fn an_unreadable_record_does_not_spoil_its_page() {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let jobs = [
        r#"{"external_id":"a","task":"\ud800"}"#.to_owned(),
        format!(r#"{{"external_id":"b","tasks":{deep}}}"#),
        r#"{"external_id":"c", "hours":1.50}"#.to_owned(),
    ];
    let page = parse(format!(r#"{{"has_next":false,"records":[{}]}}"#, jobs.join(","))).unwrap();
    assert_eq!((texts(&page), ids(&page)), (jobs.to_vec(), vec!["a", "b", "c"]));
    let readable: Vec<bool> =
        page.records.iter().map(|record| record.record.root().is_ok()).collect();
    assert_eq!(readable, [false, false, true]);
}

#[test]
fn records_share_the_bytes_of_the_response() {
    let body = Bytes::from_static(br#"{"has_next":false,"records":[{"external_id":"a"}]}"#);
    let page = parse(body.clone()).unwrap();
    assert!(body.as_ptr_range().contains(&page.records[0].record.as_bytes().as_ptr()));
}

#[test]
fn the_last_page_has_no_next_cursor() {
    let body = r#"{"has_next":false,"records":[],"next_starting_after":"a"}"#;
    assert!(parse(body).unwrap().next.is_none());
}

/// JSON with the keys of a response and other keys.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let word = "has_next|records|next_starting_after|external_id|tasks|.{0,3}";
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        any::<String>().prop_map(serde_json::Value::from),
    ];
    scalar.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((word, inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A field that is the id of its object, or similar to it.
fn member() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "external_id",
        "external\\u005fid",
        "\\u0065xternal_id",
        "tasks",
        "\\ud800",
    ]);
    let value = prop::sample::select(vec![
        "\"a\"",
        "\"\\u0062\"",
        "7",
        "null",
        "{\"external_id\":\"c\"}",
        "[\"external_id\"]",
    ]);
    (key, value).prop_map(|(key, value)| format!("\"{key}\": {value}"))
}

proptest! {
    #[test]
    fn the_id_of_a_record_is_that_of_its_tree(members in prop::collection::vec(member(), 0..5)) {
        let job = format!("{{{}}}", members.join(","));
        let body = format!(r#"{{"has_next":false,"records":[{job}]}}"#);
        let page = parse(body);
        // serde_json rejects half a surrogate pair, which is not part of the id.
        let tree: serde_json::Value = serde_json::from_str(&job.replace("\\ud800", "x")).unwrap();
        let expected = tree["external_id"].as_str().map(|id| vec![id]);
        prop_assert_eq!(page.as_ref().ok().map(ids), expected);
    }

    #[test]
    fn any_bytes_are_a_page_or_an_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(error) = parse(body) {
            prop_assert_eq!(error.kind(), ErrorKind::Malformed);
        }
    }

    #[test]
    fn any_json_is_a_page_or_an_error_and_no_record_is_lost(
        body in anything(),
        records in prop::collection::vec(anything(), 0..4),
        ids in prop::collection::vec(prop::option::of(any::<String>()), 4),
        next in prop::option::of(any::<String>()),
    ) {
        if let Err(error) = parse(body.to_string()) {
            prop_assert_eq!(error.kind(), ErrorKind::Malformed);
        }
        let mut jobs = records;
        for (job, id) in jobs.iter_mut().zip(&ids) {
            if let (Some(members), Some(id)) = (job.as_object_mut(), id) {
                members.insert("external_id".to_owned(), id.as_str().into());
            }
        }
        let body = serde_json::json!({"has_next": next.is_some(), "records": jobs, "next_starting_after": next});
        let are_jobs = jobs.iter().all(|job| job["external_id"].is_string());
        let split = parse(body.to_string());
        prop_assert_eq!(split.is_ok(), are_jobs && next.as_deref() != Some(""));
        if let Ok(page) = split {
            let read: Vec<serde_json::Value> =
                texts(&page).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(read, jobs);
            prop_assert_eq!(page.next.map(|next| next.as_str().to_owned()), next);
        }
    }

    #[test]
    fn a_broken_body_is_an_error_and_no_panic(cut in 0_usize..80, byte in any::<u8>(), place in 0_usize..80) {
        let good = br#"{"has_next":true,"records":[{"external_id":"a"}],"next_starting_after":"a"}"#;
        let mut body = good.to_vec();
        body.truncate(cut);
        prop_assert_eq!(parse(body).is_ok(), cut >= good.len());
        let mut body = good.to_vec();
        if let Some(there) = body.get_mut(place) {
            *there = byte;
        }
        if let Err(error) = parse(body) {
            prop_assert_eq!(error.kind(), ErrorKind::Malformed);
        }
    }
}
