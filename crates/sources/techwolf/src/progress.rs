//! Whether a listing gets on.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use taskferry_sdk::{Cursor, ErrorKind, Page, Position, StageError};

/// How many pages without a single job may follow each other. Filters can empty a page; that they empty this
/// many in a row is less likely than a server that hands out cursors for ever.
pub(crate) const EMPTY_PAGES: u32 = 1000;

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
    /// Progress up to where a resumed run goes on.
    pub(crate) fn behind(position: &Position) -> Self {
        let jobs = position.fingerprints.iter().copied().collect();
        let cursors = position.cursor.iter().cloned().collect();
        Self { cursors, jobs, ..Self::default() }
    }

    /// Takes note of a page, and returns the fingerprints it leaves.
    ///
    /// # Errors
    /// [`ErrorKind::NoProgress`] when its cursor stands still or was there before, when one of its jobs was
    /// there before, or when one empty page follows the other.
    pub(crate) fn note(&mut self, page: &Page) -> Result<Vec<u128>, StageError> {
        let mut fingerprints = Vec::with_capacity(page.records.len());
        for job in page.records.iter().filter_map(|record| record.origin().job.as_deref()) {
            let trace = fingerprint(job);
            if !self.jobs.insert(trace) {
                return Err(self.comes_twice(job));
            }
            fingerprints.push(trace);
        }
        self.cursors.extend(page.cursor.clone());
        match &page.next {
            Some(next) if page.cursor.as_ref() == Some(next) => return Err(stands_still(next)),
            Some(next) if !self.cursors.insert(next.clone()) => {
                return Err(stuck(&format!("the cursor `{next}` comes a second time")));
            }
            _ => {}
        }
        self.empty_pages = if page.records.is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return Err(too_many_empty());
        }
        Ok(fingerprints)
    }

    /// Whether the pages come from parts of the listing.
    pub(crate) fn read_in_parts(&mut self, in_parts: bool) {
        self.in_parts = in_parts;
    }

    fn comes_twice(&self, job: &str) -> StageError {
        let error = stuck(&format!("job `{}` comes a second time", Cursor::new(job)));
        if !self.in_parts {
            return error;
        }
        error.hint(
            "it may be in two of the job families in `partition.values`, or have moved from one to another meanwhile; the \
             next run starts over; if it stays, read such families without `partition`",
        )
    }

    /// Takes note of cursors of pages that are asked for next.
    pub(crate) fn note_cursors(&mut self, cursors: impl IntoIterator<Item = Cursor>) {
        self.cursors.extend(cursors);
    }
}

pub(crate) fn stands_still(cursor: &Cursor) -> StageError {
    stuck(&format!("the cursor stands still at `{cursor}`"))
}

/// Of a page without a job that leads to itself. It may be whole the next time.
pub(crate) fn empty_and_stands_still(cursor: &Cursor) -> StageError {
    stuck(&format!("the page is empty, and its cursor stands still at `{cursor}`")).temporary()
}

pub(crate) fn too_many_empty() -> StageError {
    stuck(&format!("{EMPTY_PAGES} pages without a job followed each other"))
}

/// The same whenever and wherever it is made, since it is kept from run to run.
fn fingerprint(job: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(job.as_bytes()).into();
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn stuck(message: &str) -> StageError {
    StageError::new(ErrorKind::NoProgress, format!("the listing does not get on: {message}"))
        .hint("what came so far is not the whole export; the next run starts over; report it to TechWolf if it stays")
        .starts_over()
}
