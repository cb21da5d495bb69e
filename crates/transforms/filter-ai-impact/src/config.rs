//! The options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps the tasks with the wanted AI impact levels.
///
/// Levels are ordered H1 < H2 < … < H5: H1 is what AI does alone, H5 what goes only with a person. Give either
/// `levels` or a range of `at_least` and `at_most`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterAiImpact {
    /// Keep tasks with exactly these levels, for example `["H1", "H2"]`.
    pub(crate) levels: Option<Vec<String>>,
    /// Keep tasks with this level or a lower one. A level that is not known counts as missing.
    pub(crate) at_most: Option<String>,
    /// Keep tasks with this level or a higher one. A level that is not known counts as missing.
    pub(crate) at_least: Option<String>,
    /// What becomes of a task without a level: `drop` (default), `keep`, or `fail`, which refuses the record.
    #[serde(default)]
    pub(crate) missing: Missing,
    /// What becomes of a job without any task that is kept: `drop` (default) or `keep`.
    #[serde(default)]
    pub(crate) empty_jobs: EmptyJobs,
}

/// What becomes of a task without a level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// It is left out.
    #[default]
    Drop,
    /// It is kept.
    Keep,
    /// Its record is refused.
    Fail,
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
