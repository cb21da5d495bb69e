//! NDJSON and JSON output through the public API.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_format::{Format, FormatOptions};
use taskferry_sdk::Record;

use crate::csv::writer;

fn written(format: Format, records: &[Record]) -> String {
    let options = FormatOptions { format, ..FormatOptions::default() };
    let mut writer = writer(&options, Vec::new());
    for record in records {
        writer.write(record).unwrap();
    }
    let (bytes, report) = writer.finish().unwrap();
    assert_eq!(report.records, records.len() as u64);
    assert!(report.warnings().is_empty());
    String::from_utf8(bytes).unwrap()
}

#[test]
fn an_unchanged_record_is_written_byte_for_byte() {
    let lines = [r#"{"b": 1.10, "a":100000000000000000001}"#, r#"{"a":"\u00e9\n","a":-0.0e1}"#];
    let records = lines.map(|line| Record::parse(line).unwrap());
    assert_eq!(written(Format::Ndjson, &records), format!("{}\n{}\n", lines[0], lines[1]));
    assert_eq!(written(Format::Json, &records), format!("[\n{},\n{}\n]\n", lines[0], lines[1]));
}

#[test]
fn an_empty_output_is_a_valid_document() {
    assert_eq!(written(Format::Ndjson, &[]), "");
    assert_eq!(written(Format::Json, &[]), "[]\n");
}

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_line_is_one_record(values in prop::collection::vec(any_value(), 0..8)) {
        let records: Vec<Record> = values.iter().cloned().map(Record::from).collect();
        let text = written(Format::Ndjson, &records);
        prop_assert_eq!(text.matches('\n').count(), values.len());
        let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(read, values);
    }

    #[test]
    fn the_array_contains_all_records(values in prop::collection::vec(any_value(), 0..8)) {
        let records: Vec<Record> = values.iter().cloned().map(Record::from).collect();
        let read: Value = serde_json::from_str(&written(Format::Json, &records)).unwrap();
        prop_assert_eq!(read, json!(values));
    }
}
