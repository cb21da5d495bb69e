//! Detects records that exceed a transform's time limit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use taskferry_pipeline::{StageFailure, StageId};
use taskferry_sdk::{ErrorKind, Origin, StageError, TimeLimit};

/// The records that worker threads are processing, for transforms with a time limit.
///
/// A thread inside such a transform can't be stopped. The dispatcher polls the watchdog and ends the run without the thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Vec<Option<Task>>>>);

/// The entry of one thread.
#[derive(Debug, Clone)]
pub(crate) struct WatchdogSlot {
    watchdog: Watchdog,
    index: usize,
}

#[derive(Debug)]
struct Task {
    stage: Arc<StageId>,
    origin: Arc<Origin>,
    limit: TimeLimit,
    start: Instant,
}

impl WatchdogSlot {
    /// Starts the clock of a record in `stage`.
    pub(crate) fn begin(&self, stage: &Arc<StageId>, origin: &Arc<Origin>, limit: TimeLimit) {
        let (stage, origin, start) = (Arc::clone(stage), Arc::clone(origin), Instant::now());
        self.set(Some(Task { stage, origin, limit, start }));
    }

    /// Stops the clock.
    pub(crate) fn end(&self) {
        self.set(None);
    }

    fn set(&self, task: Option<Task>) {
        if let Some(slot) = self.watchdog.lock().get_mut(self.index) {
            *slot = task;
        }
    }
}

impl Watchdog {
    /// Adds a slot for one thread.
    pub(crate) fn slot(&self) -> WatchdogSlot {
        let mut slots = self.lock();
        slots.push(None);
        WatchdogSlot { watchdog: self.clone(), index: slots.len() - 1 }
    }

    /// Returns the failure of a record that has exceeded its stage's time limit.
    pub(crate) fn overdue(&self) -> Option<StageFailure> {
        let slots = self.lock();
        let is_overdue = |task: &&Task| task.start.elapsed() > task.limit.limit + task.limit.grace;
        let task = slots.iter().flatten().find(is_overdue)?;
        let message = format!(
            "a record took longer than the time limit of {:?}, and the transform can't be interrupted, so the run ends",
            task.limit.limit
        );
        let error = StageError::new(ErrorKind::Limit, message).hint(task.limit.hint);
        Some(StageFailure::of(&task.stage, error).at(&task.origin))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Task>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
