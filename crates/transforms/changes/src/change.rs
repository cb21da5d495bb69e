//! The change of a record, and the fields that the transform adds.

use serde_json::Value;
use taskferry_sdk::{Record, StageError};

/// The fields that the transform adds.
pub(crate) const CHANGE: &str = "change";
pub(crate) const CHANGED_FIELDS: &str = "changed_fields";

/// The change of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Added,
    Changed,
    Returned,
    Unchanged,
}

impl Change {
    pub(crate) const ALL: [Self; 4] = [Self::Added, Self::Changed, Self::Returned, Self::Unchanged];

    /// The value of the field, and the name of the counter.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Returned => "returned",
            Self::Unchanged => "unchanged",
        }
    }
}

/// The record with the fields that the transform adds.
pub(crate) fn with_change(
    record: &Record,
    change: &str,
    fields: &[String],
) -> Result<Record, StageError> {
    let (mut edit, root) = (record.edit()?, record.root()?);
    edit.set(root, CHANGE, change);
    let names = fields.iter().cloned().map(Value::from).collect::<Value>();
    edit.set(root, CHANGED_FIELDS, &names);
    Ok(edit.finish().into())
}
