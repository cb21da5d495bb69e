//! Records as lines, and the differences between two of them.

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// The number of unchanged lines around a change.
const CONTEXT: usize = 2;
/// The most lines of one change, unless everything is shown.
const MOST_LINES: usize = 12;
/// The most entries of each list of a shortened record.
const MOST_ITEMS: usize = 1;
/// The most characters of a list or object on one line.
const SHORT: usize = 96;

/// A line of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Without the comma at its end.
    text: String,
    has_comma: bool,
    /// The value that contains it: `tasks[3].linked_skills`.
    place: String,
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiffLine {
    Same(String),
    Removed(String),
    Added(String),
    /// The place of the next lines, or a number of lines that are not shown.
    Note(String),
}

/// The lines of a record. A shortened record shows only the beginnings of its lists.
pub(crate) fn lines(value: &Value, is_whole: bool) -> Vec<String> {
    let mut found = Vec::new();
    write(value, "", "", 0, false, is_whole, &mut found);
    found.iter().map(Line::shown).collect()
}

/// The differences between two records.
pub(crate) fn diff(before: &Value, after: &Value, is_whole: bool) -> Vec<DiffLine> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    write(before, "", "", 0, false, true, &mut old);
    write(after, "", "", 0, false, true, &mut new);
    let texts = |lines: &[Line]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &texts(&old), &texts(&new));
    let mut found = Vec::new();
    for group in group_diff_ops(operations, CONTEXT) {
        let first = group.iter().find(|operation| !matches!(operation, DiffOp::Equal { .. }));
        let place = first.and_then(|first| {
            let (old, new) = (old.get(first.old_range().start), new.get(first.new_range().start));
            old.filter(|_| !first.old_range().is_empty()).or(new)
        });
        let place = place.map(|line| line.place.as_str()).filter(|place| !place.is_empty());
        found.push(DiffLine::Note(format!("@@ {}", place.unwrap_or("record"))));
        for operation in group {
            let (removed, added) = (operation.old_range(), operation.new_range());
            if matches!(operation, DiffOp::Equal { .. }) {
                found.extend(
                    new.get(added).unwrap_or_default().iter().map(|it| DiffLine::Same(it.shown())),
                );
                continue;
            }
            part(old.get(removed).unwrap_or_default(), is_whole, DiffLine::Removed, &mut found);
            part(new.get(added).unwrap_or_default(), is_whole, DiffLine::Added, &mut found);
        }
    }
    found
}

/// The lines of one change.
fn part(lines: &[Line], is_whole: bool, mark: fn(String) -> DiffLine, found: &mut Vec<DiffLine>) {
    let shown = if is_whole || lines.len() <= MOST_LINES { lines.len() } else { MOST_LINES - 1 };
    found.extend(lines.iter().take(shown).map(|line| mark(line.shown())));
    if shown < lines.len() {
        found.push(DiffLine::Note(format!("… {} more lines", lines.len() - shown)));
    }
}

impl Line {
    fn shown(&self) -> String {
        format!("{}{}", self.text, if self.has_comma { "," } else { "" })
    }
}

/// Writes a value with its key. Lists and objects without inner ones are on one line if they are short.
fn write(
    value: &Value,
    key: &str,
    place: &str,
    depth: usize,
    has_comma: bool,
    is_whole: bool,
    found: &mut Vec<Line>,
) {
    let indent = "  ".repeat(depth);
    let mut push = |text: String, has_comma: bool, place: &str| {
        found.push(Line { text, has_comma, place: place.to_owned() });
    };
    let one_line = |text: &str| depth > 0 && text.len() <= SHORT && !has_containers(value);
    let text = value.to_string();
    let (open, close, count) = match value {
        Value::Array(items) if !one_line(&text) && !items.is_empty() => ("[", "]", items.len()),
        Value::Object(members) if !one_line(&text) && !members.is_empty() => {
            ("{", "}", members.len())
        }
        _ => return push(format!("{indent}{key}{text}"), has_comma, place),
    };
    push(format!("{indent}{key}{open}"), false, place);
    let inner = |index: usize| index + 1 < count;
    match value {
        Value::Array(items) => {
            let shown = if is_whole { count } else { count.min(MOST_ITEMS) };
            for (index, item) in items.iter().enumerate().take(shown) {
                let place = format!("{place}[{index}]");
                write(item, "", &place, depth + 1, inner(index), is_whole, found);
            }
            if shown < count {
                let text = format!("{indent}  … {} more", count - shown);
                found.push(Line { text, has_comma: false, place: place.to_owned() });
            }
        }
        Value::Object(members) => {
            for (index, (name, member)) in members.iter().enumerate() {
                let path = match member {
                    Value::Array(_) | Value::Object(_) if place.is_empty() => name.clone(),
                    Value::Array(_) | Value::Object(_) => format!("{place}.{name}"),
                    _ => place.to_owned(),
                };
                let key = format!("{}: ", Value::from(name.as_str()));
                write(member, &key, &path, depth + 1, inner(index), is_whole, found);
            }
        }
        _ => {}
    }
    found.push(Line { text: format!("{indent}{close}"), has_comma, place: place.to_owned() });
}

fn has_containers(value: &Value) -> bool {
    let is_container = |value: &Value| value.is_array() || value.is_object();
    match value {
        Value::Array(items) => items.iter().any(is_container),
        Value::Object(members) => members.values().any(is_container),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_names_the_place_of_a_change() {
        let before =
            json!({"id": "j1", "tasks": [{"id": "t1", "skills": [["a"]], "x": 1, "y": 2, "z": 3}]});
        let after =
            json!({"id": "j1", "tasks": [{"id": "t1", "skills": [["b"]], "x": 1, "y": 2, "z": 3}]});
        assert_eq!(diff(&before, &before, false), []);
        let shown = diff(&before, &after, false);
        assert_eq!(shown.first(), Some(&DiffLine::Note("@@ tasks[0].skills[0]".to_owned())));
        assert!(shown.contains(&DiffLine::Removed("        [\"a\"]".to_owned())), "{shown:?}");
        assert!(shown.contains(&DiffLine::Added("        [\"b\"]".to_owned())), "{shown:?}");
    }

    #[test]
    fn a_comma_after_the_last_entry_is_no_change() {
        let shown = diff(&json!({"a": "first"}), &json!({"a": "first", "b": 2}), false);
        assert!(!shown.iter().any(|line| matches!(line, DiffLine::Removed(_))), "{shown:?}");
    }
}
