//! Pages, as sources return them, and batches, as sinks receive them.

use std::sync::Arc;

use crate::{Cursor, Origin, Record};

/// A record as a source returns it.
///
/// ```
/// use taskferry_sdk::{Record, SourceRecord};
///
/// let record = SourceRecord::new(Record::parse(r#"{"external_id": "j1"}"#)?, "j1");
/// assert_eq!(record.id.as_deref(), Some("j1"));
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SourceRecord {
    /// The record.
    pub record: Record,
    /// The id of the record in the source, such as the `external_id` of a job. Messages contain the id, and idempotency
    /// keys depend on it, so the id must be the same when a page is read again.
    pub id: Option<Arc<str>>,
}

impl SourceRecord {
    /// A record with an id.
    pub fn new(record: Record, id: impl Into<Arc<str>>) -> Self {
        Self { record, id: Some(id.into()) }
    }
}

impl From<Record> for SourceRecord {
    fn from(record: Record) -> Self {
        Self { record, id: None }
    }
}

/// The cursor with which a page was requested, for messages and dead letters.
///
/// ```
/// use taskferry_sdk::{Cursor, Page, RequestedWith};
///
/// let mut page = Page::new(Vec::new());
/// assert_eq!(page.requested_with, RequestedWith::PreviousPage);
/// page.requested_with = RequestedWith::Cursor(Cursor::new("j10"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestedWith {
    /// The [`next`](Page::next) of the previous page.
    #[default]
    PreviousPage,
    /// The cursor of one of several listings that are read in turn.
    Cursor(Cursor),
    /// No cursor: the page is the first of such a listing.
    NoCursor,
}

/// The result of one request of a source.
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
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<Cursor>,
    /// The cursor with which the page was requested.
    pub requested_with: RequestedWith,
    /// Size of the response body in bytes, after decompression.
    pub bytes: u64,
    /// Fingerprints of the page's jobs. A resumed run returns all fingerprints to the source, so that the source can
    /// detect repeated jobs. Only the source interprets them.
    pub fingerprints: Vec<u128>,
}

impl Page {
    /// The last page of a listing.
    pub fn new(records: Vec<SourceRecord>) -> Self {
        let (requested_with, fingerprints) = (RequestedWith::default(), Vec::new());
        Self { records, next: None, requested_with, bytes: 0, fingerprints }
    }

    /// Sets the cursor of the next page.
    #[must_use]
    pub fn followed_by(mut self, next: Cursor) -> Self {
        self.next = Some(next);
        self
    }
}

/// A page after the transforms: the unit of delivery.
///
/// ```
/// use taskferry_sdk::{Batch, Origin, Record};
///
/// let mut batch = Batch::new(1);
/// batch.push(Record::parse(r#"{"task_id": "t1"}"#)?, Origin { page: 1, ..Origin::default() });
/// assert_eq!((batch.records.len(), batch.origins.len()), (1, 1));
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Batch {
    /// Number of the page, from 1.
    pub page: u64,
    /// The records in order. A page whose records were all filtered is committed as an empty batch.
    pub records: Vec<Record>,
    /// The origin of each record.
    pub origins: Vec<Arc<Origin>>,
}

impl Batch {
    /// An empty batch.
    pub fn new(page: u64) -> Self {
        Self { page, records: Vec::new(), origins: Vec::new() }
    }

    /// Adds a record.
    pub fn push(&mut self, record: Record, origin: impl Into<Arc<Origin>>) {
        self.records.push(record);
        self.origins.push(origin.into());
    }
}
