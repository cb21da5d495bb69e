//! Building documents.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_json::{ArrayWriter, Body, Document, Node, ObjectWriter, Text, TextWriter};

use crate::spelling::text;

fn write_members(out: &mut ObjectWriter<'_>, object: Node<'_>) {
    for (key, value) in object.members() {
        match (value.is_empty(), value.items().next()) {
            (true, _) => out.member(key, value),
            (_, Some(_)) => out.array(key, |out| write_items(out, value)),
            _ => out.object(key.as_str(), |out| write_members(out, value)),
        }
    }
}

fn write_items(out: &mut ArrayWriter<'_>, array: Node<'_>) {
    for value in array.items() {
        match (value.is_empty(), value.items().next()) {
            (true, _) => {
                out.item(value.as_str().map_or_else(|| value.to_value().unwrap(), Value::from));
            }
            (_, Some(_)) => out.array(|out| write_items(out, value)),
            _ => out.object(|out| write_members(out, value)),
        }
    }
}

proptest! {
    #[test]
    fn a_document_written_in_parts_equals_its_source(text in text()) {
        let body = Body::parse(text.clone()).unwrap();
        let tree: Value = serde_json::from_str(&text).unwrap();
        let mut writer = TextWriter::new();
        writer.array(|out| {
            out.item(body.root());
            out.object(|out| write_members(out, body.root()));
            out.array(|out| write_items(out, body.root()));
        });
        writer.value(&tree);
        let texts: Vec<Text> = writer.finish().collect();
        let members = tree.as_object().cloned().unwrap_or_default();
        let items = tree.as_array().cloned().unwrap_or_default();
        let written = Document::parse(texts[0].clone()).unwrap();
        // The record is on one line, without line breaks of the body.
        prop_assert_eq!(written.as_bytes(), texts[0].as_bytes());
        prop_assert_eq!(written.root().to_value().unwrap(), json!([tree, members, items]));
        prop_assert_eq!(texts[1].to_string(), tree.to_string());
    }
}

#[test]
fn every_kind_of_part_is_written() {
    let document = Document::parse(r#"{"\u0061": 1.50}"#).unwrap();
    let text = Text::array(|out| {
        out.item(());
        out.item(None::<bool>);
        out.item(Some(true));
        out.item("a\n\"\u{1}é");
        out.item(String::from("b"));
        out.item(f64::NAN);
        out.item(-1_i64);
        out.item(&document);
        out.item(document.text());
        out.item(document.root().get("a"));
        out.item(json!({"c": [1e5]}));
    });
    let expected = r#"[null,null,true,"a\n\"\u0001é","b",null,-1,{"\u0061": 1.50},{"\u0061": 1.50},1.50,{"c":[100000.0]}]"#;
    assert_eq!(text.to_string(), expected);
}

#[test]
fn a_writer_separates_documents_even_after_an_error() {
    let mut writer = TextWriter::with_capacity(100);
    let result: Result<(), &str> = writer.object(|out| {
        out.member("a", 1);
        Err("no more")
    });
    assert_eq!(result, Err("no more"));
    writer.value("b");
    let texts: Vec<String> = writer.finish().map(|text| text.to_string()).collect();
    assert_eq!(texts, [r#"{"a":1}"#, r#""b""#]);
}
