//! Classifies the values of a record: tasks, rows, branches of a hierarchy.

use std::borrow::Cow;

use taskferry_json::{Kind, Node};

use crate::Mismatch;
use crate::words;

/// The AI impact level of a task, in `ai_impact` (as in the API) or `ai_impact_level` (as in rows). `None` without a level.
///
/// ```
/// use taskferry_json::Document;
/// use taskferry_profile::ai_level;
///
/// let task = Document::parse(r#"{"task_id": "t1", "ai_impact": {"level": "H2"}}"#)?;
/// assert_eq!(ai_level(task.root())?.unwrap(), "H2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// A level that is not a string.
pub fn ai_level(task: Node<'_>) -> Result<Option<Cow<'_, str>>, Mismatch> {
    let impact = task.get("ai_impact").filter(|impact| !impact.is_null());
    if let Some(impact) = impact.filter(|impact| impact.kind() != Kind::Object) {
        return Err(Mismatch::new("ai_impact", impact, "an object with a level"));
    }
    let nested = impact.and_then(|impact| impact.get("level"));
    let (path, level) = match nested {
        Some(level) => ("ai_impact.level", Some(level)),
        None => ("ai_impact_level", task.get("ai_impact_level")),
    };
    let Some(level) = level.filter(|level| !level.is_null()) else { return Ok(None) };
    let text = level.as_str();
    text.map(Some).ok_or_else(|| Mismatch::new(path, level, "a level such as \"H1\""))
}

/// The id of a task for messages.
pub fn task_name(task: Node<'_>) -> String {
    let id = task.get("task_id");
    let text = id.and_then(Node::as_str).map(Cow::into_owned);
    let text = text.or_else(|| Some(id?.to_value().ok()?.to_string()));
    text.unwrap_or_else(|| "without an id".to_owned())
}

/// Whether a record is a job, with tasks in a list or a hierarchy.
pub fn is_job(record: Node<'_>) -> bool {
    let has_branch = || record.members().any(|(key, member)| is_branch(&key.as_str(), member));
    !is_row(record) && (record.get("external_id").is_some() || has_branch())
}

/// Whether a member of a job or node is a branch of the tree of tasks, not a description of its owner.
pub fn is_branch(key: &str, member: Node<'_>) -> bool {
    let is_tree = match member.kind() {
        Kind::Array if member.is_empty() => words::is_structural(key),
        Kind::Array => words::is_tree(key) && member.items().all(is_container),
        Kind::Object => words::is_tree(key),
        Kind::Null => words::is_branch(key),
        _ => false,
    };
    is_tree || contains_task(member)
}

pub(crate) fn is_task(value: Node<'_>) -> bool {
    value.get("task_id").is_some()
}

/// Whether a record is a single task. A record with `external_id` and `tasks` is always a job.
pub(crate) fn is_row(record: Node<'_>) -> bool {
    is_task(record) && !(record.get("external_id").is_some() && record.get("tasks").is_some())
}

pub(crate) fn is_container(value: Node<'_>) -> bool {
    matches!(value.kind(), Kind::Object | Kind::Array)
}

pub(crate) fn contains_task(value: Node<'_>) -> bool {
    match value.kind() {
        Kind::Object => is_task(value) || value.members().any(|(_, member)| contains_task(member)),
        Kind::Array => value.items().any(contains_task),
        _ => false,
    }
}
