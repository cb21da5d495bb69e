//! Errors with their stage and record.

use std::fmt;

use taskferry_sdk::{Origin, StageError};

use crate::StageId;

/// The error of a stage, with the stage and the origin of the record.
pub struct StageFailure(Box<Inner>);

struct Inner {
    error: StageError,
    stage: Option<StageId>,
    origin: Option<Origin>,
}

impl StageFailure {
    /// The error of a stage.
    pub fn of(stage: &StageId, error: StageError) -> Self {
        Self(Box::new(Inner { error, stage: Some(stage.clone()), origin: None }))
    }

    /// Sets the origin of the record.
    #[must_use]
    pub fn at(mut self, origin: &Origin) -> Self {
        self.0.origin = Some(origin.clone());
        self
    }

    /// The stage's error.
    pub fn error(&self) -> &StageError {
        &self.0.error
    }

    /// The stage that failed; `None` for an error outside of the stages.
    pub fn stage(&self) -> Option<&StageId> {
        self.0.stage.as_ref()
    }

    /// The origin of the record.
    pub fn origin(&self) -> Option<&Origin> {
        self.0.origin.as_ref()
    }
}

/// An error outside of the stages.
impl From<StageError> for StageFailure {
    fn from(error: StageError) -> Self {
        Self(Box::new(Inner { error, stage: None, origin: None }))
    }
}

impl fmt::Debug for StageFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StageFailure")
            .field("stage", &self.0.stage)
            .field("origin", &self.0.origin)
            .field("error", &self.0.error)
            .finish()
    }
}
