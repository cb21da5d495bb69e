//! What stands where tasks, branches or skills are expected, and is none of them.
//!
//! The walk passes over whatever it does not take for a task. That is right for a field that nobody knows, and wrong for `tasks`: a
//! job whose `tasks` is a text would look like a job without tasks. So stages that read tasks look here first, and refuse the
//! record.

use std::fmt::{self, Write as _};

use serde_json::Value;

use super::{MAX_DEPTH, Object, holds_task, is_row, is_task, words};

/// Something at a place where the walk can't take it for what is expected there.
///
/// ```
/// use serde_json::json;
/// use taskferry_profile::walk::check_tasks;
///
/// let wrong = check_tasks(&json!({"external_id": "j1", "domains": [{"domain": "Finance", "tasks": "x"}]}));
/// assert_eq!(wrong.unwrap_err().to_string(), "`domains[0].tasks` is a string, not a list of tasks");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misplaced {
    place: String,
    found: &'static str,
    expected: &'static str,
}

impl Misplaced {
    /// What to do about a record that is refused for this reason.
    pub const HINT: &str = "the record is not what the API's pages say; `on_error = \"skip\"` leaves such records out, \
                            `\"dead_letter\"` keeps them for a replay";

    /// Says that `found` stands at `place`, where something else is expected: `a list of skills`.
    pub fn new(place: impl Into<String>, found: &Value, expected: &'static str) -> Self {
        let found = match found {
            Value::Null => "is null",
            Value::Bool(_) => "is a boolean",
            Value::Number(_) => "is a number",
            Value::String(_) => "is a string",
            Value::Array(_) => "is a list",
            Value::Object(_) => "is an object",
        };
        Self { place: place.into(), found, expected }
    }
}

impl fmt::Display for Misplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, expected } = self;
        write!(formatter, "`{place}` {found}, not {expected}")
    }
}

impl std::error::Error for Misplaced {}

/// Looks whether the walk reads all that stands in a job where tasks are expected: in `tasks`, and in the branches of a
/// hierarchy. Returns how many of them are null, which counts as an empty list.
///
/// | what stands there | |
/// |---|---|
/// | a list of objects with `task_id` | its tasks |
/// | nothing, an empty list, null | no task |
/// | a text, a number, a boolean | refused |
/// | in `tasks`, an object in which there is no task | refused |
/// | a list with an entry that is neither a task nor a branch | refused |
///
/// A record that is no job holds no branch.
///
/// # Errors
/// The first thing that the walk would pass over.
pub fn check_tasks(job: &Value) -> Result<usize, Misplaced> {
    let Value::Object(members) = job else { return Ok(0) };
    if is_row(members) {
        return Ok(0);
    }
    let mut check = Check { place: String::new(), nulls: 0 };
    for (key, member) in members {
        check.below(key, |check| check.member(key, member, words::is_branch(key), 1))?;
    }
    Ok(check.nulls)
}

/// The list of tasks in a job's or node's `tasks`.
const TASKS: &str = "tasks";

struct Check {
    place: String,
    nulls: usize,
}

impl Check {
    /// What stands under a key. `branch` says that it can only be a branch.
    fn member(
        &mut self,
        key: &str,
        value: &Value,
        branch: bool,
        depth: usize,
    ) -> Result<(), Misplaced> {
        match value {
            _ if depth > MAX_DEPTH => Ok(()),
            Value::Null => {
                self.nulls += usize::from(branch);
                Ok(())
            }
            Value::Array(items) => self.list(key, items, branch, depth),
            Value::Object(task) if is_task(task) => Ok(()),
            Value::Object(_) if key == TASKS && !holds_task(value, 0) => self.refuse(value, key),
            Value::Object(node) if branch || words::is_structural(key) => {
                self.node(node, is_table(key, node), depth)
            }
            Value::Object(node) if holds_task(value, 0) => self.node(node, false, depth),
            Value::Object(_) => Ok(()),
            _ if branch => self.refuse(value, key),
            _ => Ok(()),
        }
    }

    fn list(
        &mut self,
        key: &str,
        items: &[Value],
        branch: bool,
        depth: usize,
    ) -> Result<(), Misplaced> {
        let tasks_alone = key == TASKS && depth == 1;
        let below =
            branch || words::is_structural(key) || items.iter().any(|item| holds_task(item, 0));
        for (index, item) in items.iter().enumerate().filter(|_| below) {
            let length = self.place.len();
            // Writing to a string can't fail.
            _ = write!(self.place, "[{index}]");
            match item {
                Value::Object(task) if is_task(task) => {}
                Value::Object(_) if key == TASKS && (tasks_alone || !holds_task(item, 0)) => {
                    return self.refuse(item, "");
                }
                Value::Object(node) => self.node(node, false, depth + 1)?,
                Value::Array(items) if !tasks_alone => self.list(key, items, branch, depth + 1)?,
                _ if branch => return self.refuse(item, ""),
                _ => {}
            }
            self.place.truncate(length);
        }
        Ok(())
    }

    /// An object above tasks. In a table from names to branches, everything is a branch.
    fn node(&mut self, node: &Object, table: bool, depth: usize) -> Result<(), Misplaced> {
        node.iter().try_for_each(|(key, member)| {
            let branch = table || words::is_branch(key) || words::is_branch_of_node(key);
            self.below(key, |check| check.member(key, member, branch, depth + 1))
        })
    }

    fn below(
        &mut self,
        key: &str,
        inner: impl FnOnce(&mut Self) -> Result<(), Misplaced>,
    ) -> Result<(), Misplaced> {
        let length = self.place.len();
        if length > 0 {
            self.place.push('.');
        }
        self.place.push_str(key);
        inner(self)?;
        self.place.truncate(length);
        Ok(())
    }

    fn refuse(&mut self, found: &Value, key: &str) -> Result<(), Misplaced> {
        let expected = match (found, key) {
            (Value::Object(_), "") => "a task: it has no `task_id`",
            (_, "") => "a task or a branch",
            (_, TASKS) => "a list of tasks",
            _ => "a branch of the hierarchy",
        };
        Err(Misplaced::new(std::mem::take(&mut self.place), found, expected))
    }
}

/// Whether an object is a table from names to branches, `"domains": {"Finance": …}`: it holds nothing that describes a node.
fn is_table(key: &str, node: &Object) -> bool {
    words::is_branch(key)
        && !node.keys().any(|key| words::is_structural(key) || words::describes(key))
}
