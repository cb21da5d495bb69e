//! The unit that flows: what one request returned.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{Record, printable};

/// Where a source goes on reading: a text that it made and that it alone reads.
///
/// For `techwolf` that is the `external_id` that the next request starts after (EXPORT-JOBS, seen: "external id of the
/// last Job seen"; at most 100 characters), or, where it reads a listing in parts, one such id for each of them.
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

/// The bytes of a page's answer, which its records share.
pub type PageBody = Bytes;

/// What one request of a source returned.
#[derive(Debug, Clone)]
pub struct Page {
    /// Number of the page within the run, from 1.
    pub number: u64,
    /// The cursor with which the page was asked for; `None` for the first.
    pub cursor: Option<Cursor>,
    /// The cursor of the page after this one; `None` when this is the last.
    pub next: Option<Cursor>,
    /// Size of the answer's body in bytes, after decompression.
    pub bytes: u64,
    /// The records in the source's order.
    pub records: Vec<Record>,
    /// What the source wants to be told of this page when a run resumes behind it, in 16 bytes a piece: which
    /// jobs were there, so that one that comes again is noticed. Opaque to everybody else.
    pub fingerprints: Vec<u128>,
}

impl Page {
    /// The page as a batch of the records that came.
    pub fn into_batch(self) -> Batch {
        Batch { page: self.number, cursor: self.cursor, next: self.next, records: self.records }
    }
}

/// The unit that is delivered and committed: what the transforms made of one page.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Number of the page it came from, from 1.
    pub page: u64,
    /// The cursor with which that page was asked for.
    pub cursor: Option<Cursor>,
    /// The cursor with which a run goes on once this batch is committed; `None` after the last page.
    pub next: Option<Cursor>,
    /// The records in order. May be empty: a page whose records were all filtered is still committed.
    pub records: Vec<Record>,
}
