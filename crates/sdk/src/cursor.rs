//! Cursors.

use std::fmt;
use std::sync::Arc;

use crate::printable;

/// Where a source resumes reading: a text that the source makes and that only the source interprets.
///
/// It is kept in the checkpoint, and shown in messages: an id that a request starts after, or a short text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor(Arc<str>);

impl Cursor {
    /// A cursor from the text that the source handed out.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text as the source wants it back.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

/// As messages show it: [printable].
impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&printable(&self.0))
    }
}
