//! Notices a record that a transform never gets done with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use taskferry_core::{ErrorKind, Origin, StageError, StageId, TimeLimit};

/// What one worker is busy with, for transforms that have a time limit. A worker inside such a transform
/// can't be stopped from outside, so the dispatcher looks here and ends the run without it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watchdog(Arc<Mutex<Option<Busy>>>);

#[derive(Debug)]
struct Busy {
    stage: StageId,
    origin: Origin,
    limit: TimeLimit,
    since: Instant,
}

impl Watchdog {
    /// Says that `stage` begins with a record.
    pub(crate) fn begin(&self, stage: &StageId, origin: &Origin, limit: TimeLimit) {
        self.set(Some(Busy {
            stage: stage.clone(),
            origin: origin.clone(),
            limit,
            since: Instant::now(),
        }));
    }

    /// Says that it is done with it.
    pub(crate) fn end(&self) {
        self.set(None);
    }

    /// The error of a record that takes longer than its stage allows.
    pub(crate) fn overdue(&self) -> Option<StageError> {
        let current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = current
            .as_ref()
            .filter(|busy| busy.since.elapsed() > busy.limit.limit + busy.limit.grace)?;
        let message =
            format!("a record took longer than {:?} and can't be stopped", busy.limit.limit);
        Some(
            StageError::new(ErrorKind::Limit, message)
                .hint(busy.limit.hint)
                .at_stage(&busy.stage)
                .at_origin(&busy.origin),
        )
    }

    fn set(&self, busy: Option<Busy>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = busy;
    }
}
