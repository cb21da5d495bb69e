//! The difference of two lists of records, line by line.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde_json::Value;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline, group_diff_ops};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::colors::{FAINT, GREEN, PLAIN, RED};
use super::json_lines::{Line, SCREEN, lines};

/// The number of unchanged lines around a change.
const CONTEXT: usize = 2;
/// The maximum number of places to show, unless everything is shown.
const MAX_CHANGES: usize = 4;
/// A changed line with more columns is cut around its change.
pub(crate) const MAX_COLUMNS: usize = 74;
/// The number of equal characters that are shown before and after a change within a line.
const CONTEXT_COLUMNS: usize = 16;
/// The number of characters at the beginning of a cut line.
const PREFIX_COLUMNS: usize = 28;
/// The maximum number of characters of a cut line.
const MAX_CHARACTERS: usize = 400;
/// The time limit of a comparison. After the limit, the rest counts as changed, because two large records without a common line
/// would take minutes.
const TIME_LIMIT: Duration = Duration::from_millis(500);

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiffLine {
    Same(String),
    Removed(String),
    Added(String),
    /// The place of the next lines, or the number of lines that are not shown.
    Note(String),
}

/// The differences between two lists of records. At most `most` lines of each change are returned, and long lines are shortened,
/// unless `most` is `usize::MAX`.
pub(crate) fn diff(before: &[Value], after: &[Value], most: usize) -> Vec<DiffLine> {
    let (old, new) = (all_lines(before), all_lines(after));
    let texts = |lines: &[Line]| lines.iter().map(|line| line.text.clone()).collect::<Vec<_>>();
    let deadline = Some(Instant::now() + TIME_LIMIT);
    let operations =
        capture_diff_slices_deadline(Algorithm::Patience, &texts(&old), &texts(&new), deadline);
    let mut found = Vec::new();
    let groups = group_diff_ops(operations, CONTEXT);
    let count = groups.len();
    let shown = if most == usize::MAX { count } else { count.min(MAX_CHANGES) };
    for group in groups.into_iter().take(shown) {
        let first = group.iter().find(|operation| !matches!(operation, DiffOp::Equal { .. }));
        let place = first.and_then(|first| {
            let (old, new) = (old.get(first.old_range().start), new.get(first.new_range().start));
            old.filter(|_| !first.old_range().is_empty()).or(new)
        });
        let place = place.map(|line| line.place.as_str()).filter(|place| !place.is_empty());
        found.push(DiffLine::Note(format!("@@ {}", place.unwrap_or("record"))));
        for operation in group {
            let removed = old.get(operation.old_range()).unwrap_or_default();
            let added = new.get(operation.new_range()).unwrap_or_default();
            if matches!(operation, DiffOp::Equal { .. }) {
                found.extend(added.iter().map(|line| DiffLine::Same(line.shown())));
                continue;
            }
            part(removed, added, most, DiffLine::Removed, &mut found);
            part(added, removed, most, DiffLine::Added, &mut found);
        }
    }
    if shown < count {
        found.push(DiffLine::Note(format!("… {} more places", count - shown)));
    }
    found
}

/// The lines of several records. Their places begin with the number of the record.
fn all_lines(records: &[Value]) -> Vec<Line> {
    let numbered = |(index, record): (usize, &Value)| {
        let mut found = lines(record, SCREEN);
        if records.len() > 1 {
            for line in &mut found {
                let colon = if line.place.is_empty() { "" } else { ": " };
                line.place = format!("record {}{colon}{}", index + 1, line.place);
            }
        }
        found
    };
    records.iter().enumerate().flat_map(numbered).collect()
}

/// The lines on one side of a change. `others` are the lines on the other side.
fn part(
    lines: &[Line],
    others: &[Line],
    most: usize,
    mark: fn(String) -> DiffLine,
    found: &mut Vec<DiffLine>,
) {
    let shown = if lines.len() <= most { lines.len() } else { most - 1 };
    for (index, line) in lines.iter().enumerate().take(shown) {
        let (text, other) = (line.shown(), others.get(index).map(Line::shown));
        let is_whole = most == usize::MAX || text.width() <= MAX_COLUMNS;
        found.push(mark(if is_whole { text } else { cut(&text, other.as_deref()) }));
    }
    if shown < lines.len() {
        found.push(DiffLine::Note(format!("… {} more lines", lines.len() - shown)));
    }
}

