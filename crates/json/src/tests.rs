use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::*;

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\"\\\\{}\\[\\],: a]{0,20}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn members_and_items_are_those_that_a_parser_finds(value in value(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}") } else { value.to_string() };
        let found = members(text.as_bytes());
        prop_assert_eq!(found.is_some(), value.is_object());
        if let Some(found) = found {
            let parsed: BTreeMap<String, &RawValue> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(found.len(), parsed.len());
            for member in found {
                let key: String = serde_json::from_slice(&[b"\"", member.key, b"\""].concat()).unwrap();
                prop_assert_eq!(parsed[&key].get().as_bytes(), member.value);
            }
        }
        let found = items(text.as_bytes());
        prop_assert_eq!(found.is_some(), value.is_array());
        if let Some(found) = found {
            let parsed: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
            let parsed: Vec<&[u8]> = parsed.iter().map(|item| item.get().as_bytes()).collect();
            prop_assert_eq!(found, parsed);
        }
    }

    #[test]
    fn any_bytes_come_to_an_end(text in prop::collection::vec(any::<u8>(), 0..100), json in "[\\[\\]{}\",:a1\\\\ u]{0,60}") {
        for text in [&text[..], json.as_bytes()] {
            _ = (members(text), items(text), string(text), is_plain(text));
        }
    }

    #[test]
    fn a_string_that_needs_no_decoding_is_what_a_parser_reads(text in any::<String>()) {
        let quoted = Value::from(text.as_str()).to_string();
        match string(quoted.as_bytes()) {
            Some(found) => prop_assert_eq!(found, text),
            None => prop_assert!(quoted.contains('\\')),
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_not_stepped_over() {
    let nested = |depth| format!("[{}{}]", "[".repeat(depth), "]".repeat(depth));
    assert!(items(nested(64).as_bytes()).is_some());
    assert!(items(nested(65).as_bytes()).is_none());
}

#[test]
fn escapes_are_told_apart() {
    for (text, plain) in [
        (r#""\u00e9 \n \/ \" \\""#, true),
        (r#""\\u0061""#, true),
        (r#""\u0061""#, false),
        (r#""\u007e""#, false),
        (r#""\u007f\u001f""#, true),
        (r#""\ud83d\ude00""#, true),
        (r#""\ud83d""#, false),
        (r#""\ud83dx""#, false),
        (r#""\ud83d\u0041""#, false),
        (r#""\ude00""#, false),
        (r#""\ud83d\ude00\ud83d""#, false),
    ] {
        assert_eq!(is_plain(text.as_bytes()), plain, "{text}");
        // What no tree can hold is not plain.
        assert!(!plain || serde_json::from_str::<Value>(text).is_ok(), "{text}");
    }
}
