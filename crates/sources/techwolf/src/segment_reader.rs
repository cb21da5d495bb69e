//! The listing in its order, read at several places at once.

use std::collections::VecDeque;
use std::sync::Arc;

use taskferry_sdk::{Cursor, StageError};

use crate::cursor_index::CursorIndex;
use crate::cursor_log::SEGMENT_JOBS;
use crate::page::ListingPage;
use crate::prefetch::Prefetch;
use crate::progress::{EMPTY_PAGES, stands_still, too_many_empty};
use crate::reader::Reader;
use crate::repaginator::Stretch;

/// After how many jobs without a remembered one among them a warning is due, and the run goes on with one cursor.
const LOST_AFTER: usize = 3 * SEGMENT_JOBS;

/// How much the segments may hold together that are requested or wait for their turn, unless `width` segments hold more.
const WINDOW_BYTES: u64 = 8 << 20;

/// Which part of the listing to read.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    /// Where it begins; `None` for the beginning of the listing.
    pub(crate) start: Option<Cursor>,
    /// Where it ends: with the first job that is the remembered one at this position or behind it. `None` for the end of
    /// the listing.
    pub(crate) end: Option<usize>,
}

/// Reads segments ahead, and returns what they hold in the order of the listing.
///
/// What was requested after a remembered job is used only once that job has been *seen*, at the end of the segment before:
/// that proves that it is in the listing, and that what follows it is what one cursor would have requested next. If a later
/// remembered job comes first, those between are gone, and what was requested after them is dropped: whatever a server
/// answers to a cursor that it does not know, it never gets into the export.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    reader: Reader,
    index: Arc<CursorIndex>,
    range: Range,
    /// How many pages are requested at once.
    width: usize,
    /// With how many jobs a page is requested.
    page_size: usize,
    /// In order; the first is the one that is read.
    window: VecDeque<Segment>,
    /// The position after which the next segment begins.
    next_position: usize,
    /// Whether the position of the first segment among the remembered jobs is known.
    placed: bool,
    /// Jobs since a remembered one was seen.
    jobs: usize,
    /// Their size, and that of the last whole segment, if there was one.
    bytes: u64,
    segment_bytes: Option<u64>,
    empty_pages: u32,
    ended_with: Option<Cursor>,
}

