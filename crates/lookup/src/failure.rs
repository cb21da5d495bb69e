//! Errors of the records that share a request.

use std::any::Any;

use taskferry_sdk::{ErrorKind, StageError};

/// A copy of an error, for one of the records.
pub(crate) fn copy_of(error: &StageError) -> StageError {
    let mut copy = StageError::new(error.kind(), error.full_message());
    if let Some(hint) = error.hint_text() {
        copy = copy.hint(hint);
    }
    if error.is_fatal() {
        copy = copy.fatal();
    }
    if error.is_resumable() { copy } else { copy.not_resumable() }
}

/// The error for a panic in [`LookupTransform::fetch`](crate::LookupTransform::fetch).
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> StageError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the plugin panicked in `fetch`: {}", text.unwrap_or("no message"));
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the plugin; please report it to its authors")
}
