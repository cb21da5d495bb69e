//! Reads segments of a listing and returns the pages that one cursor would return.

use std::collections::VecDeque;

use async_trait::async_trait;
use taskferry_sdk::{Cursor, StageError};

use crate::page::{Entry, ListingPage};
use crate::segment_reader::{Chunk, SegmentReader};
use crate::stream::PageStream;

/// Divides chunks of the listing into pages of `page_size` entries, like a server that fills its pages. So everything that
/// depends on pages (frames of a compressed file, batches of a webhook, checkpoints) is the same for any number of cursors.
#[derive(Debug)]
pub(crate) struct Repaginator {
    segments: SegmentReader,
    page_size: usize,
    /// The cursor of the next page.
    cursor: Option<Cursor>,
    pending: VecDeque<Entry>,
    /// The size of the responses since the last page.
    bytes: u64,
    /// Whether the listing continues after the pending entries.
    has_more: bool,
    is_done: bool,
}

impl Repaginator {
    /// The first page starts after `start`.
    pub(crate) fn new(segments: SegmentReader, page_size: usize, start: Option<Cursor>) -> Self {
        Self {
            segments,
            page_size,
            cursor: start,
            pending: VecDeque::new(),
            bytes: 0,
            has_more: true,
            is_done: false,
        }
    }

    /// The indexed entry that ended the range, after it was read. `None` if the listing has no such entry.
    pub(crate) fn end_cursor(&self) -> Option<&Cursor> {
        self.segments.end_cursor()
    }

    /// The next page, if all of its entries were read.
    fn pending_page(&mut self) -> Option<ListingPage> {
        if self.pending.len() < self.page_size && self.has_more {
            return None;
        }
        let count = self.page_size.min(self.pending.len());
        let entries: Vec<Entry> = self.pending.drain(..count).collect();
        self.is_done = !self.has_more && self.pending.is_empty();
        let last = entries.last().map(|entry| Cursor::new(entry.id.clone()));
        let next = last.filter(|_| !self.is_done);
        let cursor = std::mem::replace(&mut self.cursor, next.clone());
        Some(ListingPage::new(cursor, next, std::mem::take(&mut self.bytes), entries))
    }
}

#[async_trait]
impl PageStream for Repaginator {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        while !self.is_done {
            if let Some(page) = self.pending_page() {
                return Ok(Some(page));
            }
            let Some(Chunk { entries, bytes, has_more }) = self.segments.next_chunk().await? else {
                break;
            };
            self.pending.extend(entries);
            self.bytes += bytes;
            self.has_more = has_more;
        }
        Ok(None)
    }
}
