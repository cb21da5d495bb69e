//! Pages of a listing.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::IgnoredAny;
use taskferry_json::{Kind, Node};
use taskferry_sdk::{Cursor, ErrorKind, Page, Record, RequestedWith, SourceRecord, StageError};

use crate::fields::{NOT_AN_OBJECT, field, parse_object};

const EXTERNAL_ID: &str = "external_id";

#[derive(Debug)]
pub(crate) struct ListingPage {
    /// The cursor of the request; `None` for the first page.
    pub(crate) cursor: Option<Cursor>,
    /// The cursor of the next page of this listing; `None` for the last page.
    pub(crate) next: Option<Cursor>,
    /// The cursor at which a run resumes after this page: `next`, unless the run reads several listings in turn.
    pub(crate) resume: Option<Cursor>,
    /// Whether the run reads several listings in turn.
    pub(crate) is_partitioned: bool,
    /// The size of the response after decompression.
    pub(crate) bytes: u64,
    pub(crate) entries: Vec<Entry>,
    /// The fingerprints of the entries, from the check of the listing's progress.
    pub(crate) fingerprints: Vec<u128>,
}

/// The task profile of one job or employee.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Arc<str>,
    pub(crate) record: Record,
}

impl ListingPage {
    pub(crate) fn new(
        cursor: Option<Cursor>,
        next: Option<Cursor>,
        bytes: u64,
        entries: Vec<Entry>,
    ) -> Self {
        let (resume, fingerprints) = (next.clone(), Vec::new());
        Self { cursor, next, resume, is_partitioned: false, bytes, entries, fingerprints }
    }

    /// Parses the response to the request for the page after `cursor`. The records share its bytes and its index.
    pub(crate) fn parse(body: &Bytes, cursor: Option<Cursor>) -> Result<Self, StageError> {
        let no_page = |error: String| {
            let message = format!("the response is not a page of the export: {error}");
            StageError::new(ErrorKind::Malformed, message).temporary()
        };
        let json = parse_object(body).map_err(no_page)?;
        // The fields of a page (all seen). A page may have other fields, in any order.
        let root = json.root();
        let has_next: bool = field(root, "has_next").map_err(no_page)?;
        let records = match root.get("records") {
            Some(records) if records.kind() == Kind::Array => records,
            _ => return Err(no_page(array_error(root))),
        };
        // EXPORT-JOBS, seen: "external id of the last Job seen"; at most 100 characters.
        let next: Option<String> = match root.get("next_starting_after") {
            Some(_) => field(root, "next_starting_after").map_err(no_page)?,
            None => None,
        };
        let next = next.filter(|next| !next.is_empty()).map(Cursor::new);
        let next = match (has_next, next) {
            // An empty page may be complete after a retry.
            (true, None) if records.is_empty() => return Err(missing_cursor().temporary()),
            (true, None) => return Err(missing_cursor()),
            (true, next) => next,
            (false, next) => {
                if let Some(next) = next {
                    let page = page_after(cursor.as_ref());
                    tracing::warn!(
                        "{page}: `has_next` is false, so the cursor `{next}` in the response is ignored"
                    );
                }
                None
            }
        };
        let mut entries = Vec::with_capacity(records.len());
        for (index, record) in records.items().enumerate() {
            let id = external_id(record).map_err(|error| {
                let message =
                    format!("record {} of the page is not a task profile: {error}", index + 1);
                StageError::new(ErrorKind::Malformed, message).temporary().at_record(index)
            })?;
            entries.push(Entry { id, record: Record::from_node(record) });
        }
        Ok(Self::new(cursor, next, body.len() as u64, entries))
    }

    pub(crate) fn last_id(&self) -> Option<&Arc<str>> {
        self.entries.last().map(|entry| &entry.id)
    }

    /// Converts the page for the engine.
    pub(crate) fn into_page(self) -> Page {
        let records =
            self.entries.into_iter().map(|entry| SourceRecord::new(entry.record, entry.id));
        let mut page = Page::new(records.collect());
        if self.is_partitioned {
            let cursor = self.cursor.map(RequestedWith::Cursor);
            page.requested_with = cursor.unwrap_or(RequestedWith::NoCursor);
        }
        (page.next, page.bytes, page.fingerprints) = (self.resume, self.bytes, self.fingerprints);
        page
    }
}

/// Splits the body of a response into records, which share its bytes.
///
/// If an object has several fields with the same key, the last one counts. A byte order mark is ignored. A record that is JSON
/// but can't be indexed (nested too deeply, half of a surrogate pair) stays a record of the page: the first stage that reads
/// it refuses it.
///
/// ```
/// use bytes::Bytes;
///
/// let body = Bytes::from_static(br#"{"has_next": false, "records": [{"external_id": "j1", "tasks": []}]}"#);
/// let page = taskferry_source_techwolf::split_page(&body).unwrap();
/// assert_eq!(page.records[0].record.to_json(), r#"{"external_id": "j1", "tasks": []}"#);
/// assert!(page.next.is_none());
/// ```
///
/// # Errors
/// [`ErrorKind::Malformed`]: temporary if the body is not a page or one of its records is not a task profile, because a
/// retry may return a complete response; permanent if the page has records and `has_next` but no cursor.
pub fn split_page(body: &Bytes) -> Result<Page, StageError> {
    ListingPage::parse(body, None).map(ListingPage::into_page)
}

/// The name of a page without a number, for messages.
pub(crate) fn page_after(cursor: Option<&Cursor>) -> String {
    match cursor {
        Some(cursor) => format!("the page after `{cursor}`"),
        None => "the first page".to_owned(),
    }
}

/// The name of a page of the run, for messages.
pub(crate) fn page_number(number: u64, cursor: Option<&Cursor>) -> String {
    match cursor {
        Some(cursor) => format!("page {number} (after `{cursor}`)"),
        None => format!("page {number} (the first)"),
    }
}

fn external_id(record: Node<'_>) -> Result<Arc<str>, String> {
    match record.get(EXTERNAL_ID).and_then(Node::as_str) {
        Some(id) => Ok(Arc::from(id)),
        None if record.kind() != Kind::Object => Err(NOT_AN_OBJECT.to_owned()),
        None => field::<String>(record, EXTERNAL_ID).map(Arc::from),
    }
}

/// The reason why `records` is not an array.
fn array_error(page: Node<'_>) -> String {
    field::<Vec<IgnoredAny>>(page, "records").err().unwrap_or_default()
}

fn missing_cursor() -> StageError {
    let message = "`has_next` is true, but `next_starting_after` is missing or empty";
    StageError::new(ErrorKind::Malformed, message)
        .hint("the export can't be completed; report this response to TechWolf")
}
