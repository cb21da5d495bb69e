//! The options.

use schemars::JsonSchema;
use serde::Deserialize;

/// Compares records with the last complete run, and adds the fields `change` and `changed_fields`.
///
/// `change` is `added`, `changed`, `removed`, `returned` (after a removal) or `unchanged`. `changed_fields` lists the names of
/// the changed fields of a `changed` or `returned` record, and is otherwise empty. Removed records come after all other records,
/// with their last known fields. Place the transform after `flatten_hierarchy` to compare tasks instead of jobs.
///
/// The comparison uses the values of numbers, and ignores the order of keys in objects. The order of lists matters. Null equals a
/// missing field.
///
/// The baseline of the comparison is in the state folder, and contains all records. In the first run, all records are added. A
/// change of `[source]`, of an earlier transform or of `key` starts a new baseline: all records are added, no record is removed,
/// and the run warns.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// The fields that identify a record, for example `["job_external_id", "task_id"]`. A second record with the same values is
    /// refused. By default `job_external_id` (or `employee_external_id`) and `task_id` for rows, and `external_id` for other
    /// records.
    #[schemars(extend("minItems" = 1))]
    pub(crate) key: Option<Vec<String>>,
    /// Fields that the comparison ignores, for example `["updated_at"]`. The fields remain in the record.
    #[serde(default)]
    pub(crate) ignore: Vec<String>,
    /// The action for a record in which nothing has changed: `drop` (default), or `keep` with the change `unchanged`.
    #[serde(default)]
    pub(crate) unchanged: Unchanged,
    /// The removal guard. No removal is emitted if the number of missing records exceeds `max_removals`, and also exceeds
    /// `max_removed_percent` percent of the records of the last complete run. All other records are delivered, and the exit code
    /// is 8. The next run repeats the check; `run --accept-removals RUN_ID` accepts the removals.
    #[serde(default = "twenty")]
    pub(crate) max_removals: u64,
    /// The second limit of the removal guard, see `max_removals`. 100 switches the guard off.
    #[serde(default = "ten")]
    #[schemars(range(max = 100))]
    pub(crate) max_removed_percent: u8,
    /// The number of days in which a removed record can be `returned`. Later, the record is `added`.
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