#[derive(Debug)]
struct Segment {
    /// The position of the remembered job that it begins after; `None` if it begins after another one.
    position: Option<usize>,
    /// The cursor of its next page.
    cursor: Option<Cursor>,
    pages: Prefetch,
    /// Whether the cursor was known to be in the listing when the segment was begun.
    certain: bool,
    /// Whether a page of it was taken: what follows was requested after jobs that have been seen.
    begun: bool,
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
            reader: reader.at_once(width),
            index,
            width,
            page_size,
            window: VecDeque::new(),
            next_position: position.map_or(0, |position| position + 1),
            placed: position.is_some() || range.start.is_none(),
            range,
            jobs: 0,
            bytes: 0,
            segment_bytes: None,
            empty_pages: 0,
            ended_with: None,
        };
        let first = segments.segment(position, segments.range.start.clone(), true);
        segments.window.push_back(first);
        segments
    }

    /// The job that it ended with, if that was before the end of the listing.
    pub(crate) fn ended_with(&self) -> Option<&Cursor> {
        self.ended_with.as_ref()
    }

    /// What comes next in the listing, `None` at its end.
    pub(crate) async fn next_stretch(&mut self) -> Result<Option<Stretch>, StageError> {
        loop {
            self.fill();
            let Some(first) = self.window.front_mut() else { return Ok(None) };
            // The job may have been created, or the server's answers have changed, since the request.
            let why = match first.pages.next().await {
                Ok(page)
                    if first.certain
                        || first.begun
                        || follows(&self.index, first.position, &page) =>
                {
                    first.begun = true;
                    return self.take(page).map(Some);
                }
                Ok(_) => "its job may not have been known to the server then".to_owned(),
                Err(error) if first.certain => return Err(error),
                Err(error) => error.to_string(),
            };
            tracing::debug!("requested once more, now that it is due: {why}");
            let (position, cursor) = (first.position, first.cursor.clone());
            let again = self.segment(position, cursor, true);
            if let Some(first) = self.window.front_mut() {
                *first = again;
            }
        }
    }

    /// Begins segments until as many are under way as may be.
    fn fill(&mut self) {
        let end = self.range.end.map_or(self.index.len(), |end| end.min(self.index.len()));
        while self.placed && self.window.len() < self.most_segments() && self.next_position < end {
            let position = self.next_position;
            // If no segment is left, this one is due: its job was the last that was seen.
            let certain = self.window.is_empty();
            let segment = self.segment(Some(position), self.index.cursor(position), certain);
            self.window.push_back(segment);
            self.next_position += 1;
        }
    }

    /// How many segments may be under way. As many may wait for their turn as may be requested, so that one late answer does
    /// not hold up the others, but no more than fit into [`WINDOW_BYTES`].
    fn most_segments(&self) -> usize {
        if self.width == 1 {
            return 1;
        }
        let fitting = self.segment_bytes.map_or(0, |bytes| WINDOW_BYTES / bytes.max(1));
        let fitting = usize::try_from(fitting).unwrap_or(usize::MAX);
        fitting.clamp(self.width + 1, 2 * self.width)
    }

    fn segment(&self, position: Option<usize>, cursor: Option<Cursor>, certain: bool) -> Segment {
        // As many pages as a whole segment needs, and one more in case jobs were added or its end was deleted.
        let capacity = SEGMENT_JOBS.div_ceil(self.page_size.max(1)) + 1;
        let index = Arc::clone(&self.index);
        let is_last = move |page: &ListingPage| index.first_after(&page.jobs, position).is_some();
        // A page that is not due yet must not hold up the others with retries of its own: it is requested again when it is due.
        let reader = if certain { self.reader.clone() } else { self.reader.trying_once() };
        let pages = Prefetch::start(reader, cursor.clone(), capacity, is_last);
        Segment { position, cursor, pages, certain, begun: false }
    }

    /// Takes what belongs to the first segment, and goes on to the next one where it ends.
    fn take(&mut self, mut page: ListingPage) -> Result<Stretch, StageError> {
        self.check(&page)?;
        self.bytes += page.bytes;
        let position = self.window.front().and_then(|first| first.position);
        let mut more = page.next.is_some();
        if let Some((at, position)) = self.index.first_after(&page.jobs, position) {
            more |= at + 1 < page.jobs.len();
            page.jobs.truncate(at + 1);
            more = self.go_on_at(position, more);
        } else if let Some(next) = page.next {
            self.jobs += page.jobs.len();
            self.give_up_if_lost();
            if let Some(first) = self.window.front_mut() {
                first.cursor = Some(next);
            }
        } else {
            self.end();
        }
        Ok(Stretch { jobs: page.jobs, bytes: page.bytes, more })
    }

    /// Goes on with the segment that begins after `position`, unless reading ends there. Whether more is to come.
    fn go_on_at(&mut self, position: usize, more: bool) -> bool {
        (self.placed, self.jobs) = (true, 0);
        self.segment_bytes = Some(std::mem::take(&mut self.bytes));
        if self.range.end.is_some_and(|end| position >= end) {
            self.ended_with = self.index.cursor(position);
            self.end();
            return false;
        }
        if !more {
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

    /// If no remembered job comes, what is requested ahead is of no use.
    fn give_up_if_lost(&mut self) {
        let waits_for_one = self.next_position < self.index.len() || self.window.len() > 1;
        if self.jobs > LOST_AFTER && self.placed && waits_for_one && self.width > 1 {
            tracing::warn!(
                "none of the last {} jobs is one at which a cursor was remembered: \
                 the run goes on with one cursor",
                self.jobs
            );
            self.width = 1;
            self.window.truncate(1);
        }
    }

    /// Checks the progress of the listing as far as repaginated pages do not show it.
    fn check(&mut self, page: &ListingPage) -> Result<(), StageError> {
        if let Some(next) = page.next.as_ref().filter(|next| page.cursor.as_ref() == Some(next)) {
            return Err(stands_still(next));
        }
        self.empty_pages = if page.jobs.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES { Err(too_many_empty()) } else { Ok(()) }
    }
}

/// Whether a page is believed to follow the remembered job at `position`, though it was requested before that was seen in
/// the listing. To a cursor that it does not know a server may answer with the end of the listing, or with its beginning.
fn follows(index: &CursorIndex, position: Option<usize>, page: &ListingPage) -> bool {
    let comes_before = |job: &str| index.find(job).is_some_and(|found| Some(found) <= position);
    page.next.is_some() && !page.jobs.iter().any(|job| comes_before(&job.id))
}
