//! The options.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_lookup::LookupOptions;

/// Adds `job_title` to jobs and rows, from an HTTP service. A job that the service does not know gets null.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The service with the titles.
    pub lookup: LookupOptions,
}
