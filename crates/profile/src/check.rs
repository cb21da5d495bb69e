//! Checks that `tasks` and branches contain only tasks and branches.
//!
//! Visiting tasks skips all other values, which is correct for unknown fields. A job whose `tasks` is a string is
//! refused, because it would otherwise look like a job without tasks.

use taskferry_json::{Kind, Node};

use crate::Mismatch;
use crate::task::{contains_task, is_task};
use crate::words;

/// The key of a list of tasks, in a job or a node.
const TASKS: &str = "tasks";

/// Checks a job. Returns whether a branch is null.
pub(crate) fn check_tasks(job: Node<'_>) -> Result<bool, Mismatch> {
    job.members().try_fold(false, |has_null, (key, member)| {
        let key = key.as_str();
        let position = Position { key: &key, is_branch: words::is_branch(&key), is_in_job: true };
        Ok(position.check(member)? || has_null)
    })
}

/// Checks an object above tasks. In a table from names to branches, every member is a branch.
fn check_node(node: Node<'_>, is_table: bool) -> Result<bool, Mismatch> {
    node.members().try_fold(false, |has_null, (key, member)| {
        let key = key.as_str();
        let is_branch = is_table || words::is_branch(&key) || words::is_branch_of_node(&key);
        let position = Position { key: &key, is_branch, is_in_job: false };
        Ok(position.check(member)? || has_null)
    })
}

/// The position of a value.
#[derive(Clone, Copy)]
struct Position<'k> {
    key: &'k str,
    /// Whether the value must be a branch.
    is_branch: bool,
    /// Whether the value is a member of the job.
    is_in_job: bool,
}

impl Position<'_> {
    fn check(self, value: Node<'_>) -> Result<bool, Mismatch> {
        let checked = match value.kind() {
            Kind::Null => Ok(self.is_branch),
            Kind::Array => self.check_list(value),
            Kind::Object if is_task(value) => Ok(false),
            Kind::Object if self.key == TASKS && !contains_task(value) => Err(self.mismatch(value)),
            Kind::Object if self.is_branch || words::is_structural(self.key) => {
                check_node(value, self.is_table(value))
            }
            Kind::Object if contains_task(value) => check_node(value, false),
            Kind::Object => Ok(false),
            _ if self.is_branch => Err(self.mismatch(value)),
            _ => Ok(false),
        };
        checked.map_err(|mismatch| mismatch.inside(self.key))
    }

    fn check_list(self, list: Node<'_>) -> Result<bool, Mismatch> {
        if !(self.is_branch || words::is_structural(self.key) || list.items().any(contains_task)) {
            return Ok(false);
        }
        list.items().enumerate().try_fold(false, |has_null, (index, item)| {
            let checked = self.check_item(item);
            Ok(checked.map_err(|mismatch| mismatch.inside(&format!("[{index}]")))? || has_null)
        })
    }

    fn check_item(self, item: Node<'_>) -> Result<bool, Mismatch> {
        let only_tasks = self.key == TASKS && self.is_in_job;
        match item.kind() {
            Kind::Object if is_task(item) => Ok(false),
            Kind::Object if self.key == TASKS && (only_tasks || !contains_task(item)) => {
                Err(Mismatch::new("", item, "a task: it has no `task_id`"))
            }
            Kind::Object => check_node(item, false),
            Kind::Array if !only_tasks => Self { is_in_job: false, ..self }.check_list(item),
            _ if self.is_branch => Err(Mismatch::new("", item, "a task or a branch")),
            _ => Ok(false),
        }
    }

    fn mismatch(self, found: Node<'_>) -> Mismatch {
        let is_tasks = self.key == TASKS;
        let expected = if is_tasks { "a list of tasks" } else { "a branch of the hierarchy" };
        Mismatch::new("", found, expected)
    }

    /// Whether an object is a table from names to branches, `"domains": {"Finance": …}`. No member of a table describes
    /// a node.
    fn is_table(self, node: Node<'_>) -> bool {
        let describes = |key: &str| words::is_structural(key) || words::describes(key);
        words::is_branch(self.key) && !node.members().any(|(key, _)| describes(&key.as_str()))
    }
}
