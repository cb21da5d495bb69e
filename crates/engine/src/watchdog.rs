//! Notices a record that a transform never gets done with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use taskferry_sdk::{ErrorKind, Origin, StageError, StageId, TimeLimit};

/// What workers are busy with, for transforms that have a time limit. A worker inside such a transform can't be stopped from
/// outside, so the dispatcher looks here and ends the run without it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Vec<Option<Busy>>>>);

/// Where one worker says what it is busy with.
#[derive(Debug)]
pub(crate) struct Desk {
    all: Watchdog,
    index: usize,
}

#[derive(Debug)]
struct Busy {
    stage: Arc<StageId>,
    origin: Origin,
    limit: TimeLimit,
    since: Instant,
}

impl Desk {
    /// Says that `stage` begins with a record.
    pub(crate) fn begin(&self, stage: &Arc<StageId>, origin: &Origin, limit: TimeLimit) {
        let (stage, origin, since) = (Arc::clone(stage), origin.clone(), Instant::now());
        self.set(Some(Busy { stage, origin, limit, since }));
    }

    /// Says that it is done with it.
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
    /// A place for one worker more.
    pub(crate) fn desk(&self) -> Desk {
        let mut desks = self.lock();
        desks.push(None);
        Desk { all: self.clone(), index: desks.len() - 1 }
    }

    /// The error of a record that takes longer than its stage allows.
    pub(crate) fn overdue(&self) -> Option<StageError> {
        let desks = self.lock();
        let overdue = |busy: &&Busy| busy.since.elapsed() > busy.limit.limit + busy.limit.grace;
        let busy = desks.iter().flatten().find(overdue)?;
        let message =
            format!("a record took longer than {:?} and can't be stopped", busy.limit.limit);
        Some(
            StageError::new(ErrorKind::Limit, message)
                .hint(busy.limit.hint)
                .at_stage(&busy.stage)
                .at_origin(&busy.origin),
        )
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Option<Busy>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
