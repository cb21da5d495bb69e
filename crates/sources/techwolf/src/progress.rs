//! Whether a listing makes progress.

use std::collections::HashSet;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use taskferry_sdk::{Cursor, ErrorKind, Position, Share, StageError};

use crate::page::{ListingPage, page_number};
use crate::stream::PageStream;

/// How many pages without a single job may follow each other. Filters can empty a page; that they empty this
/// many in a row is less likely than a server that returns new cursors for ever.
pub(crate) const EMPTY_PAGES: u32 = 1000;

/// Checks each page of a stream for progress, and adds the fingerprints of its jobs.
#[derive(Debug)]
pub(crate) struct CheckedStream {
    stream: Box<dyn PageStream>,
    progress: Progress,
    /// The number of the last page within the run.
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
            .note(&page)
            .map_err(|error| error.context(page_number(self.number, page.cursor.as_ref())))?;
        Ok(Some(page))
    }

    fn share(&self) -> Option<Share> {
        self.stream.share()
    }
}

/// What is remembered of the pages so far: every cursor, and a fingerprint of every job.
///
/// A fingerprint is 128 bits of a hash: two jobs of a hundred million that share one are less likely than a disk
/// that lies. They cost 16 bytes a job, where ids would cost many times that. They are the fingerprints that a page
/// leaves for a resumed run.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    cursors: HashSet<Cursor>,
    jobs: HashSet<u128>,
    empty_pages: u32,
    /// Whether the listing is read in parts, so that a job may be in two of them.
    in_parts: bool,
}

impl Progress {
    /// Progress up to where a run begins or resumes.
    pub(crate) fn behind(position: Option<&Position>) -> Self {
        let Some(position) = position else { return Self::default() };
        let jobs = position.fingerprints.iter().copied().collect();
        let cursors = position.cursor.iter().cloned().collect();
        Self { cursors, jobs, ..Self::default() }
    }

    /// The same of a listing that is read in parts, whose next pages have these cursors.
    pub(crate) fn in_parts(mut self, cursors: impl IntoIterator<Item = Cursor>) -> Self {
        self.cursors.extend(cursors);
        Self { in_parts: true, ..self }
    }

    /// Checks a page against those before it, and returns the fingerprints of its jobs.
    ///
    /// # Errors
    /// [`ErrorKind::NoProgress`] if its cursor stands still or was there before, if one of its jobs was
    /// there before, or if one empty page follows the other.
    pub(crate) fn note(&mut self, page: &ListingPage) -> Result<Vec<u128>, StageError> {
        let mut fingerprints = Vec::with_capacity(page.jobs.len());
        for job in &page.jobs {
            let fingerprint = fingerprint(&job.id);
            if !self.jobs.insert(fingerprint) {
                return Err(self.comes_twice(&job.id));
            }
            fingerprints.push(fingerprint);
        }
        self.cursors.extend(page.cursor.clone());
        match &page.next {
            Some(next) if page.cursor.as_ref() == Some(next) => return Err(stands_still(next)),
            Some(next) if !self.cursors.insert(next.clone()) => {
                return Err(stuck(&format!("the cursor `{next}` is returned twice")));
            }
            _ => {}
        }
        self.empty_pages = if page.jobs.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return Err(too_many_empty());
        }
        Ok(fingerprints)
    }

    fn comes_twice(&self, job: &str) -> StageError {
        let error = stuck(&format!("the record `{}` is returned twice", Cursor::new(job)));
        if !self.in_parts {
            return error;
        }
        error.hint(
            "the job may be in two of the job families in `partition.values`, or may have moved between them; the \
             next run starts over; if it fails the same way, read these families without `partition`",
        )
    }
}

pub(crate) fn stands_still(cursor: &Cursor) -> StageError {
    stuck(&format!("the cursor stays at `{cursor}`"))
}

/// Of a page without a job that leads to itself. It may be whole the next time.
pub(crate) fn empty_and_stands_still(cursor: &Cursor) -> StageError {
    stuck(&format!("the page is empty, and its cursor stays at `{cursor}`")).temporary()
}

pub(crate) fn too_many_empty() -> StageError {
    stuck(&format!("{EMPTY_PAGES} empty pages in a row"))
}

/// The same whenever and wherever it is made, since it is kept from run to run.
fn fingerprint(job: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(job.as_bytes()).into();
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn stuck(message: &str) -> StageError {
    StageError::new(ErrorKind::NoProgress, format!("the listing makes no progress: {message}"))
        .hint("the records so far are not the whole export; the next run starts over; if it fails the same way, report it to TechWolf")
        .not_resumable()
}
