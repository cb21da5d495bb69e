//! The pages that a run with one cursor would have had.

use std::collections::VecDeque;

use taskferry_sdk::Cursor;

use crate::page::{Job, ListingPage};

/// A stretch of the listing, in order.
#[derive(Debug)]
pub(crate) struct Stretch {
    pub(crate) jobs: Vec<Job>,
    /// The size of the answer that it came in.
    pub(crate) bytes: u64,
    /// Whether the listing goes on behind it.
    pub(crate) more: bool,
}

/// Joins stretches of the listing and cuts them into pages of `size` jobs, which are the pages of a server that fills each.
/// So whatever depends on pages (frames of a compressed file, batches of a webhook, checkpoints) is the same however many
/// cursors read.
#[derive(Debug)]
pub(crate) struct Repaginator {
    size: usize,
    /// The cursor of the page that is cut next.
    cursor: Option<Cursor>,
    waiting: VecDeque<Job>,
    bytes: u64,
    more: bool,
    over: bool,
}

impl Repaginator {
    /// The first page begins after `start`.
    pub(crate) fn new(size: usize, start: Option<Cursor>) -> Self {
        let waiting = VecDeque::new();
        Self { size, cursor: start, waiting, bytes: 0, more: true, over: false }
    }

    /// Whether the last page was cut.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn add(&mut self, stretch: Stretch) {
        self.waiting.extend(stretch.jobs);
        self.bytes += stretch.bytes;
        self.more = stretch.more;
    }

    /// The next page, if all of it is there.
    pub(crate) fn cut(&mut self) -> Option<ListingPage> {
        let whole = self.waiting.len() >= self.size || !self.more;
        if self.over || !whole {
            return None;
        }
        let jobs: Vec<Job> = self.waiting.drain(..self.size.min(self.waiting.len())).collect();
        self.over = !self.more && self.waiting.is_empty();
        let last = jobs.last().map(|job| Cursor::new(job.id.clone()));
        let next = last.filter(|_| !self.over);
        let cursor = std::mem::replace(&mut self.cursor, next.clone());
        Some(ListingPage::new(cursor, next, std::mem::take(&mut self.bytes), jobs))
    }
}
