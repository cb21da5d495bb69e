//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Renames linked skills to those of Workday, SAP or any other system.
///
/// A skill is looked up by its id first, then by its name. Of several entries for one skill, the one with the lowest rank is
/// used. Skills of one task that become equal are merged: the first one is kept, and gets missing fields from the others.
/// To merge the skills of rows, rename before `flatten_hierarchy` explodes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameSkills {
    /// The vendor, as in the `vendor` column of the mapping, for example `workday`.
    pub(crate) vendor: String,
    /// A CSV file with a header: `vendor`, `skill_id` and/or `skill`, `vendor_skill`, and optionally `vendor_skill_id` and
    /// `rank` (a whole number, the lowest is best). Other columns are ignored. A relative path starts at the pipeline file's
    /// folder.
    pub(crate) mapping: PathBuf,
    /// The action for a skill that is not in the mapping: `keep` (default), `drop`, `null` (its name becomes null), or `fail`,
    /// which refuses the record.
    #[serde(default)]
    pub(crate) unmapped: Unmapped,
    /// The comparison of names: `exact` (default), or `ignore_case`, for which `python` equals `Python` and `STRASSE` equals
    /// `Straße`. Both ignore differences of Unicode normalization (`é` as one character or two). Ids are compared exactly.
    #[serde(default, rename = "match")]
    pub(crate) names: Match,
}

/// The action for a skill that is not in the mapping.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// Keep its name.
    #[default]
    Keep,
    /// Drop it, with the whole row if it is a row of one skill.
    Drop,
    /// Set its name to null, and its id if the mapping has ids.
    Null,
    /// Refuse the record.
    Fail,
}

/// The comparison of skill names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Case-sensitive.
    #[default]
    Exact,
    /// Case-insensitive.
    IgnoreCase,
}
