//! Notices a record that a transform never gets done with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use taskferry_pipeline::{StageFailure, StageId};
use taskferry_sdk::{ErrorKind, Origin, StageError, TimeLimit};

/// What worker threads are busy with, for transforms that have a time limit. A thread inside such a transform can't be stopped
/// from outside, so the dispatcher looks here and ends the run without the thread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Vec<Option<Busy>>>>);

/// Where one thread notes what it is busy with.
#[derive(Debug, Clone)]
pub(crate) struct WatchdogSlot {
    all: Watchdog,
    index: usize,
}

#[derive(Debug)]
struct Busy {
    stage: Arc<StageId>,
    origin: Arc<Origin>,
    limit: TimeLimit,
    since: Instant,
}

impl WatchdogSlot {
    /// Notes that `stage` begins with a record.
    pub(crate) fn begin(&self, stage: &Arc<StageId>, origin: &Arc<Origin>, limit: TimeLimit) {
        let (stage, origin, since) = (Arc::clone(stage), Arc::clone(origin), Instant::now());
        self.set(Some(Busy { stage, origin, limit, since }));
    }

    /// Notes that the stage is done with the record.
    pub(crate) fn end(&self) {
        self.set(None);
    }

    fn set(&self, busy: Option<Busy>) {
        if let Some(mine) = self.all.lock().get_mut(self.index) {
            *mine = busy;
        }
    }
}

impl Watchdog {
    /// A slot for one more thread.
    pub(crate) fn slot(&self) -> WatchdogSlot {
        let mut slots = self.lock();
        slots.push(None);
        WatchdogSlot { all: self.clone(), index: slots.len() - 1 }
    }

    /// The failure of a record that takes longer than its stage allows.
    pub(crate) fn overdue(&self) -> Option<StageFailure> {
        let slots = self.lock();
        let overdue = |busy: &&Busy| busy.since.elapsed() > busy.limit.limit + busy.limit.grace;
        let busy = slots.iter().flatten().find(overdue)?;
        let message =
            format!("a record took longer than {:?} and can't be stopped", busy.limit.limit);
        let error = StageError::new(ErrorKind::Limit, message).hint(busy.limit.hint);
        Some(StageFailure::of(&busy.stage, error).at(&busy.origin))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Busy>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
