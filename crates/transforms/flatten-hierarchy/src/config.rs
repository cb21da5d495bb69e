//! The options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Turns jobs into rows, or a hierarchy into a flat list of tasks.
///
/// Accepts list records and hierarchy records. Rows pass unchanged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlattenHierarchy {
    /// The result for a job: `rows` (default), one record for each task, or `tasks`, the job with a flat list of tasks.
    #[serde(default)]
    pub(crate) into: Into,
    /// The action for a job without tasks: `drop` (default) or `keep`. With `into = "rows"` it becomes one row without a task.
    #[serde(default)]
    pub(crate) empty_jobs: EmptyJobs,
    /// A list field of tasks. Each element becomes one row: `explode = "linked_skills"` returns one row for each skill, with `skill_id` and `skill`. A task with an empty list becomes one row. Every row repeats the task's other fields, also its
    /// hours. Only for `into = "rows"`. None by default.
    pub(crate) explode: Option<String>,
}

/// The result for a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Into {
    /// One record for each task.
    #[default]
    Rows,
    /// The job with a flat list of tasks.
    Tasks,
}

/// The action for a job without tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmptyJobs {
    /// Drop it.
    #[default]
    Drop,
    /// Keep it.
    Keep,
}
