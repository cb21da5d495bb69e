//! Parsing, compared with `serde_json`.

use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Number, Value};
use taskferry_json::{Body, Document, ErrorKind, Kind, MAX_DEPTH, Node};

use crate::spelling::{key, text};

/// Checks that every accessor of a node agrees with the tree.
fn assert_same(node: Node<'_>, tree: &Value) {
    let strings = (node.as_str(), tree.as_str().map(Into::into));
    assert_eq!(strings.0, strings.1);
    assert_eq!(node.as_bool(), tree.as_bool());
    assert_eq!(node.is_null(), tree.is_null());
    let number = node.as_number().map(|text| serde_json::from_str::<Number>(text).unwrap());
    assert_eq!(number.as_ref(), tree.as_number());
    assert_eq!(&node.to_value().unwrap(), tree);
    let (items, members): (Vec<_>, Vec<_>) = (node.items().collect(), node.members().collect());
    assert_eq!(node.kind() == Kind::Array, tree.is_array());
    assert_eq!(node.kind() == Kind::Object, tree.is_object());
    assert_eq!(items.len(), tree.as_array().map_or(0, Vec::len));
    assert_eq!(members.len(), tree.as_object().map_or(0, serde_json::Map::len));
    assert_eq!(node.len(), items.len() + members.len());
    assert!(node.is_empty() == matches!(node.len(), 0));
    for (position, (item, tree)) in
        items.into_iter().zip(tree.as_array().into_iter().flatten()).enumerate()
    {
        assert_eq!(node.item(position).unwrap().offset(), item.offset());
        assert_same(item, tree);
    }
    for ((key, value), (tree_key, tree)) in
        members.into_iter().zip(tree.as_object().into_iter().flatten())
    {
        assert_eq!(&key.as_str(), tree_key);
        assert!(key == tree_key.as_str());
        assert_eq!(serde_json::from_slice::<String>(key.raw()).unwrap(), *tree_key);
        assert_eq!(node.get(tree_key).unwrap().offset(), value.offset());
        assert_same(value, tree);
    }
}

/// Checks that each value of a text becomes the same document as its own text, or the same error.
fn assert_parts(node: Node<'_>) {
    let alone = Document::parse(node.raw().to_vec());
    match (node.to_document(), alone) {
        (Ok(part), Ok(alone)) => {
            assert_eq!(part.as_bytes(), alone.as_bytes());
            assert!(!part.as_bytes().contains(&b'\n') && !part.as_bytes().contains(&b'\r'));
            assert_eq!(part.text().to_string(), alone.text().to_string());
        }
        (part, alone) => assert_eq!(part.unwrap_err(), alone.unwrap_err()),
    }
    node.items().for_each(assert_parts);
    node.members().for_each(|(_, value)| assert_parts(value));
}

