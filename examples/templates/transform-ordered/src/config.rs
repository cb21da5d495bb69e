//! The options.

use schemars::JsonSchema;
use serde::Deserialize;

/// Adds the number of the task to each row. The first task of each job has the number 1.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The field for the number. An existing value is replaced.
    #[serde(default = "default_field")]
    #[schemars(length(min = 1))]
    pub field: String,
}

fn default_field() -> String {
    "task_number".to_owned()
}
