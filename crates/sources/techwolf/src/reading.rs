//! The ways in which a listing is read.

use taskferry_sdk::{Cursor, Page, Position, StageError};

use crate::ahead::Reader;
use crate::partition::Partition;
use crate::progress::Progress;
use crate::recut::Recut;
use crate::segments::Segments;

/// How pages come, each from the one way to read them.
#[derive(Debug)]
pub(crate) enum Reading {
    /// One after the other.
    Serial(Box<Serial>),
    /// From several places of the listing, cut anew into the pages of the serial way.
    Many(Box<Many>),
    /// In turns, from the parts of the listing.
    Parts(Box<Partition>),
    /// One page without a job, or none if that was there already.
    Nothing { done: bool },
}

/// With one cursor.
#[derive(Debug)]
pub(crate) struct Serial {
    reader: Reader,
    next: Next,
}

/// The page that is asked for next.
#[derive(Debug)]
enum Next {
    Page { number: u64, cursor: Option<Cursor> },
    Nothing,
}

impl Serial {
    pub(crate) fn new(reader: Reader, from: Option<&Position>) -> Self {
        let next = match from {
            None => Next::Page { number: 1, cursor: None },
            Some(Position { pages, cursor: Some(cursor), .. }) => {
                Next::Page { number: pages + 1, cursor: Some(cursor.clone()) }
            }
            Some(_) => Next::Nothing,
        };
        Self { reader, next }
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Next::Page { number, cursor } = &self.next else { return Ok(None) };
        let page = self.reader.page(*number, cursor.as_ref()).await?;
        self.next = match &page.next {
            Some(next) => Next::Page { number: number + 1, cursor: Some(next.clone()) },
            None => Next::Nothing,
        };
        Ok(Some(page))
    }
}

/// With many cursors.
#[derive(Debug)]
pub(crate) struct Many {
    segments: Segments,
    recut: Recut,
}

impl Many {
    pub(crate) fn new(segments: Segments, recut: Recut) -> Self {
        Self { segments, recut }
    }

    /// The job that reading ended with, where that was before the end of the listing.
    pub(crate) fn ended_with(&self) -> Option<&Cursor> {
        self.segments.ended_with()
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        while !self.recut.is_over() {
            if let Some(page) = self.recut.cut() {
                return Ok(Some(page));
            }
            match self.segments.next_piece(self.recut.number()).await? {
                Some(piece) => self.recut.add(piece),
                None => break,
            }
        }
        Ok(None)
    }
}

impl Reading {
    /// The next page, noted by `progress`. Dropped while it waits, it loses nothing.
    ///
    /// # Errors
    /// What is left after retries, and a listing that does not get on.
    pub(crate) async fn next_page(
        &mut self,
        progress: &mut Progress,
    ) -> Result<Option<Page>, StageError> {
        let next = match self {
            Self::Serial(serial) => serial.next_page().await?.map(|page| (page, None)),
            Self::Many(many) => many.next_page().await?.map(|page| (page, None)),
            Self::Parts(parts) => {
                parts.next_page().await?.map(|(page, behind)| (page, Some(behind)))
            }
            Self::Nothing { done } => (!std::mem::replace(done, true)).then(|| (nothing(), None)),
        };
        let Some((mut page, behind)) = next else { return Ok(None) };
        // Nothing is awaited from here on: a page that was taken note of is a page that is returned.
        let name = match &page.cursor {
            Some(cursor) => format!("page {} (after `{cursor}`)", page.number),
            None => format!("page {} (the first)", page.number),
        };
        page.fingerprints = progress.note(&page).map_err(|error| error.context(&name))?;
        if let Some(behind) = behind {
            page.next = behind;
        }
        Ok(Some(page))
    }
}

/// The one page of a share without a job.
fn nothing() -> Page {
    Page { number: 1, cursor: None, next: None, bytes: 0, records: vec![], fingerprints: vec![] }
}
