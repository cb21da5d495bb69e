//! How a value reads in one cell of a table.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::options::{CellStyle, Decimal};

const BETWEEN_ITEMS: &str = "; ";
/// The members that name an object best, the best first. `linked_skills` has `skill`, `tasks` has `task`.
const LABELS: [&str; 5] = ["skill", "name", "label", "title", "task"];

/// Appends the value to a cell that is empty.
///
/// Null is an empty cell, a number has its exact text but for the sign before its decimals, a list its items with `; `
/// between them, an object is JSON. Text gets a `'` in front when it would pass for a formula and that is to be escaped.
/// Returns how many NUL characters were replaced.
pub(crate) fn write_cell(value: &Value, style: CellStyle, cell: &mut String) -> u64 {
    push(value, style.decimal, cell);
    if !matches!(value, Value::String(_) | Value::Array(_)) {
        return 0;
    }
    let replaced = replace_nul(cell);
    if style.escape {
        make_harmless(cell);
    }
    replaced
}

/// Many readers of CSV end a cell, or the whole table, at a NUL.
pub(crate) fn replace_nul(text: &mut String) -> u64 {
    if !text.contains('\0') {
        return 0;
    }
    let count = text.matches('\0').count();
    *text = text.replace('\0', "\u{fffd}");
    count as u64
}

fn push(value: &Value, decimal: Decimal, cell: &mut String) {
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                cell.push_str(BETWEEN_ITEMS);
            }
            let label = item.as_object().and_then(label).unwrap_or(item);
            push_plain(label, decimal, cell);
        }
    } else {
        push_plain(value, decimal, cell);
    }
}

/// What stands for an object in a list: its only member, or the one that names it.
fn label(fields: &Map<String, Value>) -> Option<&Value> {
    let mut values = fields.values();
    if let (Some(only), None) = (values.next(), values.next()) {
        return Some(only);
    }
    let mut labels = LABELS.into_iter().filter_map(|name| fields.get(name));
    labels.find(|value| !matches!(value, Value::Null | Value::Array(_) | Value::Object(_)))
}

fn push_plain(value: &Value, decimal: Decimal, cell: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => cell.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => match (decimal, number.as_str().split_once('.')) {
            (Decimal::Comma, Some((whole, decimals))) => cell.extend([whole, ",", decimals]),
            _ => cell.push_str(number.as_str()),
        },
        Value::String(text) => cell.push_str(text),
        Value::Array(_) | Value::Object(_) => {
            // Writing to a string can't fail.
            let _ = write!(cell, "{value}");
        }
    }
}

/// Puts a `'` before a text that a spreadsheet would take for a formula.
///
/// Spreadsheets skip blanks, and some take the full-width forms for the signs themselves. A tab or line break
/// can carry what follows it into a cell of its own.
pub(crate) fn make_harmless(text: &mut String) {
    let blank = |character: char| character.is_whitespace() || character == '\u{feff}';
    let first = text.trim_start_matches(blank).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    if formula || text.starts_with(['\t', '\r', '\n']) {
        text.insert(0, '\'');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cell(value: &Value) -> String {
        let mut cell = String::new();
        write_cell(value, CellStyle { escape: true, decimal: Decimal::Point }, &mut cell);
        cell
    }

    #[test]
    fn a_decimal_comma_changes_numbers_and_nothing_else() {
        let style = CellStyle { escape: true, decimal: Decimal::Comma };
        for (value, expected) in [
            (json!(1.5), "1,5"),
            (serde_json::from_str("-1.50e+3").unwrap(), "-1,50e+3"),
            (json!(7), "7"),
            (json!("1.5"), "1.5"),
            (json!([1.5, "v1.2"]), "1,5; v1.2"),
            (json!({"a": 1.5}), r#"{"a":1.5}"#),
        ] {
            let mut cell = String::new();
            write_cell(&value, style, &mut cell);
            assert_eq!(cell, expected);
        }
    }

    #[test]
    fn a_nul_is_replaced_and_counted() {
        let style = CellStyle { escape: true, decimal: Decimal::Point };
        let mut text = String::new();
        assert_eq!(write_cell(&json!("a\0b\0"), style, &mut text), 2);
        assert_eq!(text, "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn scalars_read_as_they_are() {
        assert_eq!(cell(&json!(null)), "");
        assert_eq!(cell(&json!(true)), "true");
        assert_eq!(cell(&json!("a, \"b\"")), "a, \"b\"");
        for number in ["-5", "1.10", "100000000000000000001", "1e+400", "-0"] {
            assert_eq!(cell(&serde_json::from_str(number).unwrap()), number);
        }
    }

    #[test]
    fn lists_are_joined_readably() {
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
    fn formulas_are_made_harmless() {
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
}
