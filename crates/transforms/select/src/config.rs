//! The options.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps, drops, renames and orders the fields of records.
///
/// The options apply to fields of the record, not to fields of its tasks. Place this transform after `flatten_hierarchy` to
/// select the columns of rows. Set `fields`, or `drop` and `rename`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// The fields to keep, in this order. All other fields are dropped.
    #[schemars(extend("minItems" = 1))]
    pub(crate) fields: Option<Vec<String>>,
    /// The fields to drop. All other fields are kept.
    #[serde(default)]
    pub(crate) drop: Vec<String>,
    /// New names of fields, by their old names: `rename = { weekly_hours = "hours" }`. `fields` and `drop` use the old names.
    #[serde(default)]
    pub(crate) rename: BTreeMap<String, String>,
    /// The action for a record without a field of `fields`. `null` adds the field with the value null, `skip` omits the field,
    /// `fail` refuses the record.
    #[serde(default)]
    pub(crate) missing: Missing,
}

/// The action for a record that lacks a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Add the field with the value null, so that all records have the same fields.
    #[default]
    Null,
    /// Leave the field out.
    Skip,
    /// Refuse the record.
    Fail,
}
