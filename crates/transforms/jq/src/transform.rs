//! The work: a record in, its results out.

use std::time::Duration;

use async_trait::async_trait;
use taskferry_sdk::{AsyncTransform, Output, Record, StageError, TimeLimit, Transform};

use crate::limits::Limits;
use crate::program::Program;
use crate::workers::Workers;

/// What the engine's watchdog waits beyond the time limit, so that an expression which does come to results is
/// ended between two of them and costs only its record.
const GRACE: Duration = Duration::from_millis(500);

/// The expression in this process.
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
        let hint = "mend the expression, raise `time_limit`, or set `isolation = \"process\"`";
        Some(TimeLimit::new(self.limits.time, hint).with_grace(GRACE))
    }
}

/// The expression in a process of its own.
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
