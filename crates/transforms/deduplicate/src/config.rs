//! The options.

use schemars::JsonSchema;
use serde::Deserialize;

/// Drops records with the key of an earlier record. The first record of each key is kept.
///
/// A record in which a field of the key is missing or null has no key, and is kept.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deduplicate {
    /// The fields of the key: `by = ["job_external_id", "task_id"]`. The text `"1"` and the number `1` are different.
    #[schemars(extend("minItems" = 1))]
    pub(crate) by: Vec<String>,
    /// The maximum number of keys. Each key needs 8 bytes of memory and 16 bytes in the checkpoint. A record that would add
    /// another key is refused.
    #[serde(default = "million")]
    #[schemars(range(min = 1))]
    pub(crate) max_keys: usize,
}

fn million() -> usize {
    1_000_000
}
