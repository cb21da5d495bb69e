//! The error type of all stages.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::printable;

/// The category of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The options of the stage can't work.
    Config,
    /// Credentials were refused.
    Auth,
    /// The server's rate limit was exceeded (429).
    RateLimited,
    /// The server refused the request (4xx).
    Refused,
    /// The server failed (5xx).
    Unavailable,
    /// A response did not arrive in time.
    Timeout,
    /// A connection failed.
    Network,
    /// Data has the wrong format: not JSON, truncated, a key missing.
    Malformed,
    /// The listing makes no progress: its cursor does not advance, or pages repeat.
    NoProgress,
    /// Reading or writing a file or stream failed.
    Io,
    /// The stage can't process a record.
    Record,
    /// A limit of the stage was exceeded: time per record, number of results, response size.
    Limit,
    /// The plugin has a defect, such as a panic.
    Defect,
}

/// Whether a retry can succeed. Retry decisions depend on nothing else.
///
/// ```
/// use taskferry_sdk::{ErrorKind, StageError};
///
/// let error = || StageError::new(ErrorKind::Network, "the connection was closed");
/// assert!(!error().is_temporary());
/// assert!(error().temporary().is_temporary());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// A retry may succeed.
    Temporary,
    /// A retry will fail.
    Permanent,
}

/// The error of a stage, or of one record.
///
/// Messages are lower case, without a full stop. They may contain text from records and servers: the error stores them as [one
/// printable line](printable).
///
/// ```
/// use taskferry_sdk::{ErrorKind, StageError};
///
/// let error = StageError::new(ErrorKind::RateLimited, "the server answered 429 Too Many Requests")
///     .temporary()
///     .hint("lower the number of runs that share this tenant");
/// assert!(error.is_temporary());
/// assert_eq!(error.to_string(), "the server answered 429 Too Many Requests");
/// ```
pub struct StageError(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    status: Status,
    message: String,
    hint: Option<String>,
    record: Option<usize>,
    resumable: bool,
    fatal: bool,
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl StageError {
    /// A permanent error.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            status: Status::Permanent,
            message: clean(message.into()),
            hint: None,
            record: None,
            resumable: true,
            fatal: false,
            retry_after: None,
            cause: None,
        }))
    }

    /// Marks the error as temporary: a retry may succeed.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.0.status = Status::Temporary;
        self
    }

    /// Marks the error as permanent: a retry will fail, or the retries are used up.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.0.status = Status::Permanent;
        self
    }

    /// Sets the hint: what to do about the error.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(clean(hint.into()));
        self
    }

    /// Sets the wait that the server requested.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Prefixes the message with the operation that failed.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = clean(format!("{context}: {}", self.0.message));
        self
    }

    /// Sets the position of the record in its page or batch, from 0, if no position is set. Transforms don't need this
    /// method, because they process one record at a time.
    #[must_use]
    pub fn at_record(mut self, index: usize) -> Self {
        self.0.record.get_or_insert(index);
        self
    }

    /// Removes the position of the record, for an error in a page that does not belong to the run. The message must contain the
    /// position.
    #[must_use]
    pub fn without_record(mut self) -> Self {
        self.0.record = None;
        self
    }

    /// Sets the underlying error, whose text follows the message.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Marks the run as not resumable, because it would fail again at the same position. The next run starts over.
    #[must_use]
    pub fn not_resumable(mut self) -> Self {
        self.0.resumable = false;
        self
    }

    /// Marks the error as fatal: it concerns the stage, not a single record, and ends the run regardless of `on_error`. For example,
    /// a program of the transform can't be started.
    #[must_use]
    pub fn fatal(mut self) -> Self {
        self.0.fatal = true;
        self
    }

    /// Whether the error concerns the stage, not a single record.
    pub fn is_fatal(&self) -> bool {
        self.0.fatal
    }

    /// Whether the next run may resume this one.
    pub fn is_resumable(&self) -> bool {
        self.0.resumable
    }

    /// The category.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a retry may succeed.
    pub fn is_temporary(&self) -> bool {
        self.0.status == Status::Temporary
    }

    /// What to do about the error.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The position of the record in its page or batch.
    pub fn record(&self) -> Option<usize> {
        self.0.record
    }

    /// The wait that the server requested.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The message and the texts of all causes, on one line.
    pub fn full_message(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            let next = clean(error.to_string());
            if !text.contains(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
            cause = error.source();
        }
        clean(text)
    }
}

/// The text as one printable line.
fn clean(text: String) -> String {
    match printable(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

impl fmt::Debug for StageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StageError")
            .field("kind", &self.0.kind)
            .field("status", &self.0.status)
            .field("record", &self.0.record)
            .field("message", &self.full_message())
            .field("hint", &self.0.hint)
            .finish()
    }
}

impl Error for StageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as &(dyn Error + 'static))
    }
}
