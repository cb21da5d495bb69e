//! The fields of records, for a comparison with the fields that a plugin declares.

use std::collections::BTreeSet;

use super::samples::find_tasks;
use crate::json::Node;
use crate::{FieldSet, OtherFields, Record, RecordFields};

/// The fields that a record has.
pub(super) fn fields_of(record: &str) -> RecordFields {
    let Ok(record) = Record::parse(record.to_owned()) else { return RecordFields::default() };
    let Ok(root) = record.root() else { return RecordFields::default() };
    let names = |node: Node<'_>| -> BTreeSet<String> {
        node.members().map(|(key, _)| key.as_str().into_owned()).collect()
    };
    let mut tasks = Vec::new();
    find_tasks(root, &mut tasks);
    let in_list = root.get("tasks").map_or(0, |list| list.items().count());
    // The nodes of a hierarchy can have any fields, which become fields of rows.
    let others = if in_list == tasks.len() { OtherFields::Never } else { OtherFields::Possible };
    let own = FieldSet::new(names(root)).with_other_fields(others);
    // Nothing is known about the tasks of a job without tasks.
    let is_empty_job = tasks.is_empty() && root.get("task_id").is_none();
    let tasks = FieldSet::new(tasks.into_iter().flat_map(names));
    RecordFields { own, tasks: if is_empty_job { FieldSet::default() } else { tasks } }
}

/// A field of an emitted record or of its tasks that `declared` excludes.
pub(super) fn undeclared(emitted: &str, declared: &RecordFields) -> Option<String> {
    let record = Record::parse(emitted.to_owned()).ok()?;
    let root = record.root().ok()?;
    let find = |node: Node<'_>, set: &FieldSet| {
        let mut keys = node.members().map(|(key, _)| key.as_str().into_owned());
        keys.find(|key| set.missing(key).is_some())
    };
    let mut tasks = Vec::new();
    find_tasks(root, &mut tasks);
    let own = find(root, &declared.own);
    own.or_else(|| tasks.into_iter().find_map(|task| find(task, &declared.tasks)))
}
