//! The options.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::PathTemplate;

/// Writes one field of each record to a text file, one line per record.
///
/// The file appears when it is complete, and replaces an existing file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
// With `--sandbox`, `PathTemplate` adds `.sandbox` to the name of the file.
#[schemars(extend("x-sandbox" = true))]
pub struct MyPlugin {
    /// The path of the file, relative to the working directory. The placeholders are `{pipeline}`, `{date}`, `{time}`,
    /// `{run_id}` and `{shard}`.
    pub path: PathTemplate,
    /// The field. If the value is not a text, the record is refused.
    #[serde(default = "default_field")]
    #[schemars(length(min = 1))]
    pub field: String,
}

fn default_field() -> String {
    "task".to_owned()
}
