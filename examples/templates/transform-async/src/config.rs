//! The options.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_lookup::LookupOptions;

/// Adds `job_title` to jobs and rows, from an HTTP service. If the service does not have the job, the value is null.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The service with the titles.
    pub lookup: LookupOptions,
}