/// The beginning of a long line, and what differs from the other line if both are the same field.
fn cut(text: &str, other: Option<&str>) -> String {
    let field = |text: &str| text.split_once("\": ").map(|(field, _)| field.to_owned());
    let Some(other) = other.filter(|other| field(other) == field(text)) else {
        return fitted(text, MAX_COLUMNS);
    };
    let equal = text.chars().zip(other.chars()).take_while(|(one, two)| one == two);
    let (same, rest) = text.split_at(equal.map(|(one, _)| one.len_utf8()).sum());
    let others = other.get(same.len()..).unwrap_or_default();
    let equal = rest.chars().rev().zip(others.chars().rev()).take_while(|(one, two)| one == two);
    let end = rest.len() - equal.map(|(one, _)| one.len_utf8()).sum::<usize>();
    let (changed, after) = rest.split_at(end);
    let before = match (
        same.char_indices().nth(PREFIX_COLUMNS),
        same.char_indices().nth_back(CONTEXT_COLUMNS - 1),
    ) {
        (Some((end, _)), Some((start, _))) if end < start => {
            let (beginning, _) = same.split_at(end);
            let (_, near) = same.split_at(start);
            format!("{beginning}…{near}")
        }
        _ => same.to_owned(),
    };
    let shown = format!("{before}{changed}{}", shortened_to(after, CONTEXT_COLUMNS));
    shortened_to(&shown, MAX_CHARACTERS).into_owned()
}

/// The first characters of a text.
fn shortened_to(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text.into(),
    }
}

impl DiffLine {
    /// The line with its mark and color. An unchanged line is shortened to `width` columns.
    pub(crate) fn drawn(&self, width: Option<usize>) -> String {
        let (color, mark, text) = match self {
            Self::Same(text) => match width {
                Some(width) => return format!("  {}", fitted(text, width.saturating_sub(2))),
                None => return format!("  {text}"),
            },
            Self::Removed(text) => (RED, '-', text),
            Self::Added(text) => (GREEN, '+', text),
            Self::Note(text) => (FAINT, ' ', text),
        };
        format!("{color}{mark} {text}{PLAIN}")
    }
}

/// The beginning of a text that fits into this number of columns.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    let (mut used, mut fits) = (0, 0);
    for (index, character) in text.char_indices() {
        used += character.width().unwrap_or_default();
        if used > columns {
            return format!("{}…", text.get(..fits).unwrap_or_default());
        }
        if used < columns {
            fits = index + character.len_utf8();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_difference_names_the_place_of_a_change() {
        let before = [
            json!({"id": "j1", "tasks": [{"id": "t1", "skills": [["a"]], "x": 1, "y": 2, "z": 3}]}),
        ];
        let after = [
            json!({"id": "j1", "tasks": [{"id": "t1", "skills": [["b"]], "x": 1, "y": 2, "z": 3}]}),
        ];
        assert_eq!(diff(&before, &before, 12), []);
        let shown = diff(&before, &after, 12);
        assert_eq!(shown.first(), Some(&DiffLine::Note("@@ tasks[0].skills[0]".to_owned())));
        assert!(shown.contains(&DiffLine::Removed("        [\"a\"]".to_owned())), "{shown:?}");
        assert!(shown.contains(&DiffLine::Added("        [\"b\"]".to_owned())), "{shown:?}");
        let two = [before, after].concat();
        let shown = diff(&two, &[two[0].clone(), two[0].clone()], 12);
        let place = "@@ record 2: tasks[0].skills[0]".to_owned();
        assert_eq!(shown.first(), Some(&DiffLine::Note(place)));
    }

    #[test]
    fn a_comma_after_the_last_entry_is_no_change() {
        let shown = diff(&[json!({"a": "first"})], &[json!({"a": "first", "b": 2})], 12);
        assert!(!shown.iter().any(|line| matches!(line, DiffLine::Removed(_))), "{shown:?}");
    }

    #[test]
    fn only_the_difference_in_a_long_line_is_shown() {
        let text =
            |word: &str| format!("{}{word}{}", "é review ".repeat(30), " of cases".repeat(30));
        let shown = diff(&[json!({"task": text("old")})], &[json!({"task": text("new")})], 12);
        let removed = "  \"task\": \"é review é review…review é review old of cases of cas…";
        assert!(shown.contains(&DiffLine::Removed(removed.to_owned())), "{shown:#?}");
        let whole =
            diff(&[json!({"task": text("old")})], &[json!({"task": text("new")})], usize::MAX);
        let line = format!("  \"task\": \"{}\"", text("old"));
        assert!(whole.contains(&DiffLine::Removed(line)), "{whole:#?}");
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert_eq!(fitted("職業職業", 8), "職業職業");
        assert_eq!(fitted("職業職業", 7), "職業職…");
        assert_eq!(fitted("職業職業", 6), "職業…");
        assert_eq!(fitted("abc", 2), "a…");
    }
}
