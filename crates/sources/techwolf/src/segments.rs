//! The listing in its order, read at several places at once.

use std::collections::VecDeque;
use std::sync::Arc;

use taskferry_sdk::{Cursor, Page, StageError};

use crate::ahead::{Ahead, Reader};
use crate::places::Places;
use crate::progress::{EMPTY_PAGES, stands_still, too_many_empty};
use crate::recut::Piece;
use crate::remembered::MOST_JOBS;

/// After how many jobs without a remembered one among them it is said, and the run goes on with one cursor.
const LOST_AFTER: usize = 3 * MOST_JOBS;

/// Where to read, and how.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// Where it begins; `None` for the beginning of the listing.
    pub(crate) start: Option<Cursor>,
    /// Where it ends: with the first job that is this place or one behind it. `None` for the end of the listing.
    pub(crate) end: Option<usize>,
    /// How many pages are asked for at once.
    pub(crate) width: usize,
    /// With how many jobs a page is asked for.
    pub(crate) page_size: usize,
}

/// Reads segments ahead, and hands out what they hold in the order of the listing.
///
/// What was asked for after a remembered job is used only once that job has been *seen*, at the end of the segment before:
/// that proves that it is in the listing, and that what follows it is what one cursor would have asked for next. If a later
/// remembered job comes first, those between are gone, and what was asked for after them is dropped: whatever a server
/// answers to a cursor that it does not know, it never gets into the export.
#[derive(Debug)]
pub(crate) struct Segments {
    reader: Reader,
    places: Arc<Places>,
    route: Route,
    /// In order; the first is the one that is handed out.
    window: VecDeque<Segment>,
    /// The place after which the next segment begins.
    next_place: usize,
    /// Whether it is known where among the places the first segment is.
    placed: bool,
    /// Jobs since a remembered one was seen.
    jobs: usize,
    empty_pages: u32,
    ended_with: Option<Cursor>,
}

#[derive(Debug)]
struct Segment {
    /// The place that it begins after; `None` where that is none.
    place: Option<usize>,
    /// What its next page is asked for with.
    cursor: Option<Cursor>,
    ahead: Ahead,
    /// Whether it was known to be in the listing when it was begun.
    certain: bool,
    /// Whether a page of it was taken: what follows was asked for after jobs that have been seen.
    begun: bool,
}

impl Segments {
    pub(crate) fn new(reader: Reader, places: Arc<Places>, route: Route, number: u64) -> Self {
        let place = route.start.as_ref().and_then(|start| places.find(start.as_str()));
        let mut segments = Self {
            reader: reader.at_once(route.width),
            places,
            window: VecDeque::new(),
            next_place: place.map_or(0, |place| place + 1),
            placed: place.is_some() || route.start.is_none(),
            route,
            jobs: 0,
            empty_pages: 0,
            ended_with: None,
        };
        let first = segments.segment(place, segments.route.start.clone(), number, true);
        segments.window.push_back(first);
        segments
    }

    /// The job that it ended with, if that was before the end of the listing.
    pub(crate) fn ended_with(&self) -> Option<&Cursor> {
        self.ended_with.as_ref()
    }

    /// What comes next in the listing, `None` at its end. `number` is the page that it will be in.
    pub(crate) async fn next_piece(&mut self, number: u64) -> Result<Option<Piece>, StageError> {
        loop {
            self.fill(number);
            let Some(first) = self.window.front_mut() else { return Ok(None) };
            // The job may have been created, or the server's mood have changed, since it was asked.
            let why = match first.ahead.next().await {
                Ok(page)
                    if first.certain
                        || first.begun
                        || follows(&self.places, first.place, &page) =>
                {
                    first.begun = true;
                    return self.take(page).map(Some);
                }
                Ok(_) => "its job may not have been known to the server then".to_owned(),
                Err(error) if first.certain => return Err(error),
                Err(error) => error.to_string(),
            };
            tracing::debug!("asked once more, now that it is due: {why}");
            let (place, cursor) = (first.place, first.cursor.clone());
            let again = self.segment(place, cursor, number, true);
            if let Some(first) = self.window.front_mut() {
                *first = again;
            }
        }
    }

