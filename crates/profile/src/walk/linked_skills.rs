//! The lists of skills linked to tasks, wherever they stand.

use serde_json::Value;

use super::MAX_DEPTH;

const KEY: &str = "linked_skills";

/// Shows what stands under every `linked_skills` of a record, at any depth. It should be a list, and may be anything.
///
/// # Errors
/// The first that `visit` returns; the walk ends with it.
pub fn visit_linked_skills<'a, E>(
    record: &'a Value,
    visit: &mut impl FnMut(&'a Value) -> Result<(), E>,
) -> Result<(), E> {
    look(record, visit, 0)
}

fn look<'a, E>(
    value: &'a Value,
    visit: &mut impl FnMut(&'a Value) -> Result<(), E>,
    depth: usize,
) -> Result<(), E> {
    match value {
        _ if depth > MAX_DEPTH => Ok(()),
        Value::Object(members) => members.iter().try_for_each(|(key, member)| match key.as_str() {
            KEY => visit(member),
            _ => look(member, visit, depth + 1),
        }),
        Value::Array(items) => items.iter().try_for_each(|item| look(item, visit, depth + 1)),
        _ => Ok(()),
    }
}

/// Hands out every `linked_skills` list of a record, at any depth, to be changed.
///
/// # Errors
/// The first that `visit` returns; the walk ends with it.
pub fn visit_linked_skills_mut<E>(
    record: &mut Value,
    visit: &mut impl FnMut(&mut Vec<Value>) -> Result<(), E>,
) -> Result<(), E> {
    change(record, visit, 0)
}

fn change<E>(
    value: &mut Value,
    visit: &mut impl FnMut(&mut Vec<Value>) -> Result<(), E>,
    depth: usize,
) -> Result<(), E> {
    match value {
        _ if depth > MAX_DEPTH => Ok(()),
        Value::Object(members) => members.iter_mut().try_for_each(|(key, member)| match member {
            Value::Array(skills) if key == KEY => visit(skills),
            _ if key == KEY => Ok(()),
            member => change(member, visit, depth + 1),
        }),
        Value::Array(items) => items.iter_mut().try_for_each(|item| change(item, visit, depth + 1)),
        _ => Ok(()),
    }
}
