//! The records in the tests of a pipeline.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::{KeyPath, Part, Problem};

use crate::tree::{Kind, Node, wrong_type};

/// The input of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum TestInput {
    /// Records for the first transform.
    Records(Vec<Value>),
    /// Records that stages of an earlier run refused. Each record starts at the stage that refused it.
    DeadLetters(Vec<RefusedRecord>),
}

/// A record that a stage has refused.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RefusedRecord {
    /// The stage.
    pub stage: RefusingStage,
    /// The record as the stage received it.
    pub record: Value,
}

/// The stage that has refused a record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RefusingStage {
    /// Its role.
    pub role: String,
    /// Its name.
    pub name: String,
}

impl TestInput {
    /// Reads the input. With `reads_pages`, a page of the API in JSON text is replaced by its records.
    pub(crate) fn read(
        node: &Node,
        path: &KeyPath,
        folder: &Path,
        reads_pages: bool,
    ) -> Result<Self, Problem> {
        let mut records = records(node, path, folder)?;
        if reads_pages && matches!(node.kind, Kind::Scalar(_)) {
            records = records.into_iter().flat_map(records_of).collect();
        }
        if records.is_empty() {
            let problem = Problem::at(path.clone(), "empty-value", "`input` has no records");
            return Err(problem.help("give the test at least one record"));
        }
        // The records of a source do not have these fields.
        let fields = ["run_id", "origin", "error"];
        let dead_letter = |record: &Value| {
            let is_dead_letter = fields.iter().all(|field| record.get(field).is_some());
            RefusedRecord::deserialize(record).ok().filter(|_| is_dead_letter)
        };
        let dead_letters: Option<Vec<_>> = records.iter().map(dead_letter).collect();
        Ok(dead_letters.map_or(Self::Records(records), Self::DeadLetters))
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        match self {
            Self::Records(records) => records.len(),
            Self::DeadLetters(records) => records.len(),
        }
    }

    /// Whether there is no record. Never true for the input of a test that was read.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The records of a page of the API, or one record.
fn records_of(mut value: Value) -> Vec<Value> {
    let is_record = ["external_id", "task_id"].iter().any(|key| value.get(*key).is_some());
    match value.get_mut("records") {
        Some(Value::Array(records)) if !is_record => std::mem::take(records),
        _ => vec![value],
    }
}

/// Reads records: a list, JSON text, or the path of a file with JSON text.
pub(crate) fn records(node: &Node, path: &KeyPath, folder: &Path) -> Result<Vec<Value>, Problem> {
    let text = match &node.kind {
        Kind::List(items) => return Ok(items.iter().map(Node::to_value).collect()),
        Kind::Scalar(Value::String(text)) => text,
        _ => return Err(wrong_type(path.clone(), "a list of records, JSON text or a path", node)),
    };
    // Text that begins with a bracket is JSON, not a path.
    if text.trim().is_empty() || text.trim_start().starts_with(['{', '[']) {
        return parse(text).map_err(|(offset, reason)| {
            let part = Part::Within(offset..(offset + 1).min(text.len()));
            Problem::at(path.clone(), "invalid-value", format!("this is not JSON: {reason}"))
                .part(part)
                .help("write one or more JSON objects, or the path of a file")
        });
    }
    let file = folder.join(text);
    let unreadable = |reason: String| {
        let message = format!("can't read `{}`: {reason}", file.display());
        Problem::at(path.clone(), "unreadable-file", message)
    };
    let bytes = fs::read(&file).map_err(|error| {
        let help = "a relative path starts at the folder of the file with the test";
        unreadable(error.to_string()).help(help)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    parse(&text).map_err(|(offset, reason)| {
        let before = text.get(..offset).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        unreadable(format!("line {line} is not JSON: {reason}")).help("write one record per line")
    })
}

/// Reads the answers to the lookups of a transform, by key: a table, JSON text, or the path of a file with JSON text.
pub(crate) fn answers(
    node: &Node,
    path: &KeyPath,
    folder: &Path,
) -> Result<BTreeMap<String, Value>, Problem> {
    let objects = match &node.kind {
        Kind::Table(_) => vec![node.to_value()],
        Kind::Scalar(Value::String(_)) => records(node, path, folder)?,
        _ => return Err(wrong_type(path.clone(), "a table of answers, JSON text or a path", node)),
    };
    let mut answers = BTreeMap::new();
    for object in objects {
        let Value::Object(fields) = object else {
            let message = "the answers are not a JSON object with the keys of the lookups";
            let problem = Problem::at(path.clone(), "wrong-type", message);
            return Err(problem.help("write for example `{\"j1\": \"Tester\", \"j2\": null}`"));
        };
        answers.extend(fields);
    }
    Ok(answers)
}

/// Reads JSON documents one after the other. The items of a single list are records themselves.
///
/// # Errors
/// The offset of the first error, and the error.
fn parse(text: &str) -> Result<Vec<Value>, (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Vec::new();
    for record in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        records.push(record.map_err(|error| {
            let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
            let start: usize = lines.map(str::len).sum();
            let offset = (start + error.column().saturating_sub(1)).min(text.len());
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
            (text.floor_char_boundary(offset), reason)
        })?);
    }
    match &mut records[..] {
        [Value::Array(items)] => Ok(std::mem::take(items)),
        _ => Ok(records),
    }
}
