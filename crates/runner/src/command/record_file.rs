//! Reads records from a file.

use std::fs;
use std::path::Path;

use serde::de::IgnoredAny;
use taskferry_sdk::json::{Kind, Node};
use taskferry_sdk::{Record, SourceRecord};

use crate::trace::with_id;

/// Reads NDJSON, a JSON array of objects, one object, or a page of the API.
///
/// # Errors
/// The message, with the line of the error.
pub(crate) fn read(path: &Path) -> Result<Vec<SourceRecord>, String> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| format!("can't read `{name}`: {error}"))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8 text"))?;
    let records = records(text.trim_start_matches('\u{feff}'))
        .map_err(|(line, reason)| format!("{name}:{line}: {reason}"))?;
    if records.is_empty() {
        return Err(format!("`{name}` contains no record"));
    }
    Ok(records)
}

/// The records, or the line of the error with the reason.
fn records(text: &str) -> Result<Vec<SourceRecord>, (usize, String)> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first_line_is_json =
        lines.next().is_some_and(|line| serde_json::from_str::<IgnoredAny>(line).is_ok());
    if !first_line_is_json || lines.next().is_none() {
        return document(text);
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let records = lines.map(|(index, line)| {
        check(line)
            .map_err(|error| (index + 1, format!("not a JSON object: {}", reason(&error))))?;
        let record =
            Record::parse(line.to_owned()).map_err(|error| (index + 1, error.full_message()))?;
        let root = record.root().map_err(|error| (index + 1, error.full_message()))?;
        objects(root).map_err(|reason| (index + 1, reason))
    });
    Ok(records.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The records of a file that is one JSON document.
fn document(text: &str) -> Result<Vec<SourceRecord>, (usize, String)> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    check(text).map_err(|error| (error.line(), format!("not JSON: {}", reason(&error))))?;
    let wrong = |error: taskferry_sdk::StageError| (1, error.full_message());
    let record = Record::parse(text.to_owned()).map_err(wrong)?;
    let root = record.root().map_err(wrong)?;
    if root.kind() != Kind::Array {
        return objects(root).map_err(|reason| (1, reason));
    }
    list(root, "the list").map_err(|reason| (1, reason))
}

/// The records of a page of the API, or one record.
fn objects(node: Node<'_>) -> Result<Vec<SourceRecord>, String> {
    let is_record = node.get("external_id").or_else(|| node.get("task_id")).is_some();
    let records = node.get("records").filter(|it| !is_record && it.kind() == Kind::Array);
    match records {
        Some(records) => list(records, "`records`"),
        None => Ok(vec![object(node)?]),
    }
}

fn list(node: Node<'_>, name: &str) -> Result<Vec<SourceRecord>, String> {
    let items = node.items().enumerate();
    items
        .map(|(index, item)| {
            object(item).map_err(|reason| format!("item {} of {name}: {reason}", index + 1))
        })
        .collect()
}

fn check(text: &str) -> serde_json::Result<IgnoredAny> {
    serde_json::from_str(text)
}

/// The message without the position, which is relative to the checked text.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

fn object(node: Node<'_>) -> Result<SourceRecord, String> {
    let kind = match node.kind() {
        Kind::Object => return Ok(with_id(Record::from_node(node))),
        Kind::Array => "a list",
        Kind::String => "a text",
        Kind::Number => "a number",
        Kind::Bool => "true or false",
        Kind::Null => "null",
    };
    Err(format!("a record is a JSON object, but this is {kind}"))
}
