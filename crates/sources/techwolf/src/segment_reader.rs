//! Reads segments of a listing concurrently and returns their entries in the order of the listing.

use std::collections::VecDeque;
use std::sync::Arc;

use taskferry_sdk::{Cursor, StageError};

use crate::cursor_index::CursorIndex;
use crate::cursor_log::SEGMENT_LENGTH;
use crate::page::{Entry, ListingPage};
use crate::prefetch::Prefetch;
use crate::progress::{MAX_EMPTY_PAGES, repeated_cursor, too_many_empty_pages};
use crate::reader::Reader;

/// The number of consecutive entries outside of the index after which the reader warns and continues with one cursor.
const MAX_ENTRIES_WITHOUT_INDEXED: usize = 3 * SEGMENT_LENGTH;

/// The size limit of the window. `width + 1` segments are allowed, whatever their size.
const WINDOW_BYTES: u64 = 8 << 20;

#[derive(Debug, Clone)]
pub(crate) struct Range {
    /// The cursor that the range starts after; `None` for the start of the listing.
    pub(crate) start: Option<Cursor>,
    /// The range ends with the first entry whose position in the index is `end` or higher; `None` for the end of the listing.
    pub(crate) end: Option<usize>,
}

/// Consecutive entries of the listing.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) entries: Vec<Entry>,
    /// The size of the response that contained the entries.
    pub(crate) bytes: u64,
    /// Whether the range continues after the entries.
    pub(crate) has_more: bool,
}

/// Prefetches segments, and returns their entries in the order of the listing.
///
/// A prefetched page is used only after its cursor has been seen at the end of the segment before it. This proves that the
/// cursor is in the listing, and that one cursor would have requested the same page next. If a later indexed entry comes
/// first, the entries in between were deleted, and the pages after them are dropped. A response to a cursor that
/// does not exist in the listing therefore never reaches the export.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    reader: Reader,
    index: Arc<CursorIndex>,
    range: Range,
    /// The maximum number of concurrent requests.
    width: usize,
    page_size: usize,
    /// The segments in order; the first one is being read.
    window: VecDeque<Segment>,
    /// The position in the index after which the next segment starts.
    next_position: usize,
    /// Whether the position of the first segment in the index is known.
    is_located: bool,
    /// The number and the size of the entries since the last indexed one.
    entries: usize,
    bytes: u64,
    /// The size of the last complete segment.
    segment_bytes: Option<u64>,
    empty_pages: u32,
    end_cursor: Option<Cursor>,
}

#[derive(Debug)]
struct Segment {
    /// The position of its start in the index; `None` if it starts after an entry that is not indexed.
    position: Option<usize>,
    /// The cursor of its next page.
    cursor: Option<Cursor>,
    pages: Prefetch,
    /// Whether the cursor had been seen in the listing when the prefetch started.
    is_verified: bool,
    /// Whether a page of the segment was used. The following pages then start after entries that were seen.
    is_started: bool,
}

impl SegmentReader {
    pub(crate) fn new(
        reader: Reader,
        index: Arc<CursorIndex>,
        range: Range,
        width: usize,
        page_size: usize,
    ) -> Self {
        let position = range.start.as_ref().and_then(|start| index.find(start.as_str()));
        let mut segments = Self {
            reader: reader.with_max_concurrency(width),
            index,
            width,
            page_size,
            window: VecDeque::new(),
            next_position: position.map_or(0, |position| position + 1),
            is_located: position.is_some() || range.start.is_none(),
            range,
            entries: 0,
            bytes: 0,
            segment_bytes: None,
            empty_pages: 0,
            end_cursor: None,
        };
        let first = segments.segment(position, segments.range.start.clone(), true);
        segments.window.push_back(first);
        segments
    }

    /// The indexed entry that ended the range, after it was read. `None` if the listing has no such entry.
    pub(crate) fn end_cursor(&self) -> Option<&Cursor> {
        self.end_cursor.as_ref()
    }

    /// The next entries of the range; `None` at its end.
    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Chunk>, StageError> {
        loop {
            self.fill_window();
            let Some(first) = self.window.front_mut() else { return Ok(None) };
            let is_verified = first.is_verified || first.is_started;
            let reason = match first.pages.next().await {
                Ok(page) if is_verified || is_plausible(&self.index, first.position, &page) => {
                    first.is_started = true;
                    return self.take(page).map(Some);
                }
                Ok(_) => "its cursor may be unknown to the server".to_owned(),
                Err(error) if first.is_verified => return Err(error),
                Err(error) => error.to_string(),
            };
            // The entry may have been created, or the server may have recovered, since the request.
            tracing::debug!("requesting the next page again: {reason}");
            let (position, cursor) = (first.position, first.cursor.clone());
            let again = self.segment(position, cursor, true);
            if let Some(first) = self.window.front_mut() {
                *first = again;
            }
        }
    }

