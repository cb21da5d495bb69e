//! Checks that `tasks` and branches contain only tasks and branches.
//!
//! Visiting tasks skips all other values. This is right for unknown fields, but a job whose `tasks` is a string would look like
//! a job without tasks, so such a record is refused.

use taskferry_json::{Kind, Node};

use crate::Mismatch;
use crate::task::{contains_task, is_task};
use crate::words;

/// The list of tasks in a job's or node's `tasks`.
const TASKS: &str = "tasks";

/// Checks a job. Returns the number of branches that are null.
pub(crate) fn check_tasks(job: Node<'_>) -> Result<usize, Mismatch> {
    job.members().try_fold(0, |nulls, (key, member)| {
        let key = key.as_str();
        let position = Position { key: &key, is_branch: words::is_branch(&key), is_in_job: true };
        Ok(nulls + position.check(member)?)
    })
}

/// Checks an object above tasks. In a table from names to branches, every member is a branch.
fn check_node(node: Node<'_>, is_table: bool) -> Result<usize, Mismatch> {
    node.members().try_fold(0, |nulls, (key, member)| {
        let key = key.as_str();
        let is_branch = is_table || words::is_branch(&key) || words::is_branch_of_node(&key);
        let position = Position { key: &key, is_branch, is_in_job: false };
        Ok(nulls + position.check(member)?)
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
    fn check(self, value: Node<'_>) -> Result<usize, Mismatch> {
        let checked = match value.kind() {
            Kind::Null => Ok(usize::from(self.is_branch)),
            Kind::Array => self.check_list(value),
            Kind::Object if is_task(value) => Ok(0),
            Kind::Object if self.key == TASKS && !contains_task(value) => Err(self.mismatch(value)),
            Kind::Object if self.is_branch || words::is_structural(self.key) => {
                check_node(value, self.is_table(value))
            }
            Kind::Object if contains_task(value) => check_node(value, false),
            Kind::Object => Ok(0),
            _ if self.is_branch => Err(self.mismatch(value)),
            _ => Ok(0),
        };
        checked.map_err(|mismatch| mismatch.inside(self.key))
    }

    fn check_list(self, list: Node<'_>) -> Result<usize, Mismatch> {
        if !(self.is_branch || words::is_structural(self.key) || list.items().any(contains_task)) {
            return Ok(0);
        }
        list.items().enumerate().try_fold(0, |nulls, (index, item)| {
            let checked = self.check_item(item);
            Ok(nulls + checked.map_err(|mismatch| mismatch.inside(&format!("[{index}]")))?)
        })
    }

    fn check_item(self, item: Node<'_>) -> Result<usize, Mismatch> {
        let only_tasks = self.key == TASKS && self.is_in_job;
        match item.kind() {
            Kind::Object if is_task(item) => Ok(0),
            Kind::Object if self.key == TASKS && (only_tasks || !contains_task(item)) => {
                Err(Mismatch::new("", item, "a task: it has no `task_id`"))
            }
            Kind::Object => check_node(item, false),
            Kind::Array if !only_tasks => Self { is_in_job: false, ..self }.check_list(item),
            _ if self.is_branch => Err(Mismatch::new("", item, "a task or a branch")),
            _ => Ok(0),
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use taskferry_json::Document;

    use super::*;
    use crate::Profile;

    fn document(record: &Value) -> Document {
        Document::parse(record.to_string()).unwrap()
    }

    #[test]
    fn invalid_tasks_and_branches_are_found_at_any_depth() {
        let wrong = |job: Value| check_tasks(document(&job).root()).unwrap_err().to_string();
        let task = json!({"task_id": 1});
        for (job, message) in [
            (json!({"external_id": "j", "tasks": "x"}), "`tasks` is a string, not a list of tasks"),
            (json!({"external_id": "j", "tasks": 3}), "`tasks` is a number, not a list of tasks"),
            (
                json!({"external_id": "j", "tasks": false}),
                "`tasks` is a boolean, not a list of tasks",
            ),
            (json!({"external_id": "j", "tasks": {}}), "`tasks` is an object, not a list of tasks"),
            (json!({"tasks": {"a": {"name": "x"}}}), "`tasks` is an object, not a list of tasks"),
            (json!({"tasks": [task, "x"]}), "`tasks[1]` is a string, not a task or a branch"),
            (json!({"tasks": [null]}), "`tasks[0]` is null, not a task or a branch"),
            (json!({"tasks": [[task]]}), "`tasks[0]` is a list, not a task or a branch"),
            (
                json!({"tasks": [task, {"task": "?"}]}),
                "`tasks[1]` is an object, not a task: it has no `task_id`",
            ),
            (
                json!({"external_id": "j", "domains": "x"}),
                "`domains` is a string, not a branch of the hierarchy",
            ),
            (json!({"domains": ["x"]}), "`domains[0]` is a string, not a task or a branch"),
            (
                json!({"domains": {"Finance": 7}}),
                "`domains.Finance` is a number, not a branch of the hierarchy",
            ),
            (
                json!({"hierarchy": {"Tech": {"tasks": 1}}}),
                "`hierarchy.Tech.tasks` is a number, not a list of tasks",
            ),
            (
                json!({"hierarchy": {"Tech": ["x"]}}),
                "`hierarchy.Tech[0]` is a string, not a task or a branch",
            ),
            (
                json!({"domains": [{"domain": "A", "tasks": [task]}, {"domain": "B", "tasks": "x"}]}),
                "`domains[1].tasks` is a string, not a list of tasks",
            ),
            (
                json!({"domains": [{"domain": "A", "clusters": [{"cluster": "C", "tasks": [{"task": "?"}]}]}]}),
                "`domains[0].clusters[0].tasks[0]` is an object, not a task: it has no `task_id`",
            ),
            (
                json!({"tree": [{"name": "A", "children": "x"}]}),
                "`tree[0].children` is a string, not a branch of the hierarchy",
            ),
            (
                json!({"task_profile": {"domain": {"name": "A", "tasks": [task], "clusters": true}}}),
                "`task_profile.domain.clusters` is a boolean, not a branch of the hierarchy",
            ),
        ] {
            assert_eq!(wrong(job.clone()), message, "{job}");
        }
    }

    #[test]
    fn other_fields_are_ignored_and_null_counts_as_an_empty_list() {
        let task = json!({"task_id": 1});
        for (job, nulls) in [
            (json!({"external_id": "j"}), 0),
            (json!({"external_id": "j", "tasks": []}), 0),
            (json!({"external_id": "j", "tasks": null}), 1),
            (
                json!({"external_id": "j", "domain": "Tech", "statistics": {"tasks": 5}, "levels": 3, "number_of_tasks": 5, "tasks": []}),
                0,
            ),
            (
                json!({"domains": [{"domain": "A", "tasks": null, "clusters": null}, {"domain": "B", "level": "domain", "tasks": [task]}]}),
                2,
            ),
            (json!({"hierarchy": {"name": "Ours", "version": 3, "domains": []}}), 0),
            (json!({"hierarchy": {"domain": "Tech", "subdomain": "Software"}}), 0),
            (json!({"hierarchy": {"Tech": null, "Law": [task]}}), 1),
        ] {
            assert_eq!(check_tasks(document(&job).root()), Ok(nulls), "{job}");
        }
        let row = json!({"task_id": 1, "tasks": "a row says what it likes"});
        assert!(matches!(Profile::of(document(&row).root()), Ok(Profile::Row(_))));
    }
}
