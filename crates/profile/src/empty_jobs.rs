//! The option `empty_jobs` of transforms.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
