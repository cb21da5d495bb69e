//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Reads records from a file, one JSON object per line.
// The source has no `x-sandbox`, so `--sandbox` is an error: see `taskferry_sdk::Plugin`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The file. A relative path starts at the folder of the pipeline file.
    pub path: PathBuf,
    /// The number of records on a page. A run resumes after a page.
    #[serde(default = "default_page_size")]
    #[schemars(range(min = 1))]
    pub page_size: usize,
}

fn default_page_size() -> usize {
    100
}
