//! The options.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_profile::EmptyJobs;

/// Keeps tasks by their AI impact level.
///
/// The levels are ordered from H1 (done by AI alone) to H5 (done only by a person). Set either `levels`, or a range with
/// `at_least` and `at_most`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["levels"]},
    {"anyOf": [{"required": ["at_most"]}, {"required": ["at_least"]}]},
]))]
pub struct FilterAiImpact {
    /// Keeps tasks with one of these levels, for example `["H1", "H2"]`.
    #[schemars(extend("minItems" = 1), inner(pattern("^H[1-9][0-9]*$")))]
    pub(crate) levels: Option<Vec<String>>,
    /// Keeps tasks with this level or a lower one. An unknown level counts as missing.
    #[schemars(extend("enum" = ["H1", "H2", "H3", "H4", "H5"]))]
    pub(crate) at_most: Option<String>,
    /// Keeps tasks with this level or a higher one. An unknown level counts as missing.
    #[schemars(extend("enum" = ["H1", "H2", "H3", "H4", "H5"]))]
    pub(crate) at_least: Option<String>,
    /// The action for a task without a level. `fail` refuses the record.
    #[serde(default)]
    pub(crate) missing: Missing,
    /// The action for a job without remaining tasks.
    #[serde(default)]
    pub(crate) empty_jobs: EmptyJobs,
}

/// The action for a task without a level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Drop it.
    #[default]
    Drop,
    /// Keep it.
    Keep,
    /// Refuse the record.
    Fail,
}
