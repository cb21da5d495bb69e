//! Transforms with state, while pages are transformed on several threads.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use taskferry_sdk::{ErrorKind, OrderedTransform, RunContext, StageError};
use tokio::sync::watch;

/// An ordered transform. A thread that has a page waits here until the page before has gone through.
#[derive(Debug)]
pub(crate) struct Ordered {
    transform: Mutex<Box<dyn OrderedTransform>>,
    /// The state to begin with, in a run that resumes.
    state: Option<Value>,
    /// How many pages have gone through.
    done: watch::Sender<u64>,
}

/// The turn of one page. The page after it gets its turn when this one [ends](Turn::end); if it never does, none.
pub(crate) struct Turn<'a> {
    ordered: &'a Ordered,
    page: u64,
}

/// What stands in place of a number of pages once a page has failed.
const FAILED: u64 = u64::MAX;

impl Ordered {
    /// A transform that `pages` pages have gone through, with the state behind them.
    pub(crate) fn new(
        transform: Box<dyn OrderedTransform>,
        pages: u64,
        state: Option<Value>,
    ) -> Self {
        Self { transform: Mutex::new(transform), state, done: watch::Sender::new(pages) }
    }

    pub(crate) fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        let mut transform = self.lock();
        transform.open(run)?;
        match &self.state {
            Some(state) => transform.restore(state).map_err(StageError::starts_over),
            None => Ok(()),
        }
    }

    /// Waits until all pages before this one have gone through.
    ///
    /// # Errors
    /// If one of them has failed. The run ends with what it failed of.
    pub(crate) async fn turn(&self, page: u64) -> Result<Turn<'_>, StageError> {
        let mut done = self.done.subscribe();
        // The sender lives as long as this transform.
        let before = done.wait_for(|done| done.saturating_add(1) >= page).await;
        if before.is_ok_and(|before| *before != FAILED) {
            return Ok(Turn { ordered: self, page });
        }
        Err(StageError::new(ErrorKind::Defect, "a page before this one has failed"))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<dyn OrderedTransform>> {
        self.transform.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The page has gone through.
    pub(crate) fn end(self) {
        self.ordered.done.send_replace(self.page);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.ordered.done.send_if_modified(|done| {
            let failed = *done < self.page;
            if failed {
                *done = FAILED;
            }
            failed
        });
    }
}
