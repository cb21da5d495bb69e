//! Formats JSON: a value that fits on a line is written on one line.

use serde_json::Value;
use taskferry_sdk::{printable, printable_json};
use unicode_width::UnicodeWidthStr;

/// How a value is divided into lines.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// The maximum number of columns of a line with a list or an object.
    width: usize,
    /// Whether a line may contain a whole record, or lists and objects within others.
    may_nest: bool,
    /// The maximum number of entries of a list that are shown.
    max_items: usize,
}

/// For files.
const FILE: Layout = Layout { width: 100, may_nest: true, max_items: usize::MAX };
/// For terminals: a field of a record has a line of its own.
pub(crate) const SCREEN: Layout = Layout { width: 74, may_nest: false, max_items: usize::MAX };
/// For terminals, with the beginning of each list.
pub(crate) const SHORT: Layout = Layout { max_items: 1, ..SCREEN };

/// A line of a value. Invisible characters are escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Without the comma at its end.
    pub(crate) text: String,
    has_comma: bool,
    /// The path of the value that contains the line: `tasks[3].linked_skills`.
    pub(crate) place: String,
}

impl Line {
    /// The line with its comma.
    pub(crate) fn shown(&self) -> String {
        format!("{}{}", self.text, if self.has_comma { "," } else { "" })
    }
}

/// The text of a value in a file, with a line break at its end.
pub(crate) fn file_text(value: &Value) -> String {
    lines(value, FILE).iter().map(|line| line.shown() + "\n").collect()
}

/// The lines of a value.
pub(crate) fn lines(value: &Value, layout: Layout) -> Vec<Line> {
    let mut writer = Writer { layout, lines: Vec::new() };
    writer.write(value, "", &Position { place: String::new(), depth: 0, has_comma: false });
    writer.lines
}

struct Writer {
    layout: Layout,
    lines: Vec<Line>,
}

struct Position {
    place: String,
    depth: usize,
    has_comma: bool,
}

impl Writer {
    fn write(&mut self, value: &Value, key: &str, at: &Position) {
        let start = format!("{}{key}", "  ".repeat(at.depth));
        let (open, close, entries): (_, _, Vec<_>) = match value {
            Value::Array(items) => {
                let place = |index| format!("{}[{index}]", at.place);
                let items = items.iter().enumerate();
                ("[", "]", items.map(|(index, item)| (String::new(), place(index), item)).collect())
            }
            Value::Object(fields) => {
                let entry = |(name, field): (&String, _)| {
                    (quoted(name), place_of(&at.place, name, field), field)
                };
                ("{", "}", fields.iter().map(entry).collect())
            }
            _ => ("", "", Vec::new()),
        };
        if entries.is_empty() || self.is_one_line(value, &start, at) {
            return self.push(&(start + &on_one_line(value)), at, at.has_comma);
        }
        self.push(&(start + open), at, false);
        let (depth, count) = (at.depth + 1, entries.len());
        let most = if value.is_array() { self.layout.max_items } else { count };
        for (index, (key, place, entry)) in entries.into_iter().enumerate().take(most) {
            self.write(entry, &key, &Position { place, depth, has_comma: index + 1 < count });
        }
        let indent = "  ".repeat(at.depth);
        if most < count {
            self.push(&format!("{indent}  … {} more", count - most), at, false);
        }
        self.push(&(indent + close), at, at.has_comma);
    }

    fn is_one_line(&self, value: &Value, start: &str, at: &Position) -> bool {
        let Layout { width, may_nest, .. } = self.layout;
        if !may_nest && (at.depth == 0 || has_containers(value)) {
            return false;
        }
        let available = width.saturating_sub(start.width() + usize::from(at.has_comma));
        on_one_line(value).width() <= available
    }

    fn push(&mut self, text: &str, at: &Position, has_comma: bool) {
        let text = printable_json(text).into_owned();
        self.lines.push(Line { text, has_comma, place: printable(&at.place).into_owned() });
    }
}

/// The path of a list or an object. For other fields, the path of the record.
fn place_of(place: &str, name: &str, field: &Value) -> String {
    match field {
        Value::Array(_) | Value::Object(_) if place.is_empty() => name.to_owned(),
        Value::Array(_) | Value::Object(_) => format!("{place}.{name}"),
        _ => place.to_owned(),
    }
}

fn has_containers(value: &Value) -> bool {
    let is_container = |value: &Value| value.is_array() || value.is_object();
    match value {
        Value::Array(items) => items.iter().any(is_container),
        Value::Object(fields) => fields.values().any(is_container),
        _ => false,
    }
}

fn quoted(name: &str) -> String {
    format!("{}: ", Value::from(name))
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| quoted(name) + &on_one_line(field));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn a_value_that_fits_is_on_one_line() {
        let tasks: Vec<_> = (1..=2)
            .map(|n| json!({"task_id": format!("task-{n}"), "task": "Task ".repeat(5), "skills": ["Writing", "Python"]}))
            .collect();
        insta::assert_snapshot!(file_text(&json!({"id": "j1", "tasks": tasks, "none": null})), @r#"
        {
          "id": "j1",
          "tasks": [
            {"task_id": "task-1", "task": "Task Task Task Task Task ", "skills": ["Writing", "Python"]},
            {"task_id": "task-2", "task": "Task Task Task Task Task ", "skills": ["Writing", "Python"]}
          ],
          "none": null
        }
        "#);
    }

    proptest! {
        #[test]
        fn the_text_has_the_same_value(texts in prop::collection::vec(".{0,60}", 0..6)) {
            let value = json!({"a": texts, "b": {"c": texts}});
            prop_assert_eq!(serde_json::from_str::<Value>(&file_text(&value)).unwrap(), value);
        }
    }
}
