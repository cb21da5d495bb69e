//! Records that are not what the API documents.

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
    /// A value stands at a place where another one is expected.
    Value {
        /// Where in the record: `tasks[3].ai_impact`.
        place: String,
        /// The value that stands there.
        found: Kind,
        /// What is expected there: `a list of tasks`.
        expected: &'static str,
    },
}

impl Mismatch {
    /// The value `found` stands at `place`, where something else is expected.
    pub fn new(place: impl Into<String>, found: Node<'_>, expected: &'static str) -> Self {
        Self::of_kind(place, found.kind(), expected)
    }

    /// A value of the kind `found` stands at `place`, where something else is expected.
    pub fn of_kind(place: impl Into<String>, found: Kind, expected: &'static str) -> Self {
        Self::Value { place: place.into(), found, expected }
    }

    /// What to do about a record that `transform` refuses for this reason.
    pub fn hint(&self, transform: &str) -> String {
        match self {
            Self::Shape => format!(
                "put `{transform}` before the transform that gives records a shape of their own"
            ),
            Self::Value { .. } => {
                "the record is not what the API's pages say; `on_error = \"skip\"` leaves such \
                                   records out, `\"dead_letter\"` keeps them for a replay"
                    .to_owned()
            }
        }
    }

    /// The same mismatch, seen from one level further out.
    pub(crate) fn inside(mut self, outer: &str) -> Self {
        if let Self::Value { place, .. } = &mut self {
            if !place.is_empty() && !place.starts_with('[') {
                place.insert(0, '.');
            }
            place.insert_str(0, outer);
        }
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Value { place, found, expected } = self else {
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
        write!(formatter, "`{place}` is {found}, not {expected}")
    }
}

impl std::error::Error for Mismatch {}
