//! The options.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::PathTemplate;

/// Writes one field of each record to a text file, one line per record.
///
/// The file gets its name when it is complete. An existing file is replaced.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
// Output of `--sandbox` stays on this machine: `PathTemplate` gives it another name.
#[schemars(extend("x-sandbox" = true))]
pub struct MyPlugin {
    /// The path of the file, relative to the working directory. The placeholders are `{pipeline}`, `{date}`, `{time}`,
    /// `{run_id}` and `{shard}`.
    pub path: PathTemplate,
    /// The field. A record in which it is not a text is refused.
    #[serde(default = "default_field")]
    #[schemars(length(min = 1))]
    pub field: String,
}

fn default_field() -> String {
    "task".to_owned()
}
