//! Pieces of schemas that several of them use.

use serde_json::{Value, json};

use crate::record::{Expansion, Subject};

/// A schema by its name.
pub(super) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

pub(super) fn names(subject: Subject) -> Vec<&'static str> {
    Expansion::of(subject).into_iter().map(Expansion::as_str).collect()
}

/// The id of a job, a job family or an employee.
pub(super) fn external_id() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[a-zA-Z0-9_-]+$"})
}