proptest! {
    #[test]
    fn a_document_equals_its_tree(text in text(), missing in key()) {
        let tree: Value = serde_json::from_str(&text).unwrap();
        let document = Document::parse(text.clone()).unwrap();
        assert_same(document.root(), &tree);
        let missing: String = serde_json::from_str(&missing).unwrap();
        prop_assert_eq!(document.root().get(&missing).is_some(), tree.get(&missing).is_some());
        if !text.contains(['\n', '\r']) {
            prop_assert_eq!(document.as_bytes(), text.trim_matches([' ', '\t']).as_bytes());
        }
        let body = Body::parse(text).unwrap();
        assert_same(body.root(), &tree);
        assert_parts(body.root());
    }

    #[test]
    fn invalid_json_is_refused_like_serde_json(
        text in text(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..4),
        token in prop::sample::select(vec!["", "\"", "\\", "\\u00", "\\ud800", "\\udc00\\ud800", "[", "]", "{", "}", ",", ":", "0", "-", ".", "e", "\u{1}", "tru"]),
    ) {
        let mut bytes = text.into_bytes();
        for (place, byte, way) in changes {
            let place = place.index(bytes.len().max(1));
            match way {
                0 if place < bytes.len() => bytes[place] = byte,
                1 => bytes.insert(place.min(bytes.len()), byte),
                2 => bytes.truncate(place),
                _ => drop(bytes.splice(place.min(bytes.len())..place.min(bytes.len()), token.bytes())),
            }
        }
        let tree = serde_json::from_slice::<Value>(&bytes);
        let document = Document::parse(bytes.clone());
        prop_assert_eq!(document.is_ok(), tree.is_ok(), "{:?} {:?}", document, tree);
        if let (Ok(document), Ok(tree)) = (&document, &tree) {
            assert_same(document.root(), tree);
        }
        let is_json = serde_json::from_slice::<&RawValue>(&bytes).is_ok();
        let body = Body::parse(bytes);
        prop_assert_eq!(body.is_ok(), is_json);
        if let Ok(body) = body {
            assert_parts(body.root());
        }
    }

    #[test]
    fn parsing_any_bytes_terminates(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert_eq!(Document::parse(bytes.clone()).is_ok(), serde_json::from_slice::<Value>(&bytes).is_ok());
    }

    #[test]
    fn every_string_survives_a_round_trip(text in any::<String>(), pretty in "[ -~]{0,40}") {
        for text in [text, pretty] {
            let quoted = Value::from(text.as_str()).to_string();
            let document = Document::parse(quoted).unwrap();
            prop_assert_eq!(document.root().as_str().unwrap(), text);
        }
    }
}

#[test]
fn excessive_nesting_is_an_error() {
    for depth in [MAX_DEPTH + 1, 100_000, 1_000_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let closed = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for text in [closed.clone(), open.repeat(depth)] {
                let error = Document::parse(text).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::TooDeep);
                assert_eq!(error.offset(), open.len() * MAX_DEPTH);
            }
            let body = Body::parse(format!("[1,{closed}]")).unwrap();
            let parts: Vec<_> = body.root().items().map(Node::to_document).collect();
            assert!(parts[0].is_ok());
            assert_eq!(parts[1].as_ref().unwrap_err().kind(), ErrorKind::TooDeep);
            assert!(body.root().to_value().is_err());
        }
    }
}

#[test]
fn the_depth_limit_equals_that_of_serde_json() {
    let text = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    let document = Document::parse(text.clone()).unwrap();
    assert_eq!(document.root().to_value().unwrap().to_string(), text);
    assert!(serde_json::from_str::<Value>(&format!("[{text}]")).is_err());
    assert!(Document::parse(format!("[{text}]")).is_err());
    // A part may be nested deeper in its body than the limit for a document.
    let body = Body::parse(format!("[[{text}]]")).unwrap();
    let part = body.root().item(0).and_then(|item| item.item(0)).unwrap();
    assert_eq!(part.to_document().unwrap().as_bytes(), text.as_bytes());
}

