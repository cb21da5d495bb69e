//! The options.

use schemars::JsonSchema;
use serde::Deserialize;

/// Adds `long_task` to each row: whether the task takes at least `hours` a week.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MyPlugin {
    /// The weekly hours from which a task is long.
    #[serde(default = "default_hours")]
    #[schemars(range(min = 0))]
    pub hours: f64,
}

fn default_hours() -> f64 {
    8.0
}
