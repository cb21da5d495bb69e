//! The options.

use schemars::JsonSchema;
use serde::Deserialize;

/// Compares records with those of the last complete run, and adds the fields `change` and `changed_fields`.
///
/// `change` is `added`, `changed`, `removed`, `returned` (after a removal) or `unchanged`. `changed_fields` lists the names of the
/// fields that differ; it is empty unless `change` is `changed` or `returned`. Removed records come after all others, with their
/// last known fields. Place the transform after `flatten_hierarchy` to compare tasks instead of jobs.
///
/// Numbers are compared by their value, objects without regard to the order of their keys, lists in order. A field that is null
/// equals a missing one.
///
/// In the first run all records are added. A run in which the options of `[source]`, an earlier transform or `key` have changed
/// begins a new baseline: all records are added, none is removed, and a warning says so. The baseline contains all records, and is
/// in the state folder.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The fields that identify a record, for example `["job_external_id", "task_id"]`. A second record with the same values is
    /// refused. By default `job_external_id` (or `employee_external_id`) and `task_id` for rows, and `external_id` for other
    /// records.
    #[schemars(extend("minItems" = 1))]
    pub(crate) key: Option<Vec<String>>,
    /// Fields whose changes do not count, for example `["updated_at"]`. They remain in the record.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    /// The action for a record in which nothing has changed: `drop` (default), or `keep` with the change `unchanged`.
    #[serde(default)]
    pub(crate) unchanged: Unchanged,
    /// The removal guard. If more records than this are missing, and more than `max_removed_percent` percent of the records of the
    /// last complete run, no removal is emitted. All other records are delivered, and the exit code is 8. The next run repeats the
    /// check; `run --accept-removals RUN_ID` accepts the removals.
    #[serde(default = "twenty")]
    pub(crate) max_removals: u64,
    /// The percentage of missing records for `max_removals`. 100 switches the guard off.
    #[serde(default = "ten")]
    #[schemars(range(max = 100))]
    pub(crate) max_removed_percent: u8,
    /// The number of days after which a removed record is forgotten. If it comes back later, it is added, not returned.
    #[serde(default = "year")]
    pub(crate) returned_within_days: u32,
}

/// The action for an unchanged record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unchanged {
    /// Drop it.
    #[default]
    Drop,
    /// Emit it with the change `unchanged`.
    Keep,
}

fn twenty() -> u64 {
    20
}

fn ten() -> u8 {
    10
}

fn year() -> u32 {
    365
}