#[test]
fn an_unpaired_surrogate_affects_only_its_record() {
    for bad in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud83dx""#,
        r#""\ud83d\u0041""#,
        r#"{"\ud83d":1}"#,
        r#""\ude00\ud83d""#,
    ] {
        let error = Document::parse(bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Surrogate, "{bad}");
        let body =
            Body::parse(format!(r#"{{"a":[{{"x":[{bad}]}},{{"x":"\ud83d\ude00"}}]}}"#)).unwrap();
        let parts: Vec<_> = body.root().get("a").unwrap().items().map(Node::to_document).collect();
        assert_eq!(parts[0].as_ref().unwrap_err().kind(), ErrorKind::Surrogate, "{bad}");
        assert_eq!(parts[1].as_ref().unwrap().root().get("x").unwrap().as_str().unwrap(), "😀");
    }
    let body = Body::parse(r#"["\ud800", {"\ud800": 1}]"#).unwrap();
    assert_eq!(body.root().item(0).unwrap().as_str(), None);
    let (key, _) = body.root().item(1).unwrap().members().next().unwrap();
    assert_eq!(key.as_str(), r"\ud800");
}

#[test]
fn each_error_has_a_kind_and_a_position() {
    use ErrorKind::{Surrogate, Syntax, Trailing, Utf8};
    let cases: [(&[u8], ErrorKind, usize, &str); 16] = [
        (b"", Syntax, 0, "expected a value"),
        (b" [1,]", Syntax, 4, "expected a value"),
        (b"{\"a\":tru}", Syntax, 5, "expected a value"),
        (b"{a:1}", Syntax, 1, "expected a key in double quotes"),
        (b"{\"a\" 1}", Syntax, 5, "expected `:` after a key"),
        (b"{\"a\":1 \"b\"}", Syntax, 7, "expected `,` or `}`"),
        (b"[1}", Syntax, 2, "expected `,` or `]`"),
        (b"-x", Syntax, 1, "expected a digit"),
        (b"1.e3", Syntax, 2, "expected a digit"),
        (b"\"ab", Syntax, 3, "a string is not closed"),
        (b"\"a\nb\"", Syntax, 2, "a control character is not escaped"),
        (b"\"a\\x\"", Syntax, 2, "invalid escape sequence"),
        (b"\"a\\u00g0\"", Syntax, 2, "`\\u` needs four hexadecimal digits"),
        (b"[\"abc\xff\"]", Utf8, 5, "a string is not UTF-8"),
        (b"\"a\\ud800\"", Surrogate, 2, "an escape contains only half of a surrogate pair"),
        (b"{} {}", Trailing, 3, "unexpected text after the end of the document"),
    ];
    for (text, kind, offset, message) in cases {
        let error = Document::parse(text).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{error}");
        assert_eq!(error.to_string(), format!("{message} at byte {offset}"));
    }
}

#[test]
fn an_object_with_many_duplicate_keys_is_read_in_linear_time() {
    // Keys with the same prefix, suffix and length, so that a weak hash collides.
    let keys =
        (0..30_000).chain(0..30_000).map(|number| format!("beginning{number:06}and the end"));
    let members: Vec<String> =
        keys.enumerate().map(|(at, key)| format!("\"{key}\":{at}")).collect();
    let document = Document::parse(format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!(document.root().len(), 30_000);
    let (key, value) = document.root().members().last().unwrap();
    assert!(key == "beginning029999and the end");
    assert_eq!(value.as_number(), Some("59999"));
}

#[test]
fn records_of_a_page_share_its_text_and_lose_line_breaks() {
    let page =
        bytes::Bytes::from_static(b"{\"records\": [\n{\"a\": 1},\n{\n\"a\":\r\n \"x y\"}\n]}\n");
    let body = Body::parse(page.clone()).unwrap();
    let records: Vec<Document> = body
        .root()
        .get("records")
        .unwrap()
        .items()
        .map(|record| record.to_document().unwrap())
        .collect();
    assert_eq!(records[0].as_bytes(), br#"{"a": 1}"#);
    assert!(page.as_ptr_range().contains(&records[0].as_bytes().as_ptr()));
    assert_eq!(records[1].as_bytes(), br#"{"a":"x y"}"#);
    assert!(records.iter().all(|record| record.path(record.root().get("a").unwrap()) == "a"));
    assert_eq!(records[0].path(records[1].root()), "");
}

#[test]
fn a_key_equals_only_its_text() {
    let document = Document::parse(r#"{"x":"a","b":1,"\"b":2}"#).unwrap();
    let keys: Vec<_> = document.root().members().map(|(key, _)| key).collect();
    for other in ["x", "b", "\"b", "a\",\"b", "", "\"", "x\":\"a\",\"b"] {
        let is_equal: Vec<bool> = keys.iter().map(|key| *key == other).collect();
        assert_eq!(is_equal, ["x", "b", "\"b"].map(|key| key == other), "{other}");
        assert_eq!(document.root().get(other).is_some(), is_equal.contains(&true));
    }
}
