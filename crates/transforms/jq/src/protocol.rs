//! What the transform and its worker process say to each other: lines of JSON.
//!
//! The worker is told its [`Setup`] first and answers like to a record. Then every line is a record, answered by
//! one line with a [`Reply`] and, below it, as many lines as there are results.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskferry_sdk::{ErrorKind, StageError};

use crate::limits::Limits;

/// What a worker has to know before the first record.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) filter: String,
    pub(crate) args: BTreeMap<String, Value>,
    pub(crate) limits: Limits,
    /// Bytes of memory that the worker may have.
    pub(crate) memory: u64,
}

/// What a worker says about one record.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Reply {
    /// So many results follow, one a line.
    Results(usize),
    /// The record was refused.
    Refused(Refusal),
}

/// Why a record was refused: as much of a [`StageError`] as a worker needs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    passed_a_limit: bool,
    message: String,
    hint: Option<String>,
}

impl From<&StageError> for Refusal {
    fn from(error: &StageError) -> Self {
        Self {
            passed_a_limit: error.kind() == ErrorKind::Limit,
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
        }
    }
}

impl From<Refusal> for StageError {
    fn from(refusal: Refusal) -> Self {
        let kind = if refusal.passed_a_limit { ErrorKind::Limit } else { ErrorKind::Record };
        let error = StageError::new(kind, refusal.message);
        match refusal.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
