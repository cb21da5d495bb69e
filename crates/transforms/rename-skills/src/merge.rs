//! Making one of skills that became the same.

use serde_json::Value;

/// What a skill has become, as far as it tells whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The vendor's id.
    Id(String),
    /// The vendor's name, for vendors without ids.
    Name(String),
    /// The name of a skill that was not renamed: the same as one that was, but not as another that was not.
    Unchanged(String),
    /// Like no other.
    Unique,
}

impl Identity {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(one), Self::Id(two))
            | (Self::Name(one), Self::Name(two) | Self::Unchanged(two))
            | (Self::Unchanged(one), Self::Name(two)) => one == two,
            _ => false,
        }
    }
}

/// Merges what became the same: the first stays where it is and gets the members that it lacks.
pub(crate) fn merge(skills: Vec<(Identity, Value)>) -> Vec<Value> {
    let mut merged: Vec<(Identity, Value)> = Vec::with_capacity(skills.len());
    for (identity, skill) in skills {
        match merged.iter_mut().find(|(known, _)| known.is_same(&identity)) {
            Some((_, first)) => complete(first, skill),
            None => merged.push((identity, skill)),
        }
    }
    merged.into_iter().map(|(_, skill)| skill).collect()
}

fn complete(first: &mut Value, later: Value) {
    let (Value::Object(first), Value::Object(later)) = (first, later) else { return };
    for (key, value) in later {
        let known = first.entry(key).or_insert(Value::Null);
        if known.is_null() {
            *known = value;
        }
    }
}
