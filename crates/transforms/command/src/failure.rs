//! Why a program did not answer.

use taskferry_sdk::{ErrorKind, StageError};

/// A failure, which may be the reason to refuse several records.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds the last line on standard error, which usually names the cause.
    pub(crate) fn last_message(mut self, line: &str) -> Self {
        if !line.is_empty() {
            self.hint = Some(format!("its last message: {line}"));
        }
        self
    }

    pub(crate) fn error(&self) -> StageError {
        let error = StageError::new(self.kind, &*self.message);
        match &self.hint {
            Some(hint) => error.hint(&**hint),
            None => error,
        }
    }
}
