//! Records for tests.

use crate::json::{Document, Node};
use crate::{Record, StageError};

/// Jobs with tasks in a list, one job a line, as `response_format = "list"` returns them.
///
/// Like all samples, they have the shape of TechWolf's records. Ids and texts are made up.
pub const LIST: &str = include_str!("samples/list.ndjson");

/// Jobs with tasks in a hierarchy, as `response_format = "hierarchy"` returns them.
pub const HIERARCHY: &str = include_str!("samples/hierarchy.ndjson");

/// Rows, one task each, as `flatten_hierarchy` emits them.
pub const ROWS: &str = include_str!("samples/rows.ndjson");

/// The records in a text: one JSON document, or one on each line.
pub(super) fn records(text: &str) -> Result<Vec<String>, StageError> {
    if Document::parse(text.to_owned()).is_ok() {
        return Ok(vec![Record::parse(text.trim().to_owned())?.to_json()]);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Record::parse(line.to_owned()).map(|record| record.to_json())).collect()
}

/// The records that the test of this plugin gives.
///
/// # Panics
/// If a line is not JSON.
pub(super) fn given(plugin: &str, text: &str) -> Vec<String> {
    match records(text) {
        Ok(records) => records,
        Err(error) => panic!("a sample of `{plugin}` is not JSON: {}", error.full_message()),
    }
}

/// The given records, or the records of the kit if the test gives none.
pub(super) fn or_default(given: Vec<String>, default: &[&str]) -> Vec<String> {
    if !given.is_empty() {
        return given;
    }
    default.iter().flat_map(|text| records(text).unwrap_or_default()).collect()
}

/// The number of the first mark, so that all marks have the same length.
const FIRST: usize = 100_000;

/// A text that marks a record. It has a number whose digits must stay.
pub(super) fn record_mark(number: usize) -> String {
    format!(r#"{{"conformance_record":{},"as_written":1.50}}"#, FIRST + number)
}

/// A text that marks a task.
pub(super) fn task_mark(number: usize) -> String {
    format!(r#"{{"conformance_task":{},"as_written":1.50}}"#, FIRST + number)
}

/// The record with a mark in the record itself and in each task inside it.
pub(super) fn marked(record: &str, number: usize) -> Result<String, StageError> {
    let record = Record::parse(record.to_owned())?;
    let root = record.root()?;
    let mut edit = record.edit()?;
    let mark = |text: String| Document::parse(text).map(|mark| mark.text()).ok();
    edit.set(root, "conformance_mark", mark(record_mark(number)));
    let mut tasks = Vec::new();
    find_tasks(root, &mut tasks);
    for (position, task) in tasks.into_iter().enumerate() {
        edit.set(task, "conformance_mark", mark(task_mark(position)));
    }
    Ok(edit.finish().to_string())
}

/// The tasks inside a value, but not the value itself.
pub(super) fn find_tasks<'a>(value: Node<'a>, tasks: &mut Vec<Node<'a>>) {
    let inside = value.members().map(|(_, member)| member).chain(value.items());
    for inner in inside {
        if inner.get("task_id").is_some() {
            tasks.push(inner);
        } else {
            find_tasks(inner, tasks);
        }
    }
}

/// The numbers of the marks of one kind in a text, in order.
pub(super) fn marks(text: &str, kind: &str) -> Vec<usize> {
    let start = format!("{{\"{kind}\":");
    let found = text.match_indices(&start).filter_map(|(position, start)| {
        let rest = text.get(position + start.len()..)?;
        let (number, _) = rest.split_once(',')?;
        number.parse().ok()
    });
    found.collect()
}
