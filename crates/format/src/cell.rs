//! How a value reads in one cell of a table.

use std::fmt::Write;

use serde_json::{Map, Value};

const BETWEEN_ITEMS: &str = "; ";
/// The members that name an object best, the best first. `linked_skills` has `skill`, `tasks` has `task`.
const LABELS: [&str; 5] = ["skill", "name", "label", "title", "task"];

/// Appends the value to a cell that is empty.
///
/// Null is an empty cell, a number has its exact text, a list its items with `; ` between them, an object is
/// JSON. Text gets a `'` in front when `escape` is set and it would pass for a formula.
pub(crate) fn write_cell(value: &Value, escape: bool, cell: &mut String) {
    push(value, cell);
    if escape && matches!(value, Value::String(_) | Value::Array(_)) {
        make_harmless(cell);
    }
}

fn push(value: &Value, cell: &mut String) {
    if let Value::Array(items) = value {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                cell.push_str(BETWEEN_ITEMS);
            }
            let label = item.as_object().and_then(label).unwrap_or(item);
            push_plain(label, cell);
        }
    } else {
        push_plain(value, cell);
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

fn push_plain(value: &Value, cell: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => cell.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => cell.push_str(number.as_str()),
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
        write_cell(value, true, &mut cell);
        cell
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
