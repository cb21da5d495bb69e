//! The options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Turns jobs into rows, or a hierarchy into a flat list of tasks.
///
/// Takes list and hierarchy records alike; rows pass through.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlattenHierarchy {
    /// What a job becomes: `rows` (default), one record a task, or `tasks`, the job with a flat `tasks` list.
    #[serde(default)]
    pub(crate) into: Into,
    /// What becomes of a job without tasks: `drop` (default) or `keep`. Kept as rows, it is one row without a task.
    #[serde(default)]
    pub(crate) empty_jobs: EmptyJobs,
    /// A list field of tasks of which every element becomes a row: `explode = "linked_skills"` gives one row a
    /// skill, with `skill_id` and `skill`. A task whose list is empty keeps one row. Every row repeats
    /// the task's other fields, its hours too. For rows only; none by default.
    pub(crate) explode: Option<String>,
}

/// What a job becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Into {
    /// One record a task.
    #[default]
    Rows,
    /// The job with a flat list of tasks.
    Tasks,
}

/// What becomes of a job without tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmptyJobs {
    /// It is left out.
    #[default]
    Drop,
    /// It is kept.
    Keep,
}
