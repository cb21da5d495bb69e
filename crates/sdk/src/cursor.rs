//! Cursors.

use std::fmt;
use std::sync::Arc;

use crate::printable;

/// The position at which a source resumes reading: a text that only the source interprets, such as the id that a request
/// starts after.
///
/// Checkpoints and messages contain it, so it must hold no secret.
///
/// ```
/// use taskferry_sdk::Cursor;
///
/// let cursor = Cursor::new("job-17");
/// assert_eq!(cursor.as_str(), "job-17");
/// assert_eq!(Cursor::new("a\u{1b}b").to_string(), r"a\u{1b}b");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor(Arc<str>);

impl Cursor {
    /// A cursor with the source's text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The source's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// Writes the text in [printable] form.
impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&printable(&self.0))
    }
}
