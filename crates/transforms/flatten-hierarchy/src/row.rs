//! How a job and one of its tasks become a row.

use serde_json::Value;
use taskferry_profile::walk::{LEVELS, Misplaced, Object, is_branch};

use crate::above::Above;

/// Adds a field; if there is one of that name, under the prefix, so that none is lost.
pub(crate) fn put(row: &mut Object, mut key: String, prefix: &str, value: Value) {
    while row.contains_key(&key) {
        key.insert_str(0, prefix);
    }
    row.insert(key, value);
}

/// What all rows of a job begin with.
#[derive(Debug)]
pub(crate) struct JobFields(Object);

impl JobFields {
    /// `job_external_id`, then all other fields of the job that are no branch, as `job_…`.
    pub(crate) fn of(job: &Value) -> Self {
        let mut fields = Object::new();
        fields.insert("job_external_id".to_owned(), job["external_id"].clone());
        for (key, member) in job.as_object().into_iter().flatten() {
            if key != "external_id" && !is_branch(key, member) {
                let key = if key.starts_with("job_") { key.clone() } else { format!("job_{key}") };
                put(&mut fields, key, "job_", member.clone());
            }
        }
        Self(fields)
    }

    /// The one row of a job without tasks.
    pub(crate) fn row_without_task(&self) -> Object {
        let mut row = self.0.clone();
        for name in ["task_id", "task"].into_iter().chain(LEVELS) {
            put(&mut row, name.to_owned(), "task_", Value::Null);
        }
        row
    }
}

/// The row of one task.
///
/// # Errors
/// An `ai_impact` that is no object: the row would seem to have no level.
pub(crate) fn row(job: &JobFields, task: Object, above: &Above) -> Result<Object, Misplaced> {
    let mut row = job.0.clone();
    for (key, value) in task {
        match value {
            Value::Object(impact) if key == "ai_impact" => put_impact(&mut row, impact),
            Value::Null if key == "ai_impact" => put_impact(&mut row, Object::new()),
            other if key == "ai_impact" => {
                return Err(Misplaced::new(key, &other, "an object with a level"));
            }
            value => put(&mut row, key, "task_", value),
        }
    }
    above.add_to(&mut row);
    Ok(row)
}

fn put_impact(row: &mut Object, mut impact: Object) {
    for name in ["level", "rationale"] {
        let value = impact.shift_remove(name).unwrap_or_default();
        put(row, format!("ai_impact_{name}"), "task_", value);
    }
    for (key, value) in impact {
        put(row, format!("ai_impact_{key}"), "task_", value);
    }
}
