//! Arbitrary JSON, and records with a wrong value somewhere.

use serde_json::{Map, Value, json};

use super::random::Random;

const MAX_DEPTH: usize = 4;
const KEYS: [&str; 10] = [
    "external_id",
    "job_external_id",
    "tasks",
    "task_id",
    "task",
    "ai_impact",
    "linked_skills",
    "weekly_hours",
    "domains",
    "",
];

/// Documents at the limits of JSON.
pub(super) const DOCUMENTS: [&str; 16] = [
    "null",
    "true",
    "0",
    "-0.0",
    "1e999",
    "123456789012345678901234567890.5",
    r#""""#,
    r#""\u0000\ud83d\ude00""#,
    "[]",
    "{}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    r#"{"":{"":{"":""}}}"#,
    r#"{"external_id":"a","external_id":7,"tasks":[],"tasks":null}"#,
    r#"{"tasks":{"tasks":{"tasks":[{"task_id":"t"}]}}}"#,
    r#"{"external_id":null,"tasks":[{"task_id":null},{"task_id":{}},[],7,null]}"#,
    r#"{"task_id":"t","task_id":[],"weekly_hours":1e999,"ai_impact":"H1"}"#,
];

/// Any value.
pub(super) fn json(random: &mut Random, depth: usize) -> Value {
    let kinds = if depth < MAX_DEPTH { 8 } else { 5 };
    match random.below(kinds) {
        0 => Value::Null,
        1 => random.one_in(2).into(),
        2 => json!(random.next() >> random.below(64)),
        3 => json!(-1.5e10),
        4 => random.pick(&["", "H1", "j1", "é 漢 \u{1b}[2J", "2026-01-01"]).copied().into(),
        5 => (0..random.below(4)).map(|_| json(random, depth + 1)).collect(),
        _ => {
            let mut fields = Map::new();
            for _ in 0..random.below(5) {
                let key = random.pick(&KEYS).copied().unwrap_or_default();
                fields.insert(key.to_owned(), json(random, depth + 1));
            }
            fields.into()
        }
    }
}

/// The record with one of its values replaced or removed.
pub(super) fn mutated(record: &Value, random: &mut Random) -> Value {
    let mut record = record.clone();
    change(&mut record, random);
    record
}

fn change(value: &mut Value, random: &mut Random) {
    let is_here = random.one_in(4);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let position = random.below(fields.len());
            let key = fields.keys().nth(position).cloned().unwrap_or_default();
            if is_here && random.one_in(2) {
                fields.shift_remove(&key);
                return;
            } else if let Some(field) = fields.get_mut(&key).filter(|_| !is_here) {
                return change(field, random);
            }
        }
        Value::Array(items) if !items.is_empty() && !is_here => {
            let position = random.below(items.len());
            return items.get_mut(position).into_iter().for_each(|item| change(item, random));
        }
        _ => {}
    }
    *value = json(random, MAX_DEPTH - 1);
}
