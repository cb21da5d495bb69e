//! The meaning of status codes.

use taskferry_sdk::{ErrorKind, StageError};

/// Converts an HTTP status code to an error: 408, 425, 429 and 5xx are temporary, all others are permanent.
pub(crate) fn status_error(status: u16, message: impl Into<String>) -> StageError {
    let (kind, temporary) = match status {
        300..=399 => (ErrorKind::Config, false),
        401 | 403 | 407 => (ErrorKind::Auth, false),
        408 | 504 => (ErrorKind::Timeout, true),
        425 | 500..=599 => (ErrorKind::Unavailable, true),
        429 => (ErrorKind::RateLimited, true),
        _ => (ErrorKind::Refused, false),
    };
    let error = StageError::new(kind, message);
    if temporary { error.temporary() } else { error }
}
