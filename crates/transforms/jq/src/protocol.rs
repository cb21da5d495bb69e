//! The protocol between the transform and its worker processes: lines of JSON.
//!
//! The first line is the [`Setup`]. Every further line is a record. The worker answers each line with one [`Reply`] line,
//! followed by one line for each result.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskferry_sdk::{ErrorKind, StageError};

use crate::clock::Clock;
use crate::limits::Limits;

/// The configuration of a worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) filter: String,
    pub(crate) args: BTreeMap<String, Value>,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    /// The memory limit in bytes.
    pub(crate) memory: u64,
}

/// The answer to one record.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// The number of results that follow, one a line.
    Results(usize),
    Refused(Refusal),
}

/// Why a record was refused: the parts of a [`StageError`] that a worker can cause.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    is_limit: bool,
    message: String,
    hint: Option<String>,
}

impl From<&StageError> for Refusal {
    fn from(error: &StageError) -> Self {
        Self {
            is_limit: error.kind() == ErrorKind::Limit,
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<Refusal> for StageError {
    fn from(refusal: Refusal) -> Self {
        let kind = if refusal.is_limit { ErrorKind::Limit } else { ErrorKind::Record };
        let error = StageError::new(kind, refusal.message);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
