//! Taking tasks out of a record.

use serde_json::Value;

use super::words::is_structural;
use super::{MAX_DEPTH, Object, is_row, is_task};

/// Keeps the tasks that `keep` wants, asked in the order of [`super::visit_tasks`], and prunes the branches
/// that are left without any. What held no task before stays, and so do the job's own lists, if need be empty.
///
/// ```
/// use serde_json::json;
/// use taskferry_profile::walk::retain_tasks;
///
/// let mut job = json!({"domains": [{"name": "A", "tasks": [{"task_id": 1}]}, {"name": "B", "tasks": [{"task_id": 2}]}]});
/// retain_tasks(&mut job, |task| task["task_id"] == 2);
/// assert_eq!(job, json!({"domains": [{"name": "B", "tasks": [{"task_id": 2}]}]}));
/// retain_tasks(&mut job, |_| false);
/// assert_eq!(job, json!({"domains": []}));
/// ```
pub fn retain_tasks(record: &mut Value, keep: impl FnMut(&Object) -> bool) {
    if let Value::Object(job) = record
        && !is_row(job)
    {
        Prune { keep, seen: 0, kept: 0 }.holder(job, 1);
    }
}

struct Prune<F> {
    keep: F,
    seen: usize,
    kept: usize,
}

impl<F: FnMut(&Object) -> bool> Prune<F> {
    /// The job, or an object of it that only holds others together: its lists stay.
    fn holder(&mut self, members: &mut Object, depth: usize) {
        members.retain(|key, member| match member {
            _ if depth > MAX_DEPTH => true,
            Value::Array(items) if depth == 1 || is_structural(key) => {
                items.retain_mut(|item| self.stays(item, depth + 1));
                true
            }
            Value::Object(inner) if !is_task(inner) && (depth == 1 || is_structural(key)) => {
                self.holder(inner, depth + 1);
                true
            }
            member => self.stays(member, depth),
        });
    }

    /// Whether a value stays in its list or object: a task if it is wanted, a branch if it still has tasks.
    fn stays(&mut self, value: &mut Value, depth: usize) -> bool {
        let (seen, kept) = (self.seen, self.kept);
        match value {
            _ if depth > MAX_DEPTH => return true,
            Value::Object(task) if is_task(task) => {
                self.seen += 1;
                self.kept += usize::from((self.keep)(task));
            }
            Value::Object(members) => members.retain(|_, member| self.stays(member, depth + 1)),
            Value::Array(items) => items.retain_mut(|item| self.stays(item, depth + 1)),
            _ => {}
        }
        self.seen == seen || self.kept > kept
    }
}

/// Takes all tasks out, in the order of [`super::visit_tasks`]. What is left of the record is of no use.
pub fn take_tasks(record: &mut Value) -> Vec<Object> {
    let mut tasks = Vec::new();
    if let Value::Object(job) = record
        && !is_row(job)
    {
        job.values_mut().for_each(|member| take(member, &mut tasks, 1));
    }
    tasks
}

fn take(value: &mut Value, tasks: &mut Vec<Object>, depth: usize) {
    match value {
        _ if depth > MAX_DEPTH => {}
        Value::Object(task) if is_task(task) => tasks.push(std::mem::take(task)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| take(member, tasks, depth + 1));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| take(item, tasks, depth + 1)),
        _ => {}
    }
}
