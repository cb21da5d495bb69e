//! Runs an ordered transform while several threads transform pages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use taskferry_sdk::{ErrorKind, OrderedTransform, RunContext, StageError};
use tokio::sync::watch;

use crate::run_stats::TransformStats;
use crate::threads::panicked;

/// An ordered transform. A thread waits until all earlier pages have been processed.
#[derive(Debug)]
pub(crate) struct OrderedStep {
    transform: Mutex<Box<dyn OrderedTransform>>,
    /// The saved state, in a resumed run.
    state: Option<Value>,
    /// The number of pages processed, or [`CANCELLED`].
    done: watch::Sender<u64>,
    /// Whether it received a record, in any attempt at the run.
    has_records: AtomicBool,
}

/// The turn of one page. When the turn [ends](Turn::end), the turn of the next page begins. Dropping the turn before it
/// ends cancels the step.
pub(crate) struct Turn<'a> {
    step: &'a OrderedStep,
    page: u64,
}

const CANCELLED: u64 = u64::MAX;

impl OrderedStep {
    /// A step that has processed `pages` pages, with its stats up to there.
    pub(crate) fn new(
        transform: Box<dyn OrderedTransform>,
        pages: u64,
        stats: Option<&TransformStats>,
    ) -> Self {
        Self {
            transform: Mutex::new(transform),
            state: stats.and_then(|stats| stats.state.clone()),
            done: watch::Sender::new(pages),
            has_records: AtomicBool::new(stats.is_some_and(|stats| stats.records_in > 0)),
        }
    }

    pub(crate) fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        let mut transform = self.lock();
        transform.open(run)?;
        match &self.state {
            Some(state) => transform.restore(state).map_err(StageError::not_resumable),
            None if *self.done.borrow() > 0 => Err(state_missing()),
            None => Ok(()),
        }
    }

    pub(crate) fn set_has_records(&self) {
        self.has_records.store(true, Ordering::Relaxed);
    }

    /// Whether it received a record, in any attempt at the run.
    pub(crate) fn has_records(&self) -> bool {
        self.has_records.load(Ordering::Relaxed)
    }

    /// Reads the transform. Returns the default while a thread is still processing a page in the transform.
    pub(crate) fn read<R: Default>(&self, read: impl FnOnce(&dyn OrderedTransform) -> R) -> R {
        self.transform.try_lock().map(|transform| read(&**transform)).unwrap_or_default()
    }

    /// Waits until all earlier pages are processed.
    pub(crate) async fn turn(&self, page: u64) -> Result<Turn<'_>, StageError> {
        let mut done = self.done.subscribe();
        let previous = done.wait_for(|done| done.saturating_add(1) >= page).await;
        if previous.is_ok_and(|previous| *previous != CANCELLED) {
            return Ok(Turn { step: self, page });
        }
        Err(StageError::new(ErrorKind::Defect, "an earlier page has failed"))
    }

    /// Cancels the step: no thread waits for a turn, now or later.
    pub(crate) fn cancel(&self) {
        self.done.send_replace(CANCELLED);
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Box<dyn OrderedTransform>> {
        self.transform.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Ends the turn after the page is processed.
    pub(crate) fn end(self) {
        self.step.done.send_if_modified(|done| {
            let is_active = *done != CANCELLED;
            if is_active {
                *done = self.page;
            }
            is_active
        });
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if *self.step.done.borrow() < self.page {
            self.step.cancel();
        }
    }
}

/// Saves the state after the records so far.
pub(crate) fn save_state(
    transform: &dyn OrderedTransform,
    run: &RunContext,
) -> Result<Option<Value>, StageError> {
    let state = catch_unwind(AssertUnwindSafe(|| transform.save()));
    match state.map_err(|panic| panicked(&*panic))? {
        None if run.resumable => Err(state_missing()),
        state => Ok(state),
    }
}

/// A run that resumed without the state would produce wrong results silently.
fn state_missing() -> StageError {
    StageError::new(
        ErrorKind::Defect,
        "the transform saved no state, so the run could not be resumed",
    )
    .hint("this is a defect in the plugin; please report it to its authors")
    .not_resumable()
}
