//! The errors of parsing.

use std::fmt;

/// Why a text is not a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not JSON.
    Syntax,
    /// A string is not UTF-8.
    Utf8,
    /// A string has an unpaired surrogate, which is valid JSON but not a character.
    Surrogate,
    /// Values are nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep,
    /// The text is longer than an index can address (4 GiB).
    TooLarge,
    /// Text follows the end of the document.
    Trailing,
}

/// Why a text is not a document, with the offset.
///
/// ```
/// use taskferry_json::{Document, ErrorKind};
///
/// let error = Document::parse(r#"{"tasks": [1, 02]}"#).unwrap_err();
/// assert_eq!((error.kind(), error.offset()), (ErrorKind::Syntax, 15));
/// assert_eq!(error.to_string(), "expected `,` or `]` at byte 15");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
    message: &'static str,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: usize, message: &'static str) -> Self {
        Self { kind, offset, message }
    }

    pub(crate) fn syntax(offset: usize, message: &'static str) -> Self {
        Self::new(ErrorKind::Syntax, offset, message)
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The offset of the error in bytes.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for Error {}
