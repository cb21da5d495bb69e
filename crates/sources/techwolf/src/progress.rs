//! Whether a listing gets on.

use std::collections::HashSet;
use std::sync::Arc;

use taskferry_core::{Cursor, ErrorKind, Page, StageError};

/// What is remembered of the pages so far: two short strings a page, and the ids of the last one.
///
/// The strings themselves, not hashes of them: a hash that meets another by chance would end a good run.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    cursors: HashSet<Cursor>,
    first_jobs: HashSet<Arc<str>>,
    last_page: HashSet<Arc<str>>,
}

impl Progress {
    /// Takes note of a page.
    ///
    /// # Errors
    /// [`ErrorKind::NoProgress`] when its cursor stands still or was there before, when one of its jobs was
    /// on the page before, or when an earlier page began with the same job.
    pub(crate) fn note(&mut self, page: &Page) -> Result<(), StageError> {
        let jobs = || page.records.iter().filter_map(|record| record.origin().job.clone());
        if let Some(job) = jobs().find(|job| self.last_page.contains(job)) {
            return Err(stuck(&format!("job `{job}` was on the page before as well")));
        }
        if let Some(job) = jobs().next().filter(|job| self.first_jobs.contains(job)) {
            return Err(stuck(&format!("an earlier page began with job `{job}` as well")));
        }
        self.cursors.extend(page.cursor.clone());
        match &page.next {
            Some(next) if page.cursor.as_ref() == Some(next) => {
                return Err(stuck(&format!("the cursor stands still at `{next}`")));
            }
            Some(next) if !self.cursors.insert(next.clone()) => {
                return Err(stuck(&format!("the cursor `{next}` comes a second time")));
            }
            _ => {}
        }
        self.first_jobs.extend(jobs().next());
        if !page.records.is_empty() {
            self.last_page = jobs().collect();
        }
        Ok(())
    }
}

fn stuck(message: &str) -> StageError {
    StageError::new(ErrorKind::NoProgress, format!("the listing does not get on: {message}"))
        .hint("what came so far is not the whole export; run again, and report it to TechWolf if it stays")
}
