//! Records that differ from the API's documentation.

use std::fmt;

use taskferry_json::{Kind, Node};

/// Why a record can't be read as a task profile.
///
/// ```
/// use taskferry_json::Document;
/// use taskferry_profile::Profile;
///
/// let job = Document::parse(r#"{"external_id": "j1", "domains": [{"domain": "Finance", "tasks": "x"}]}"#)?;
/// let mismatch = Profile::of(job.root()).unwrap_err();
/// assert_eq!(mismatch.to_string(), "`domains[0].tasks` is a string, not a list of tasks");
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// The record is neither a job nor a row.
    Shape,
    /// A value of an unexpected type.
    Value {
        /// The path in the record: `tasks[3].ai_impact`.
        path: String,
        /// The type of the value.
        found: Kind,
        /// The expected value: `a list of tasks`.
        expected: &'static str,
    },
}

impl Mismatch {
    /// The value `found` at `path` is not the expected one.
    pub fn new(path: impl Into<String>, found: Node<'_>, expected: &'static str) -> Self {
        Self::of_kind(path, found.kind(), expected)
    }

    /// A value of the type `found` at `path` is not the expected one.
    pub fn of_kind(path: impl Into<String>, found: Kind, expected: &'static str) -> Self {
        Self::Value { path: path.into(), found, expected }
    }

    /// The hint for a record that `transform` refuses.
    pub fn hint(&self, transform: &str) -> String {
        match self {
            Self::Shape => format!(
                "move `{transform}` before the transform that changes the shape of records"
            ),
            Self::Value { .. } => {
                "the record does not match the API's documentation; set `on_error = \"skip\"` to drop such records, or `\"dead_letter\"` to store them for a replay"
                    .to_owned()
            }
        }
    }

    /// Adds the key of a parent to the path.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        if let Self::Value { path, .. } = &mut self {
            if !path.is_empty() && !path.starts_with('[') {
                path.insert(0, '.');
            }
            path.insert_str(0, outer);
        }
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Value { path, found, expected } = self else {
            return formatter.write_str("the record is neither a job, nor a task, nor a row");
        };
        let found = match found {
            Kind::Null => "null",
            Kind::Bool => "a boolean",
            Kind::Number => "a number",
            Kind::String => "a string",
            Kind::Array => "a list",
            Kind::Object => "an object",
        };
        write!(formatter, "`{path}` is {found}, not {expected}")
    }
}

impl std::error::Error for Mismatch {}
