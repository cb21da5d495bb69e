//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Adds a job's name and family, which the export does not carry, from a CSV file.
///
/// Jobs and rows get `job_name` and `job_family`. Values that they have already are replaced.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinJobNames {
    /// The CSV file, with a header and the columns `external_id`, `job_name` and `job_family`. A relative
    /// path starts at the pipeline file's folder.
    pub file: PathBuf,
    /// What happens to a job that is not in the file.
    #[serde(default)]
    pub unknown: Unknown,
}

/// What happens to a job that is not in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Its name and family are null.
    #[default]
    Null,
    /// The record is refused; `on_error` decides what follows.
    Fail,
}
