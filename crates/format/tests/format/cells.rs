//! One value as a cell of a table.

use serde_json::{Value, json};
use taskferry_format::{Decimal, Delimiter, FormatOptions};

use crate::csv::{csv_options, written};

/// The cell of a value in a table with this decimal separator.
fn cell_with(decimal: Decimal, value: &Value) -> String {
    let (decimal, delimiter) = (Some(decimal), Some(Delimiter::Tab));
    let options = FormatOptions { decimal, delimiter, ..csv_options(Some(&["v"])) };
    let (text, _) = written(&options, &[json!({"v": value})]);
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(text.as_bytes());
    reader.records().next().unwrap().unwrap()[0].to_owned()
}

fn cell(value: &Value) -> String {
    cell_with(Decimal::Point, value)
}

#[test]
fn a_decimal_comma_changes_only_numbers() {
    for (value, expected) in [
        (json!(1.5), "1,5"),
        (serde_json::from_str("-1.50e+3").unwrap(), "-1,50e+3"),
        (json!(7), "7"),
        (json!("1.5"), "1.5"),
        (json!([1.5, "v1.2"]), "1,5; v1.2"),
        (json!({"a": 1.5}), r#"{"a":1.5}"#),
    ] {
        assert_eq!(cell_with(Decimal::Comma, &value), expected);
    }
}

#[test]
fn a_nul_is_replaced_and_counted() {
    let (text, report) = written(&csv_options(Some(&["v"])), &[json!({"v": "a\0b\0"})]);
    assert_eq!((text.as_str(), report.nul_replaced), ("v\r\na\u{fffd}b\u{fffd}\r\n", 2));
}

#[test]
fn scalars_keep_their_text() {
    assert_eq!(cell(&json!(null)), "");
    assert_eq!(cell(&json!(true)), "true");
    assert_eq!(cell(&json!("a, \"b\"")), "a, \"b\"");
    for number in ["-5", "1.10", "100000000000000000001", "1e+400", "-0"] {
        assert_eq!(cell(&serde_json::from_str(number).unwrap()), number);
    }
}

#[test]
fn list_items_are_written_as_their_labels() {
    assert_eq!(cell(&json!([])), "");
    assert_eq!(cell(&json!(["a", 1.5, null, false])), "a; 1.5; ; false");
    assert_eq!(
        cell(&json!([{"skill_id": "1", "skill": "Python"}, {"skill_id": "2", "skill": "R"}])),
        "Python; R"
    );
    assert_eq!(cell(&json!([{"external_id": "a"}, {"external_id": "b"}])), "a; b");
    assert_eq!(cell(&json!([{"id": 1, "title": "T", "name": "N"}])), "N");
    assert_eq!(cell(&json!([["a", 1], {"x": {"y": 1}}])), "[\"a\",1]; {\"y\":1}");
}

#[test]
fn an_object_without_a_name_is_json() {
    assert_eq!(cell(&json!({"level": "H1"})), r#"{"level":"H1"}"#);
    assert_eq!(cell(&json!([{"a": 1, "b": 2}, {}])), r#"{"a":1,"b":2}; {}"#);
    assert_eq!(
        cell(&json!([{"skill_id": "1", "skill": null}])),
        r#"{"skill_id":"1","skill":null}"#
    );
}

#[test]
fn formulas_are_escaped() {
    for text in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        "\nx",
        "  =1",
        "\u{a0}-1",
        "\u{feff}=1",
        "＝1",
    ] {
        assert_eq!(cell(&json!(text)), format!("'{text}"));
    }
    assert_eq!(cell(&json!(["@risk", "R"])), "'@risk; R");
    for text in ["", "a=b", "'=1", "1-2", " x"] {
        assert_eq!(cell(&json!(text)), text);
    }
}
