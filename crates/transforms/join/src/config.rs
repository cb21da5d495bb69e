//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Adds columns of a CSV or NDJSON file to records, by key: for example the names and families of jobs.
///
/// The columns replace fields of the same name. Keys are compared as strings, so leading zeros matter. The file is kept in
/// memory.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The file. A relative path starts at the folder of the pipeline file.
    pub(crate) file: PathBuf,
    /// The format of the file: CSV with a header, or one JSON object a line. By default, the extensions `ndjson`, `jsonl` and
    /// `json` mean NDJSON, and other extensions mean CSV.
    pub(crate) format: Option<FileFormat>,
    /// The field with the key of the record, for example `job_external_id` of rows or `external_id` of jobs.
    pub(crate) key: String,
    /// The column with the key in the file. By default the name in `key`.
    pub(crate) file_key: Option<String>,
    /// The columns to add, in this order.
    #[schemars(extend("minItems" = 1))]
    pub(crate) columns: Vec<String>,
    /// The differences between keys to ignore.
    #[serde(default)]
    pub(crate) normalise: Vec<Normalization>,
    /// The action for a record without a key, or with a key that is not in the file.
    #[serde(default)]
    pub(crate) unmatched: Unmatched,
}

/// The format of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// CSV with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// A difference between keys to ignore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Spaces around the key.
    Spaces,
    /// Upper and lower case.
    Case,
    /// Leading zeros.
    Zeros,
}

/// The action for a record without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// Add the columns with the value null.
    #[default]
    Null,
    /// Keep the record unchanged.
    Keep,
    /// Drop the record.
    Drop,
    /// Refuse the record.
    Fail,
}
