//! One walk over a job's tasks, whatever the layout of the record.
//!
//! What a hierarchy record looks like is not documented, so nothing here depends on one layout: an object with
//! `task_id` is a task, and the objects above it are its domain, subdomain, cluster and canonical task. A list
//! record is the same tree with nothing above its tasks.
//!
//! ```
//! use serde_json::json;
//! use taskferry_profile::walk::visit_tasks;
//!
//! let job = json!({"external_id": "j1", "domains": [{"domain": "Finance", "tasks": [{"task_id": "t1"}]}]});
//! let mut found = Vec::new();
//! visit_tasks(&job, |task, branch| {
//!     let domain = branch.iter().next().and_then(|level| level.label());
//!     found.push((task["task_id"].as_str(), domain));
//!     Ok::<(), ()>(())
//! })?;
//! assert_eq!(found, [(Some("t1"), Some("Finance"))]);
//! # Ok::<(), ()>(())
//! ```
//!
//! A task's own members, its `hierarchy` for example, are never walked into. Nothing is looked at below 128
//! levels, the depth to which JSON is read.

mod branch;
mod linked_skills;
mod misplaced;
mod prune;
mod words;

use serde_json::{Map, Value};

use branch::Place;
pub use branch::{Branch, Level};
pub use linked_skills::{visit_linked_skills, visit_linked_skills_mut};
pub use misplaced::{Misplaced, check_tasks};
pub use prune::{retain_tasks, take_tasks};
pub use words::LEVELS;

/// A JSON object: a job, a task, a node of a hierarchy.
pub type Object = Map<String, Value>;

/// How deep the walk goes: as deep as JSON is read.
const MAX_DEPTH: usize = 128;

/// Members by which a row is known when it has lost its `task_id`.
const ROW_MEMBERS: [&str; 2] = ["job_external_id", "ai_impact_level"];

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A job, whose tasks stand below it in a list or a hierarchy.
    Job,
    /// One task on its own.
    Row,
    /// Neither: something that the walk knows nothing about.
    Other,
}

/// Tells what a record is.
///
/// ```
/// use serde_json::json;
/// use taskferry_profile::walk::{Shape, shape};
///
/// assert_eq!(shape(&json!({"external_id": "j1", "tasks": []})), Shape::Job);
/// assert_eq!(shape(&json!({"job_external_id": "j1", "task_id": "t1"})), Shape::Row);
/// assert_eq!(shape(&json!({"total": 3})), Shape::Other);
/// ```
pub fn shape(record: &Value) -> Shape {
    let Value::Object(members) = record else { return Shape::Other };
    if is_row(members) {
        Shape::Row
    } else if members.contains_key("external_id")
        || members.iter().any(|(key, value)| is_branch(key, value))
    {
        Shape::Job
    } else if ROW_MEMBERS.iter().any(|name| members.contains_key(*name)) {
        Shape::Row
    } else {
        Shape::Other
    }
}

/// Whether a member of a job or node belongs to the tree of tasks rather than describing its owner.
pub fn is_branch(key: &str, member: &Value) -> bool {
    let holds_the_tree = match member {
        Value::Array(items) if items.is_empty() => words::is_structural(key),
        Value::Array(items) => words::is_tree(key) && items.iter().all(is_container),
        Value::Object(_) => words::is_tree(key),
        Value::Null => words::is_branch(key),
        _ => false,
    };
    holds_the_tree || holds_task(member, 0)
}

/// Whether a key as it is written stands for tasks or a branch of a hierarchy, whatever it holds.
pub(crate) fn means_branch(key: &[u8]) -> bool {
    std::str::from_utf8(key).is_ok_and(words::is_branch)
}

/// Shows every task with what stands above it, in the order of the record. A record that is no job holds none.
///
/// # Errors
/// The first that `visit` returns; the walk ends with it.
pub fn visit_tasks<'a, E>(
    record: &'a Value,
    visit: impl FnMut(&'a Object, &Branch<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let Value::Object(job) = record else { return Ok(()) };
    if is_row(job) {
        return Ok(());
    }
    let mut walk = Walk { visit, branch: Branch::default() };
    job.iter().try_for_each(|(key, member)| walk.member(member, Place::of_job(key), 1))
}

struct Walk<'a, F> {
    visit: F,
    branch: Branch<'a>,
}

impl<'a, E, F: FnMut(&'a Object, &Branch<'a>) -> Result<(), E>> Walk<'a, F> {
    fn member(&mut self, value: &'a Value, place: Place<'a>, depth: usize) -> Result<(), E> {
        if depth > MAX_DEPTH {
            return Ok(());
        }
        match value {
            Value::Object(task) if is_task(task) => (self.visit)(task, &self.branch),
            Value::Object(node) => {
                let level = self.branch.level_of(node, place);
                let named_below =
                    level.as_ref().map_or(place.allows_names(), Level::is_named_by_key);
                self.under(level, |walk| {
                    node.iter().try_for_each(|(key, member)| {
                        walk.member(member, Place::of_node(key, named_below), depth + 1)
                    })
                })
            }
            Value::Array(items) => {
                let level = place.name().map(|name| self.branch.level_named(name));
                self.under(level, |walk| {
                    items.iter().try_for_each(|item| walk.member(item, place.of_item(), depth + 1))
                })
            }
            _ => Ok(()),
        }
    }

    fn under(
        &mut self,
        level: Option<Level<'a>>,
        inner: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(level) = level else { return inner(self) };
        self.branch.push(level);
        let result = inner(self);
        self.branch.pop();
        result
    }
}

fn is_task(object: &Object) -> bool {
    object.contains_key("task_id")
}

/// Whether a record is one task on its own. What has an `external_id` and `tasks` is a job, whatever else it has: rows have a
/// `job_external_id`.
fn is_row(record: &Object) -> bool {
    is_task(record) && !(record.contains_key("external_id") && record.contains_key("tasks"))
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Object(_) | Value::Array(_))
}

fn holds_task(value: &Value, depth: usize) -> bool {
    match value {
        _ if depth > MAX_DEPTH => false,
        Value::Object(object) => {
            is_task(object) || object.values().any(|member| holds_task(member, depth + 1))
        }
        Value::Array(items) => items.iter().any(|item| holds_task(item, depth + 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
