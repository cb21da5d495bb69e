//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Adds the name and family of a job, which the export does not contain, from a CSV file.
///
/// Jobs and rows get `job_name` and `job_family`; existing values are replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinJobNames {
    /// The CSV file, with a header and the columns `external_id`, `job_name` and `job_family`. A relative
    /// path starts at the folder of the pipeline file.
    pub file: PathBuf,
    /// The action for a job that is not in the file.
    #[serde(default)]
    pub unknown: Unknown,
}

/// The action for a job that is not in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Set the name and family to null.
    #[default]
    Null,
    /// Refuse the record; `on_error` applies.
    Fail,
}
