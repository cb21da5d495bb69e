//! The transform, in this process or in worker processes.

use std::time::Duration;

use async_trait::async_trait;
use taskferry_sdk::{AsyncTransform, Output, Record, StageError, TimeLimit, Transform};

use crate::limits::Limits;
use crate::program::Program;
use crate::workers::Workers;

/// The engine's watchdog waits this much longer than the time limit. An expression that still returns results is stopped
/// between two of them first, and fails only its record.
const GRACE: Duration = Duration::from_millis(500);

/// Runs the expression in this process.
#[derive(Debug)]
pub(crate) struct InProcess {
    pub(crate) program: Program,
    pub(crate) limits: Limits,
}

impl Transform for InProcess {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        for result in self.program.run(&record)? {
            out.emit(result);
        }
        Ok(())
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        let hint = "correct the expression, raise `time_limit`, or set `isolation = \"process\"`";
        Some(TimeLimit::new(self.limits.time, hint).with_grace(GRACE))
    }
}

/// Runs the expression in worker processes.
#[derive(Debug)]
pub(crate) struct Isolated {
    pub(crate) workers: Workers,
}

#[async_trait]
impl AsyncTransform for Isolated {
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        for result in self.workers.run(&record).await? {
            out.emit(result);
        }
        Ok(())
    }
}
