//! A chain of transforms over one batch.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use taskferry_core::{Emitter, ErrorKind, OnError, Record, RunContext, StageError, TransformStage};

use crate::progress::TransformProgress;
use crate::watchdog::Watchdog;

/// How many refused records of one stage are logged one by one.
const LOGGED: u64 = 20;

/// The transforms of a pipeline, or of one sink, in order.
#[derive(Debug)]
pub(crate) struct Chain {
    stages: Vec<TransformStage>,
    watchdog: Watchdog,
}

impl Chain {
    pub(crate) fn new(stages: Vec<TransformStage>, watchdog: Watchdog) -> Self {
        Self { stages, watchdog }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    pub(crate) async fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        for stage in &mut self.stages {
            let id = stage.id();
            stage.transform.open(run).await.map_err(|error| error.at_stage(&id))?;
        }
        Ok(())
    }

    /// Sends records through all stages. `progress` holds one entry a stage.
    ///
    /// # Errors
    /// The first record that a stage with `on_error = "fail"` refuses.
    pub(crate) async fn apply(
        &self,
        mut records: Vec<Record>,
        progress: &[TransformProgress],
    ) -> Result<Vec<Record>, StageError> {
        for (stage, progress) in self.stages.iter().zip(progress) {
            records = self.apply_stage(stage, records, progress).await?;
        }
        Ok(records)
    }

    async fn apply_stage(
        &self,
        stage: &TransformStage,
        records: Vec<Record>,
        progress: &TransformProgress,
    ) -> Result<Vec<Record>, StageError> {
        let (mut tried, mut failed) = (0, 0);
        let mut out = Emitter::new();
        for record in records {
            let origin = record.origin().clone();
            out.begin(&origin);
            tried += 1;
            if let Err(error) = self.apply_record(stage, record, &mut out).await {
                out.take_back();
                let error = error.at_stage(&stage.id()).at_origin(&origin);
                failed += 1;
                match stage.on_error {
                    OnError::Fail => {
                        progress.add(tried, out.len(), failed);
                        return Err(error);
                    }
                    OnError::Skip | OnError::DeadLetter => {
                        log_skipped(stage, &error, progress.failed() + failed);
                    }
                }
            }
        }
        progress.add(tried, out.len(), failed);
        Ok(out.into_records())
    }

    /// A transform that panics fails its record, not the run.
    async fn apply_record(
        &self,
        stage: &TransformStage,
        record: Record,
        out: &mut Emitter,
    ) -> Result<(), StageError> {
        let limit = stage.transform.time_limit();
        if let Some(limit) = limit {
            self.watchdog.begin(&stage.id(), record.origin(), limit);
        }
        let result = AssertUnwindSafe(stage.transform.apply(record, out)).catch_unwind().await;
        if limit.is_some() {
            self.watchdog.end();
        }
        result.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }
}

fn log_skipped(stage: &TransformStage, error: &StageError, count: u64) {
    let origin = error.origin().map(ToString::to_string).unwrap_or_default();
    if count <= LOGGED {
        tracing::warn!(stage = %stage.name, %origin, "record left out: {}", error.full_message());
    }
    if count == LOGGED {
        tracing::warn!(stage = %stage.name, "further records that are left out are counted, not logged");
    }
}

/// The error of a plugin that panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> StageError {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    let message =
        format!("the plugin panicked: {}", said.as_deref().unwrap_or("it did not say why"));
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the plugin; please report it to its authors")
}