    /// Starts segments up to the maximum number.
    fn fill_window(&mut self) {
        let end = self.range.end.map_or(self.index.len(), |end| end.min(self.index.len()));
        while self.is_located && self.window.len() < self.max_segments() && self.next_position < end
        {
            let position = self.next_position;
            // In an empty window, the cursor of the segment is the last entry that was seen.
            let is_verified = self.window.is_empty();
            let segment = self.segment(Some(position), self.index.cursor(position), is_verified);
            self.window.push_back(segment);
            self.next_position += 1;
        }
    }

    /// The maximum number of segments in the window: as many as fit into [`WINDOW_BYTES`], but at least `width + 1`, so that a late
    /// response does not delay the others, and at most `2 * width`. `width` is the number of concurrent requests.
    fn max_segments(&self) -> usize {
        if self.width == 1 {
            return 1;
        }
        let fitting = self.segment_bytes.map_or(0, |bytes| WINDOW_BYTES / bytes.max(1));
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX);
        fitting.clamp(self.width + 1, 2 * self.width)
    }

    fn segment(
        &self,
        position: Option<usize>,
        cursor: Option<Cursor>,
        is_verified: bool,
    ) -> Segment {
        // The pages of a segment, and one more page in case entries were created or the last entry was deleted.
        let capacity = SEGMENT_LENGTH.div_ceil(self.page_size.max(1)) + 1;
        let index = Arc::clone(&self.index);
        let is_last =
            move |page: &ListingPage| index.first_after(&page.entries, position).is_some();
        // A page that is not due yet is requested without retries, which would delay other pages. If the request fails, the
        // page is requested again when it is due.
        let reader = if is_verified { self.reader.clone() } else { self.reader.without_retries() };
        let pages = Prefetch::start(reader, cursor.clone(), capacity, is_last);
        Segment { position, cursor, pages, is_verified, is_started: false }
    }

    /// Returns the entries of the first segment, and advances to the next segment at its end.
    fn take(&mut self, mut page: ListingPage) -> Result<Chunk, StageError> {
        self.check_progress(&page)?;
        self.bytes += page.bytes;
        let position = self.window.front().and_then(|first| first.position);
        let mut has_more = page.next.is_some();
        if let Some((last, position)) = self.index.first_after(&page.entries, position) {
            has_more |= last + 1 < page.entries.len();
            page.entries.truncate(last + 1);
            has_more = self.advance_to(position, has_more);
        } else if let Some(next) = page.next {
            self.entries += page.entries.len();
            self.stop_prefetch_if_lost();
            if let Some(first) = self.window.front_mut() {
                first.cursor = Some(next);
            }
        } else {
            self.end();
        }
        Ok(Chunk { entries: page.entries, bytes: page.bytes, has_more })
    }

    /// Advances to the segment that starts after `position`. Returns false at the end of the range.
    fn advance_to(&mut self, position: usize, has_more: bool) -> bool {
        (self.is_located, self.entries) = (true, 0);
        self.segment_bytes = Some(std::mem::take(&mut self.bytes));
        let is_range_end = self.range.end.is_some_and(|end| position >= end);
        if is_range_end {
            self.end_cursor = self.index.cursor(position);
        }
        if is_range_end || !has_more {
            self.end();
            return false;
        }
        self.window.pop_front();
        while self.window.front().is_some_and(|first| first.position < Some(position)) {
            self.window.pop_front();
        }
        if self.window.is_empty() {
            self.next_position = position;
        }
        true
    }

    fn end(&mut self) {
        self.window.clear();
        self.next_position = self.index.len();
    }

    /// Continues with one cursor if the listing contains no indexed entries any more.
    fn stop_prefetch_if_lost(&mut self) {
        let expects_indexed = self.next_position < self.index.len() || self.window.len() > 1;
        let is_lost = self.entries > MAX_ENTRIES_WITHOUT_INDEXED && self.is_located;
        if is_lost && expects_indexed && self.width > 1 {
            tracing::warn!(
                "the last {} records match no saved cursor: the run continues with one cursor",
                self.entries
            );
            self.width = 1;
            self.window.truncate(1);
        }
    }

    /// Checks the progress of the listing on the pages as the server sent them, before
    /// [`Repaginator`](crate::repaginator::Repaginator) changes their boundaries.
    fn check_progress(&mut self, page: &ListingPage) -> Result<(), StageError> {
        if let Some(next) = page.next.as_ref().filter(|next| page.cursor.as_ref() == Some(next)) {
            return Err(repeated_cursor(next));
        }
        self.empty_pages = if page.entries.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > MAX_EMPTY_PAGES { Err(too_many_empty_pages()) } else { Ok(()) }
    }
}

/// Whether a page may follow the indexed entry at `position`, which was not seen in the listing before the request. A server
/// may answer an unknown cursor with the end of the listing or with its start.
fn is_plausible(index: &CursorIndex, position: Option<usize>, page: &ListingPage) -> bool {
    let precedes = |id: &str| index.find(id).is_some_and(|found| Some(found) <= position);
    page.next.is_some() && !page.entries.iter().any(|entry| precedes(&entry.id))
}
