//! The options.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Counts records and adds up numbers by group. Emits one record per group.
///
/// The record of a group has the fields of `group_by`, `count`, `sum`, `mean`, `min` and `max`, in this order. Groups are emitted
/// after the last record, in order of first appearance. Numbers are decimals with 28 digits. Missing values and null are ignored.
/// A record with a value that is not a number is refused.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// The fields that define a group. A missing field counts as null. By default all records are one group.
    #[serde(default)]
    pub(crate) group_by: Vec<String>,
    /// The field for the number of records: `count = "tasks"`.
    pub(crate) count: Option<String>,
    /// Sums by their names: `sum = { hours = "weekly_hours" }`. The sum of no values is 0.
    #[serde(default)]
    pub(crate) sum: BTreeMap<String, String>,
    /// Means by their names, rounded to 10 decimal places. The mean of no values is null.
    #[serde(default)]
    pub(crate) mean: BTreeMap<String, String>,
    /// Minima by their names. The minimum of no values is null.
    #[serde(default)]
    pub(crate) min: BTreeMap<String, String>,
    /// Maxima by their names. The maximum of no values is null.
    #[serde(default)]
    pub(crate) max: BTreeMap<String, String>,
    /// The maximum number of groups, which are kept in memory and in the checkpoint. A record that would start another group is
    /// refused.
    #[serde(default = "ten_thousand")]
    #[schemars(range(min = 1))]
    pub(crate) max_groups: usize,
}

fn ten_thousand() -> usize {
    10_000
}
