//! The pages that a run with one cursor would have had.

use std::collections::VecDeque;

use taskferry_sdk::{Cursor, Origin, Page, Position, Record};

/// A stretch of the listing, in order.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) records: Vec<Record>,
    /// Size of the answer that it came in.
    pub(crate) bytes: u64,
    /// Whether the listing goes on behind it.
    pub(crate) more: bool,
}

/// Puts pieces together and cuts them anew into pages of `size` records, which are the pages of a server that fills each.
/// So whatever depends on pages (frames of a compressed file, batches of a webhook, checkpoints) is the same however many
/// cursors read.
#[derive(Debug)]
pub(crate) struct Recut {
    size: usize,
    /// Pages that were cut.
    pages: u64,
    cursor: Option<Cursor>,
    waiting: VecDeque<Record>,
    bytes: u64,
    more: bool,
    over: bool,
}

impl Recut {
    /// From where a run goes on, or from `start` of a run that begins there.
    pub(crate) fn new(size: usize, start: Option<Cursor>, from: Option<&Position>) -> Self {
        let cursor = from.map_or(start, |from| from.cursor.clone());
        Self {
            size,
            pages: from.map_or(0, |from| from.pages),
            cursor,
            waiting: VecDeque::new(),
            bytes: 0,
            more: true,
            over: false,
        }
    }

    /// The number of the page that is cut next.
    pub(crate) fn number(&self) -> u64 {
        self.pages + 1
    }

    /// Whether the last page was cut.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    pub(crate) fn add(&mut self, piece: Piece) {
        self.waiting.extend(piece.records);
        self.bytes += piece.bytes;
        self.more = piece.more;
    }

    /// The next page, if all of it is there.
    pub(crate) fn cut(&mut self) -> Option<Page> {
        let whole = self.waiting.len() >= self.size || !self.more;
        if self.over || !whole {
            return None;
        }
        self.pages += 1;
        let (number, cursor) = (self.pages, self.cursor.clone());
        let take = self.size.min(self.waiting.len());
        let records = self.waiting.drain(..take).enumerate();
        let records: Vec<Record> = records
            .map(|(index, record)| {
                let job = record.origin().job.clone();
                record.with_origin(Origin { page: number, cursor: cursor.clone(), index, job })
            })
            .collect();
        self.over = !self.more && self.waiting.is_empty();
        let last = records.last().and_then(|record| record.origin().job.clone());
        let next = last.map(Cursor::new).filter(|_| !self.over);
        self.cursor.clone_from(&next);
        let bytes = std::mem::take(&mut self.bytes);
        Some(Page { number, cursor, next, bytes, records, fingerprints: Vec::new() })
    }
}
