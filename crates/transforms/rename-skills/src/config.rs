//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Puts linked skills into the words of Workday, SAP or any other system.
///
/// A skill is looked up by its id first, then by its name. Of several entries for one skill the one with the
/// lowest rank is taken. Skills of one task that become the same are merged: the first stays, and gets what it
/// lacks from the others. To merge the skills of rows, rename before `flatten_hierarchy` explodes them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenameSkills {
    /// Whose words are wanted: what stands in the mapping's `vendor` column, for example `workday`.
    pub(crate) vendor: String,
    /// CSV file with a header: `vendor`, `skill_id` and/or `skill`, `vendor_skill`, and if wanted
    /// `vendor_skill_id` and `rank` (a whole number, the lowest is best). Other columns are ignored. A relative path
    /// starts at the pipeline file's folder.
    pub(crate) mapping: PathBuf,
    /// What becomes of a skill that the mapping lacks: `keep` (default), `drop`, `null` (its name becomes null), or
    /// `fail`, which refuses the record.
    #[serde(default)]
    pub(crate) unmapped: Unmapped,
    /// How names are compared: `exact` (default), or `ignore_case`, for which `python` is `Python` and `STRASSE` is `Straße`.
    /// In both, characters are the same however Unicode spells them (`é` as one character or as two). Ids are always
    /// compared as they are.
    #[serde(default, rename = "match")]
    pub(crate) names: Match,
}

/// What becomes of a skill that the mapping lacks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmapped {
    /// It keeps its name.
    #[default]
    Keep,
    /// It is left out; a row of one skill as a whole.
    Drop,
    /// Its name becomes null, and its id too if the mapping has ids.
    Null,
    /// Its record is refused.
    Fail,
}

/// How names of skills are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Upper and lower case are told apart.
    #[default]
    Exact,
    /// Upper and lower case are the same.
    IgnoreCase,
}
