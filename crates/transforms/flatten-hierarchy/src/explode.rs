//! One row for every element of a list field.

use serde_json::Value;
use taskferry_profile::walk::{Misplaced, Object};

/// What a row gets in place of a list without elements.
fn nothing(field: &str) -> Object {
    let names: &[&str] = if field == "linked_skills" { &["skill_id", "skill"] } else { &[field] };
    names.iter().map(|name| ((*name).to_owned(), Value::Null)).collect()
}

/// One row for every element of the list `field`: an object's members take the list's place, anything else
/// replaces it. A row without elements stays one row, so that no task is lost.
///
/// # Errors
/// What is no list, and among skills what is no object.
pub(crate) fn explode(mut row: Object, field: &str) -> Result<Vec<Object>, Misplaced> {
    let items = match row.get_mut(field) {
        Some(Value::Array(items)) => std::mem::take(items),
        Some(Value::Null) => Vec::new(),
        Some(other) => return Err(Misplaced::new(field, other, "a list")),
        None => {
            row.insert(field.to_owned(), Value::Null);
            Vec::new()
        }
    };
    if items.is_empty() {
        return Ok(vec![replaced(row, field, nothing(field))]);
    }
    let skills = field == "linked_skills";
    if let Some(index) = items.iter().position(|item| skills && !item.is_object()) {
        let place = format!("{field}[{index}]");
        return Err(Misplaced::new(place, items.get(index).unwrap_or(&Value::Null), "a skill"));
    }
    let parts = items.into_iter().map(|item| match item {
        Value::Object(members) if members.is_empty() => nothing(field),
        Value::Object(members) => members,
        other => Object::from_iter([(field.to_owned(), other)]),
    });
    Ok(parts.map(|part| replaced(row.clone(), field, part)).collect())
}

/// The row with other fields in the place of one. What is called like a field of the row gets a prefix.
fn replaced(row: Object, field: &str, part: Object) -> Object {
    let taken = |key: &str| key != field && row.contains_key(key);
    let mut part: Vec<(String, Value)> = part
        .into_iter()
        .map(|(mut key, value)| {
            while taken(&key) {
                key = format!("{field}_{key}");
            }
            (key, value)
        })
        .collect();
    let mut exploded = Object::with_capacity(row.len() + part.len());
    for (key, value) in row {
        if key == field {
            exploded.extend(part.drain(..));
        } else {
            exploded.insert(key, value);
        }
    }
    exploded
}
