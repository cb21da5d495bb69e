//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Adds `job_title` to jobs and rows: the text of the file `ID.txt` in a folder. A job without a file gets null.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The folder. A relative path is resolved against the pipeline file's folder.
    pub folder: PathBuf,
    /// The most files that are read at a time.
    #[serde(default = "default_concurrency")]
    #[schemars(range(min = 1))]
    pub concurrency: usize,
}

fn default_concurrency() -> usize {
    8
}
