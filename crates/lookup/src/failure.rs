//! An error that several records get.

use std::any::Any;

use taskferry_sdk::{ErrorKind, StageError};

/// The copy of an error.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    pub(crate) is_fatal: bool,
    is_resumable: bool,
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        Self {
            kind: error.kind(),
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
            is_fatal: error.is_fatal(),
            is_resumable: error.is_resumable(),
        }
    }
}

impl Failure {
    pub(crate) fn error(&self) -> StageError {
        let mut error = StageError::new(self.kind, self.message.clone());
        if let Some(hint) = &self.hint {
            error = error.hint(hint);
        }
        if self.is_fatal {
            error = error.fatal();
        }
        if self.is_resumable { error } else { error.not_resumable() }
    }
}

/// The error of a request whose code has panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> StageError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the plugin panicked in `fetch`: {}", text.unwrap_or("no message"));
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the plugin; please report it to its authors")
}
