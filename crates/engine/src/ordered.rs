//! Transforms with state, while pages are transformed on several threads.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use taskferry_sdk::{Counters, ErrorKind, OrderedTransform, RunContext, StageError};
use tokio::sync::watch;

use crate::account::TransformCount;
use crate::threads::panicked;

/// An ordered transform. A thread that has a page waits here until the page before has gone through.
#[derive(Debug)]
pub(crate) struct Ordered {
    transform: Mutex<Box<dyn OrderedTransform>>,
    /// The state to begin with, in a run that resumes.
    state: Option<Value>,
    /// How many pages have gone through.
    done: watch::Sender<u64>,
    /// Whether it got a record, in any attempt at the run.
    has_records: AtomicBool,
}

/// The turn of one page. The page after it gets its turn when this one [ends](Turn::end); if it never does, none.
pub(crate) struct Turn<'a> {
    ordered: &'a Ordered,
    page: u64,
}

/// What stands in place of a number of pages once a page has failed.
const FAILED: u64 = u64::MAX;

impl Ordered {
    /// A transform that `pages` pages have gone through, and what it had counted behind them.
    pub(crate) fn new(
        transform: Box<dyn OrderedTransform>,
        pages: u64,
        counted: Option<&TransformCount>,
    ) -> Self {
        let has_records = counted.is_some_and(|counted| counted.records_in > 0);
        Self {
            transform: Mutex::new(transform),
            state: counted.and_then(|counted| counted.state.clone()),
            done: watch::Sender::new(pages),
            has_records: AtomicBool::new(has_records),
        }
    }

    pub(crate) fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        let mut transform = self.lock();
        transform.open(run)?;
        match &self.state {
            Some(state) => transform.restore(state).map_err(StageError::not_resumable),
            None if *self.done.borrow() > 0 => Err(unsaved()),
            None => Ok(()),
        }
    }

    /// Notes that it gets a record.
    pub(crate) fn note_record(&self) {
        self.has_records.store(true, Ordering::Relaxed);
    }

    /// Whether it got a record, in any attempt at the run.
    pub(crate) fn has_records(&self) -> bool {
        self.has_records.load(Ordering::Relaxed)
    }

    /// What it says about its totals; nothing while it is stuck in a record.
    pub(crate) fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        match self.transform.try_lock() {
            Ok(transform) => transform.warnings(records_in, totals),
            Err(_) => Vec::new(),
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

/// The state behind the records so far.
///
/// # Errors
/// If a run that is to resume could not.
pub(crate) fn save(
    transform: &dyn OrderedTransform,
    run: &RunContext,
) -> Result<Option<Value>, StageError> {
    let saving = AssertUnwindSafe(|| transform.save());
    match catch_unwind(saving).map_err(|panic| panicked(&*panic))? {
        None if run.resumable => Err(unsaved()),
        state => Ok(state),
    }
}

/// Resuming without the state would give wrong results without a word.
fn unsaved() -> StageError {
    StageError::new(ErrorKind::Defect, "the transform has not saved its state")
        .hint("this is a defect in the plugin; please report it to its authors")
        .not_resumable()
}
