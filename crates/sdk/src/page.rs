//! The unit that flows: what one request returned.

use std::sync::Arc;

use crate::{Cursor, Origin, Record};

/// A record as a source returns it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceRecord {
    /// The record.
    pub record: Record,
    /// What the source calls it, for messages and for keys that stay the same when a page is read again: a job's
    /// `external_id`. `None` where the source has no name for it.
    pub id: Option<Arc<str>>,
}

impl SourceRecord {
    /// A record that the source calls `id`.
    pub fn new(record: Record, id: impl Into<Arc<str>>) -> Self {
        Self { record, id: Some(id.into()) }
    }
}

impl From<Record> for SourceRecord {
    fn from(record: Record) -> Self {
        Self { record, id: None }
    }
}

/// The cursor that a page was requested with, as messages and dead letters show it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestedWith {
    /// The [`next`](Page::next) of the page before.
    #[default]
    PreviousPage,
    /// Another one: that of one of several listings that are read in turn.
    Cursor(Cursor),
    /// None: the page is the first of such a listing.
    NoCursor,
}

/// What one request of a source returned.
///
/// ```
/// use taskferry_sdk::{Cursor, Page, Record, SourceRecord};
///
/// let record = Record::parse(r#"{"external_id": "j1"}"#)?;
/// let page = Page::new(vec![SourceRecord::new(record, "j1")]).followed_by(Cursor::new("j1"));
/// assert_eq!(page.next.unwrap().as_str(), "j1");
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page {
    /// The records in the source's order.
    pub records: Vec<SourceRecord>,
    /// The cursor of the page after this one; `None` when this is the last.
    pub next: Option<Cursor>,
    /// The cursor that the page was requested with.
    pub requested_with: RequestedWith,
    /// Size of the answer's body in bytes, after decompression.
    pub bytes: u64,
    /// What the source gets back of this page when a run resumes behind it, in 16 bytes a piece: which jobs were
    /// there, so that the source notices one that comes again. Opaque to everybody else.
    pub fingerprints: Vec<u128>,
}

impl Page {
    /// The last page of a listing.
    pub fn new(records: Vec<SourceRecord>) -> Self {
        let (requested_with, fingerprints) = (RequestedWith::default(), Vec::new());
        Self { records, next: None, requested_with, bytes: 0, fingerprints }
    }

    /// The same, with a page after it.
    #[must_use]
    pub fn followed_by(mut self, next: Cursor) -> Self {
        self.next = Some(next);
        self
    }
}

/// The unit that is delivered and committed: what the transforms made of one page.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Batch {
    /// Number of the page that it came from, from 1.
    pub page: u64,
    /// The records in order. May be empty: a page whose records were all filtered is still committed.
    pub records: Vec<Record>,
    /// Where each of the records came from.
    pub origins: Vec<Arc<Origin>>,
}

impl Batch {
    /// A batch of the page with this number, without records.
    pub fn new(page: u64) -> Self {
        Self { page, records: Vec::new(), origins: Vec::new() }
    }

    /// Adds a record.
    pub fn push(&mut self, record: Record, origin: impl Into<Arc<Origin>>) {
        self.records.push(record);
        self.origins.push(origin.into());
    }
}
