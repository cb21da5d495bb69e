//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Renames linked skills to the skill names of Workday, SAP or another system.
///
/// The transform looks up a skill by id, then by name. If the mapping has several entries for a skill, the entry with the lowest
/// rank applies. If two skills of a task become equal, the transform merges the skills: the first skill gets the missing fields
/// of the second. The skills of exploded rows are not merged, so place this transform before `flatten_hierarchy`.
///
/// If TechWolf has activated a vendor for the tenant, `external_vendor` of the source returns the vendor's skills without a
/// mapping. Use either this transform or `external_vendor`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameSkills {
    /// The vendor, as in the `vendor` column of the mapping, for example `workday`.
    pub(crate) vendor: String,
    /// A CSV file with a header. The columns are `vendor`, `skill_id` or `skill` or both, `vendor_skill`, and
    /// optionally `vendor_skill_id` and `rank` (a whole number, the lowest is best). Other columns are ignored. A
    /// relative path starts at the folder of the pipeline file.
    pub(crate) mapping: PathBuf,
    /// The action for a skill that is not in the mapping. `null` sets the name of the skill to null, `fail` refuses the
    /// record.
    #[serde(default)]
    pub(crate) unmapped: Unmapped,
    /// The comparison of names. For `ignore_case`, `python` equals `Python`, and `STRASSE` equals `Straße`. Both values
    /// ignore differences of Unicode normalization (`é` as one character or two). Ids are always compared exactly.
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
    /// Drop the skill. A row of one skill is dropped completely.
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
