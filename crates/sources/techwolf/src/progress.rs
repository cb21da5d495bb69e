//! Checks that a listing makes progress.

use std::collections::HashSet;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use taskferry_sdk::{Cursor, ErrorKind, Position, ShardRange, StageError};

use crate::page::{ListingPage, page_number};
use crate::stream::PageStream;

/// The maximum number of consecutive empty pages. Filters can produce empty pages. A server that sends more of them in a row
/// probably returns new cursors without end.
pub(crate) const MAX_EMPTY_PAGES: u32 = 1000;

/// Checks the progress of a stream, and adds the fingerprints of its entries.
#[derive(Debug)]
pub(crate) struct CheckedStream {
    stream: Box<dyn PageStream>,
    progress: Progress,
    /// The number of the last page of the run.
    number: u64,
}

impl CheckedStream {
    pub(crate) fn new(
        stream: Box<dyn PageStream>,
        progress: Progress,
        from: Option<&Position>,
    ) -> Self {
        Self { stream, progress, number: from.map_or(0, |from| from.pages) }
    }
}

#[async_trait]
impl PageStream for CheckedStream {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let Some(mut page) = self.stream.next_page().await? else { return Ok(None) };
        self.number += 1;
        page.fingerprints = self
            .progress
            .check(&page)
            .map_err(|error| error.context(page_number(self.number, page.cursor.as_ref())))?;
        Ok(Some(page))
    }

    fn shard_range(&self) -> Option<ShardRange> {
        self.stream.shard_range()
    }
}

/// All cursors of the pages so far, and a fingerprint of every entry.
///
/// A fingerprint is 128 bits of a hash, so that a collision is practically impossible. It is several times smaller than an id. A
/// resumed run gets the fingerprints back.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    cursors: HashSet<Cursor>,
    fingerprints: HashSet<u128>,
    empty_pages: u32,
    /// Whether the listing is read in parts, so that an entry may be in two of them.
    in_parts: bool,
}

impl Progress {
    /// The progress up to a position.
    pub(crate) fn up_to(position: Option<&Position>) -> Self {
        let Some(position) = position else { return Self::default() };
        let fingerprints = position.fingerprints.iter().copied().collect();
        let cursors = position.cursor.iter().cloned().collect();
        Self { cursors, fingerprints, ..Self::default() }
    }

    /// The progress of a listing that is read in parts, whose next pages have these cursors.
    pub(crate) fn in_parts(mut self, cursors: impl IntoIterator<Item = Cursor>) -> Self {
        self.cursors.extend(cursors);
        Self { in_parts: true, ..self }
    }

    /// Checks a page against the pages before it, and returns the fingerprints of its entries.
    ///
    /// # Errors
    /// [`ErrorKind::NoProgress`] if a cursor or an entry is repeated, or if too many pages are empty.
    pub(crate) fn check(&mut self, page: &ListingPage) -> Result<Vec<u128>, StageError> {
        let mut fingerprints = Vec::with_capacity(page.entries.len());
        for entry in &page.entries {
            let fingerprint = fingerprint(&entry.id);
            if !self.fingerprints.insert(fingerprint) {
                return Err(self.repeated_entry(&entry.id));
            }
            fingerprints.push(fingerprint);
        }
        self.cursors.extend(page.cursor.clone());
        match &page.next {
            Some(next) if page.cursor.as_ref() == Some(next) => return Err(repeated_cursor(next)),
            Some(next) if !self.cursors.insert(next.clone()) => {
                return Err(no_progress(&format!("the cursor `{next}` is returned twice")));
            }
            _ => {}
        }
        self.empty_pages = if page.entries.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > MAX_EMPTY_PAGES {
            return Err(too_many_empty_pages());
        }
        Ok(fingerprints)
    }

    fn repeated_entry(&self, id: &str) -> StageError {
        let error = no_progress(&format!("the record `{}` is returned twice", Cursor::new(id)));
        if !self.in_parts {
            return error;
        }
        error.hint(
            "the job may belong to two job families of `partition.values`, or may have moved from one to another; the next run starts over; if that run fails with the same message, remove `partition`",
        )
    }
}

/// The error for a page whose next cursor is its own cursor.
pub(crate) fn repeated_cursor(cursor: &Cursor) -> StageError {
    no_progress(&format!("the page returns its own cursor `{cursor}` as the next one"))
}

/// The error for an empty page whose next cursor is its own cursor. A retry may return records.
pub(crate) fn empty_page_with_repeated_cursor(cursor: &Cursor) -> StageError {
    no_progress(&format!(
        "the page is empty, and returns its own cursor `{cursor}` as the next one"
    ))
    .temporary()
}

pub(crate) fn too_many_empty_pages() -> StageError {
    no_progress(&format!("{MAX_EMPTY_PAGES} empty pages in a row"))
}

/// Must not change between versions, because checkpoints contain fingerprints.
fn fingerprint(id: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn no_progress(message: &str) -> StageError {
    StageError::new(ErrorKind::NoProgress, format!("the listing makes no progress: {message}"))
        .hint(
            "the export is incomplete, and the next run starts over; if that run fails with the same message, report it to TechWolf",
        )
        .not_resumable()
}
