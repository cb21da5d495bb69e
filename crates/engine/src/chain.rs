//! A chain of transforms over one batch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use taskferry_sdk::{
    ErrorKind, OnError, Origin, Output, Record, RunContext, StageError, StageId, TransformStage,
};

use crate::account::TransformCount;
use crate::dead_letter::DeadLetter;
use crate::watchdog::Desk;

/// How many refused records of one stage are logged one by one.
pub(crate) const LOGGED: u64 = 20;

/// The transforms of a pipeline, or of one sink, in order.
#[derive(Debug)]
pub(crate) struct Chain {
    stages: Vec<TransformStage>,
    run: Arc<RunContext>,
    /// Records that each stage has refused so far.
    refused: Vec<AtomicU64>,
}

/// What a chain did with one batch.
#[derive(Debug, Default)]
pub(crate) struct ChainTally {
    /// One for each stage.
    pub(crate) counts: Vec<TransformCount>,
    pub(crate) dead_letters: Vec<DeadLetter>,
}

impl Chain {
    pub(crate) fn new(stages: Vec<TransformStage>, run: Arc<RunContext>) -> Self {
        let refused = stages.iter().map(|_| AtomicU64::default()).collect();
        Self { stages, run, refused }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }

    /// Whether pages can be taken in any order, several at a time.
    pub(crate) fn takes_any_order(&self) -> bool {
        self.stages.iter().all(|stage| stage.transform.takes_any_order())
    }

    pub(crate) async fn open(mut self) -> Result<Arc<Self>, StageError> {
        for stage in &mut self.stages {
            let id = stage.id();
            stage.transform.open(&self.run).await.map_err(|error| error.at_stage(&id))?;
        }
        Ok(Arc::new(self))
    }

    /// What the stages say about their totals, each with its name.
    pub(crate) fn warnings(&self, totals: &[TransformCount]) -> Vec<(String, String)> {
        let mut warnings = Vec::new();
        for (stage, count) in self.stages.iter().zip(totals) {
            let warn = || stage.transform.warnings(count.records_in, &count.counters);
            // A warning that can't be given is not worth the run.
            let said = catch_unwind(AssertUnwindSafe(warn)).unwrap_or_default();
            warnings.extend(said.into_iter().map(|said| (stage.name.clone(), said)));
        }
        warnings
    }

    /// Sends records through all stages. `desk` is the place of whoever does.
    ///
    /// # Errors
    /// The first record that a stage with `on_error = "fail"` refuses.
    pub(crate) async fn apply(
        &self,
        mut records: Vec<Record>,
        desk: &Desk,
    ) -> Result<(Vec<Record>, ChainTally), StageError> {
        let mut tally = ChainTally::default();
        for (stage, refused) in self.stages.iter().zip(&self.refused) {
            let step = Step { stage, id: Arc::new(stage.id()), run: &self.run, desk };
            records = step.apply(records, refused, &mut tally).await?;
        }
        Ok((records, tally))
    }
}

/// One stage at work on one batch.
struct Step<'a> {
    stage: &'a TransformStage,
    id: Arc<StageId>,
    run: &'a RunContext,
    desk: &'a Desk,
}

impl Step<'_> {
    async fn apply(
        &self,
        records: Vec<Record>,
        refused: &AtomicU64,
        tally: &mut ChainTally,
    ) -> Result<Vec<Record>, StageError> {
        let mut count =
            TransformCount { records_in: records.len() as u64, ..TransformCount::default() };
        let (mut out, mut passed) = (Output::new(), 0);
        for record in records {
            if record.entry().is_some_and(|entry| *entry != *self.id) {
                count.records_in -= 1;
                passed += 1;
                out.pass(record);
                continue;
            }
            let record = record.entered();
            let origin = record.origin().clone();
            // The stage takes the record, and a dead letter needs it.
            let kept = (self.stage.on_error == OnError::DeadLetter).then(|| record.to_json());
            out.begin(&origin);
            let before = out.len();
            let Err(error) = self.apply_to(record, &mut out).await else {
                count.filtered += u64::from(out.len() == before);
                continue;
            };
            out.take_back();
            let error = error.at_stage(&self.id).at_origin(&origin);
            match (self.stage.on_error, kept) {
                (OnError::Skip, _) => count.skipped += 1,
                (OnError::DeadLetter, Some(text)) => {
                    count.dead_letters += 1;
                    let letter = DeadLetter::new(self.run, &self.id, &origin, &error, &text);
                    tally.dead_letters.push(letter);
                }
                _ => return Err(error),
            }
            let count = refused.fetch_add(1, Ordering::Relaxed) + 1;
            self.log(&error, &origin, count);
        }
        count.records_out = (out.len() - passed) as u64;
        count.counters = out.take_counters();
        tally.counts.push(count);
        Ok(out.into_records())
    }

    /// A transform that panics fails its record, not the run.
    async fn apply_to(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let transform = &self.stage.transform;
        let limit = transform.time_limit();
        if let Some(limit) = limit {
            self.desk.begin(&self.id, record.origin(), limit);
        }
        let result = AssertUnwindSafe(transform.apply(record, out)).catch_unwind().await;
        if limit.is_some() {
            self.desk.end();
        }
        result.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    fn log(&self, error: &StageError, origin: &Origin, count: u64) {
        let (stage, what) = (&self.stage.name, left_out(self.stage.on_error));
        if count <= LOGGED {
            tracing::warn!(%stage, %origin, "record {what}: {}", error.full_message());
        }
        if count == LOGGED {
            tracing::warn!(%stage, "further records like this are counted, not logged");
        }
    }
}

/// What became of a record that was refused and did not end the run.
pub(crate) fn left_out(on_error: OnError) -> &'static str {
    if on_error == OnError::DeadLetter { "sent to the dead letters" } else { "left out" }
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
