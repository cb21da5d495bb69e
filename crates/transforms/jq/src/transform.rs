//! The transform, in this process or in worker processes.

use std::time::Duration;

use async_trait::async_trait;
use taskferry_sdk::{AsyncTransform, Output, Record, RunContext, StageError, TimeLimit, Transform};

use crate::clock::Clock;
use crate::program::Program;
use crate::workers::Workers;

/// How long the engine's watchdog waits after the time limit. In this time, an expression that still returns results can stop
/// itself, and then fails only its record.
const GRACE: Duration = Duration::from_millis(500);

/// Runs the expression in this process.
#[derive(Debug)]
pub(crate) struct InProcess {
    pub(crate) program: Program,
    /// The option with the expression.
    pub(crate) option: &'static str,
}

impl Transform for InProcess {
    fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        self.program.set_clock(Clock::of(run));
        Ok(())
    }

    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        emit(self.program.run(&record)?, self.option, out);
        Ok(())
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        let hint = "correct the expression, raise `time_limit`, or set `isolation = \"process\"`";
        Some(TimeLimit::new(self.program.limits.time, hint).with_grace(GRACE))
    }
}

/// Runs the expression in worker processes.
#[derive(Debug)]
pub(crate) struct Isolated {
    pub(crate) workers: Workers,
    /// The option with the expression.
    pub(crate) option: &'static str,
}

#[async_trait]
impl AsyncTransform for Isolated {
    async fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        self.workers.set_clock(Clock::of(run));
        Ok(())
    }

    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        emit(self.workers.run(&record).await?, self.option, out);
        Ok(())
    }
}

/// Emits the results. Without results, explains that the record is dropped.
fn emit(results: Vec<Record>, option: &'static str, out: &mut Output) {
    if results.is_empty() {
        out.explain(option, || "drops the record: the expression has no result".to_owned());
    }
    for result in results {
        out.emit(result);
    }
}
