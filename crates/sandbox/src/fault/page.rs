//! Pages that are not what they should be.

use serde_json::{Map, Value, json};

use super::memory::{Export, Memory};

/// Levels that nobody knows.
const LEVELS: [&str; 4] = ["H0", "H6", "high", ""];

/// What nobody knows.
const UNKNOWN: &str = r#"{"since": "2027-01-01", "values": [1, 2.50, null, {"deep": true}]}"#;

const NEXT: &str = "next_starting_after";

/// Takes out of the page what was deleted by a fault. Where the last of the page is gone, a stand-in leads on.
pub(super) fn without_deleted(page: &mut Map<String, Value>, export: &Export, memory: &mut Memory) {
    if let Some(records) = records(page).as_array_mut() {
        records.retain(|record| {
            let id = record["external_id"].as_str();
            !id.is_some_and(|id| memory.is_deleted(export, id))
        });
    }
    if let Some(Value::String(next)) = page.get_mut(NEXT)
        && memory.is_deleted(export, next)
    {
        *next = memory.stand_in_for(export, Some(next.clone()));
    }
}

/// Takes all jobs out of the page, whose place `cursor` keeps; none does in the place of a first page.
pub(super) fn empty(page: &mut Map<String, Value>, cursor: Option<String>) {
    page.insert("has_next".to_owned(), true.into());
    page.insert("records".to_owned(), json!([]));
    if let Some(cursor) = cursor {
        page.insert(NEXT.to_owned(), cursor.into());
    }
}

/// Leads back to `cursor`.
pub(super) fn lead_back(page: &mut Map<String, Value>, cursor: String) {
    page.insert("has_next".to_owned(), true.into());
    page.insert(NEXT.to_owned(), cursor.into());
}

/// Adds fields that no page names to the answer, its records and their tasks.
pub(super) fn add_fields(page: &mut Map<String, Value>) {
    // As text: numbers keep theirs, and a client's reader is to meet one that ends in a zero.
    let unknown = || serde_json::from_str::<Value>(UNKNOWN).unwrap_or_default();
    each_object(records(page), &mut |object| {
        if object.contains_key("task_id") || object.contains_key("external_id") {
            object.insert("x_sandbox_unknown".to_owned(), unknown());
        }
    });
    page.insert("x_sandbox_unknown".to_owned(), unknown());
}

/// Replaces AI impact levels.
pub(super) fn replace_levels(page: &mut Map<String, Value>) {
    let mut levels = LEVELS.iter().cycle();
    each_object(records(page), &mut |object| {
        if let Some(level) = object.get_mut("ai_impact").and_then(|impact| impact.get_mut("level"))
        {
            *level = levels.next().copied().unwrap_or_default().into();
        }
    });
}

fn records(page: &mut Map<String, Value>) -> &mut Value {
    page.entry("records").or_insert_with(|| json!([]))
}

/// Visits all objects within `value`. Records are not nested deeper than our own writing nests them.
fn each_object(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each_object(value, visit)),
        Value::Object(object) => {
            object.values_mut().for_each(|value| each_object(value, visit));
            visit(object);
        }
        _ => {}
    }
}
