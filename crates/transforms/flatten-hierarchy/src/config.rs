//! The options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_profile::EmptyJobs;

/// Turns jobs into rows, or a hierarchy into a flat list of tasks.
///
/// Accepts list records and hierarchy records. Rows are passed on unchanged.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlattenHierarchy {
    /// The result for a job: one record for each task (`rows`), or the job with a flat list of tasks (`tasks`).
    #[serde(default)]
    pub(crate) into: Into,
    /// The action for a job without tasks. With `keep` and `into = "rows"`, the job becomes one row without a task.
    #[serde(default)]
    pub(crate) empty_jobs: EmptyJobs,
    /// A list field of tasks. Each element becomes one row. `explode = "linked_skills"` returns one row for each skill, with
    /// `skill_id` and `skill`. A task with an empty list becomes one row. Every row repeats the other fields of the task,
    /// including the hours. Only for `into = "rows"`.
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
