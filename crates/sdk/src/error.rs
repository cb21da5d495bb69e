//! The one error of all stages.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::printable;

/// What went wrong, as far as it helps to decide what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What the stage was told in the pipeline file can't work.
    Config,
    /// Credentials were refused.
    Auth,
    /// The other side asks for patience (429).
    RateLimited,
    /// The other side understood and said no (4xx).
    Refused,
    /// The other side could not answer (5xx).
    Unavailable,
    /// No answer in time.
    Timeout,
    /// No connection, or one that broke.
    Network,
    /// What came is not what was agreed upon: not JSON, cut short, a key missing.
    Malformed,
    /// The listing does not get on: a cursor that stands still or comes again, a page that was there before.
    NoProgress,
    /// A file or stream could not be read or written.
    Io,
    /// A record that the stage can't work on.
    Record,
    /// A limit set for the stage was passed: time for a record, number of results, size of an answer.
    Limit,
    /// The plugin itself failed, by a panic for example.
    Defect,
}

/// Whether trying again can help. Retrying looks at this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// It may work the next time.
    Temporary,
    /// It will fail again.
    Permanent,
}

/// What a stage says when it can't go on, or can't work on one record.
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
    retry_after: Option<Duration>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl StageError {
    /// A permanent error. The message says in lower case what happened, without a full stop. It may repeat what a record or
    /// a server says: it becomes [one printable line](printable).
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            status: Status::Permanent,
            message: clean(message.into()),
            hint: None,
            record: None,
            resumable: true,
            retry_after: None,
            cause: None,
        }))
    }

    /// Says that trying again may help.
    #[must_use]
    pub fn temporary(mut self) -> Self {
        self.0.status = Status::Temporary;
        self
    }

    /// Says that trying again will not help, or that enough was tried.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.0.status = Status::Permanent;
        self
    }

    /// Says what the reader can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(clean(hint.into()));
        self
    }

    /// Says how long the other side asked to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Puts words before the message: what was being done when it happened.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = clean(format!("{context}: {}", self.0.message));
        self
    }

    /// Says which record of the page or the batch the error is about, from 0, unless that is said already. A transform has no
    /// need to: it works on one record.
    #[must_use]
    pub fn at_record(mut self, index: usize) -> Self {
        self.0.record.get_or_insert(index);
        self
    }

    /// Removes the index of the record. For an error whose message locates the record, because the page that the record is in
    /// is not one of the pages of the run.
    #[must_use]
    pub fn without_record(mut self) -> Self {
        self.0.record = None;
        self
    }

    /// Keeps the error underneath; its text is shown after the message.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// Says that going on where the run ended can't help, since it would end there again: the next run starts over.
    #[must_use]
    pub fn not_resumable(mut self) -> Self {
        self.0.resumable = false;
        self
    }

    /// Whether the next run starts over instead of going on where this one ended.
    pub fn is_resumable(&self) -> bool {
        self.0.resumable
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether trying again can help.
    pub fn is_temporary(&self) -> bool {
        self.0.status == Status::Temporary
    }

    /// What the reader can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The record of the page or the batch that it is about.
    pub fn record(&self) -> Option<usize> {
        self.0.record
    }

    /// How long the other side asked to wait before the next attempt.
    pub fn wait(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The message and the texts of all causes, in one line.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_message_contains_each_cause_once() {
        let io = std::io::Error::other("disk on fire");
        let error =
            StageError::new(ErrorKind::Io, "can't write `out.csv`").caused_by(io).context("page 3");
        assert_eq!(error.full_message(), "page 3: can't write `out.csv`: disk on fire");
    }

    #[test]
    fn control_characters_in_errors_are_escaped() {
        let cause = std::io::Error::other("cause \u{1b}[2J\u{9b}31m");
        let error = StageError::new(ErrorKind::Io, "message \u{1b}]0;x\u{7}")
            .context("context \r\n")
            .hint("hint \u{202e}")
            .caused_by(cause);
        let all = [error.full_message(), error.to_string(), error.hint_text().unwrap().to_owned()];
        assert!(!all.concat().chars().any(crate::is_unprintable), "{all:?}");
        assert!(error.full_message().contains(r"cause \u{1b}[2J\u{9b}31m"), "{all:?}");
    }

    #[test]
    fn an_error_is_one_pointer_wide() {
        assert_eq!(size_of::<Result<(), StageError>>(), size_of::<usize>());
    }
}
