//! Making one of skills that became the same.

use std::borrow::Cow;

use serde_json::Value;

use crate::mapping::Entry;

/// What a skill has become, as far as it tells whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// The vendor's id.
    Id(Cow<'a, str>),
    /// The vendor's name, for vendors without ids.
    Name(Cow<'a, str>),
    /// The name of a skill that was not renamed: the same as one that was, but not as another that was not.
    Unchanged(Cow<'a, str>),
    /// Like no other.
    Unique,
}

impl<'a> Identity<'a> {
    /// That of a skill which an entry of the mapping renames.
    pub(crate) fn of(entry: &'a Entry) -> Self {
        match &entry.id {
            Some(id) => Self::Id(Cow::Borrowed(id)),
            None => Self::Name(Cow::Borrowed(&entry.skill)),
        }
    }

    pub(crate) fn is_same(&self, other: &Identity<'_>) -> bool {
        match (self, other) {
            (Self::Id(one), Identity::Id(two))
            | (Self::Name(one), Identity::Name(two) | Identity::Unchanged(two))
            | (Self::Unchanged(one), Identity::Name(two)) => one == two,
            _ => false,
        }
    }
}

/// Merges what became the same: the first stays where it is and gets the members that it lacks.
pub(crate) fn merge(skills: Vec<(Identity<'_>, Value)>) -> Vec<Value> {
    let mut merged: Vec<(Identity<'_>, Value)> = Vec::with_capacity(skills.len());
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