    /// Begins segments until as many are under way as may be.
    fn fill(&mut self, number: u64) {
        let places = self.route.end.map_or(self.places.len(), |end| end.min(self.places.len()));
        // As many may wait for their turn as may be asked for, so that one answer that is late does not hold up the others.
        let most = if self.route.width > 1 { 2 * self.route.width } else { 1 };
        while self.placed && self.window.len() < most && self.next_place < places {
            let (place, ahead_by) = (self.next_place, self.window.len() as u64);
            let cursor = self.places.cursor(place);
            // Where no segment is left, this one is due: its job was the last that was seen.
            let certain = self.window.is_empty();
            let segment = self.segment(Some(place), cursor, number + ahead_by, certain);
            self.window.push_back(segment);
            self.next_place += 1;
        }
    }

    fn segment(
        &self,
        place: Option<usize>,
        cursor: Option<Cursor>,
        number: u64,
        certain: bool,
    ) -> Segment {
        // As many as a whole segment needs, and one more for where jobs were added or the end was deleted.
        let room = MOST_JOBS.div_ceil(self.route.page_size.max(1)) + 1;
        let places = Arc::clone(&self.places);
        let is_last = move |page: &Page| places.first_after(&page.records, place).is_some();
        // What nobody waits for yet must not hold up the others with waits of its own: it is asked for anew when it is due.
        let reader = if certain { self.reader.clone() } else { self.reader.trying_once() };
        let ahead = Ahead::start(reader, number, cursor.clone(), room, is_last);
        Segment { place, cursor, ahead, certain, begun: false }
    }

    /// Takes what belongs to the first segment, and goes on to the next one where it ends.
    fn take(&mut self, mut page: Page) -> Result<Piece, StageError> {
        self.check(&page)?;
        let place = self.window.front().and_then(|first| first.place);
        let mut more = page.next.is_some();
        if let Some((at, place)) = self.places.first_after(&page.records, place) {
            more |= at + 1 < page.records.len();
            page.records.truncate(at + 1);
            more = self.go_on_at(place, more);
        } else if let Some(next) = page.next {
            self.jobs += page.records.len();
            self.give_up_if_lost();
            if let Some(first) = self.window.front_mut() {
                first.cursor = Some(next);
            }
        } else {
            self.end();
        }
        Ok(Piece { records: page.records, bytes: page.bytes, more })
    }

    /// Goes on with the segment that begins after `place`, unless reading ends there. Whether more is to come.
    fn go_on_at(&mut self, place: usize, more: bool) -> bool {
        (self.placed, self.jobs) = (true, 0);
        if self.route.end.is_some_and(|end| place >= end) {
            self.ended_with = self.places.cursor(place);
            self.end();
            return false;
        }
        if !more {
            self.end();
            return false;
        }
        self.window.pop_front();
        while self.window.front().is_some_and(|first| first.place < Some(place)) {
            self.window.pop_front();
        }
        if self.window.is_empty() {
            self.next_place = place;
        }
        true
    }

    fn end(&mut self) {
        self.window.clear();
        self.next_place = self.places.len();
    }

    /// Where no remembered job comes, what is asked for ahead is of no use.
    fn give_up_if_lost(&mut self) {
        let waits_for_one = self.next_place < self.places.len() || self.window.len() > 1;
        if self.jobs > LOST_AFTER && self.placed && waits_for_one && self.route.width > 1 {
            tracing::warn!(
                "none of the last {} jobs is one at which a cursor was remembered: \
                 the run goes on with one cursor",
                self.jobs
            );
            self.route.width = 1;
            self.window.truncate(1);
        }
    }

    /// Whether the listing gets on, as far as pages that are cut anew do not show it.
    fn check(&mut self, page: &Page) -> Result<(), StageError> {
        if let Some(next) = page.next.as_ref().filter(|next| page.cursor.as_ref() == Some(next)) {
            return Err(stands_still(next));
        }
        self.empty_pages = if page.records.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES { Err(too_many_empty()) } else { Ok(()) }
    }
}

/// Whether a page can be believed to be what follows a place, though it was asked for before that was seen in the listing. To a
/// cursor that it does not know a server may answer with the end of the listing, or with its beginning.
fn follows(places: &Places, place: Option<usize>, page: &Page) -> bool {
    let jobs = page.records.iter().filter_map(|record| record.origin().job.as_deref());
    let comes_before = |job| places.find(job).is_some_and(|found| Some(found) <= place);
    page.next.is_some() && !jobs.into_iter().any(comes_before)
}
