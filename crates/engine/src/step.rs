//! One transform over one page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use taskferry_pipeline::{OnError, StageFailure, StageId, TransformStage};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, Cursor, Origin, Output, Record, RunContext, StageError, Transform,
};

use crate::account::TransformCount;
use crate::dead_letter::DeadLetter;
use crate::envelope::{Envelope, Work};
use crate::ordered::{Ordered, save};
use crate::tally::ChainTally;
use crate::threads::panicked;
use crate::watchdog::WatchdogSlot;

/// How many refused records of one stage are logged one by one.
pub(crate) const LOGGED: u64 = 20;

/// One stage of a chain.
#[derive(Debug)]
pub(crate) struct Step {
    id: Arc<StageId>,
    on_error: OnError,
    kind: Kind,
    /// Records that the stage has refused so far.
    refused: AtomicU64,
}

#[derive(Debug)]
enum Kind {
    Stateless(Box<dyn Transform>),
    Ordered(Ordered),
    Async(Box<dyn AsyncTransform>),
}

impl Step {
    /// A stage that `pages` pages have gone through, and what it had counted behind them.
    pub(crate) fn new(stage: TransformStage, pages: u64, counted: Option<&TransformCount>) -> Self {
        let (id, on_error) = (Arc::new(stage.id()), stage.on_error);
        let kind = match stage.transform {
            AnyTransform::Stateless(transform) => Kind::Stateless(transform),
            AnyTransform::Ordered(transform) => {
                Kind::Ordered(Ordered::new(transform, pages, counted))
            }
            AnyTransform::Async(transform) => Kind::Async(transform),
        };
        Self { id, on_error, kind, refused: AtomicU64::default() }
    }

    pub(crate) fn id(&self) -> &StageId {
        &self.id
    }

    pub(crate) async fn open(&mut self, run: &RunContext) -> Result<(), StageError> {
        match &mut self.kind {
            Kind::Stateless(transform) => transform.open(run),
            Kind::Ordered(transform) => transform.open(run),
            Kind::Async(transform) => transform.open(run).await,
        }
    }

    pub(crate) fn warnings(&self, count: &TransformCount) -> Vec<String> {
        let (records_in, totals) = (count.records_in, &count.counters);
        match &self.kind {
            Kind::Stateless(transform) => transform.warnings(records_in, totals),
            Kind::Ordered(transform) => transform.warnings(records_in, totals),
            Kind::Async(transform) => transform.warnings(records_in, totals),
        }
    }

    /// Sends the records of a page through the stage.
    ///
    /// # Errors
    /// The first record that the stage refuses, with `on_error = "fail"`.
    pub(crate) async fn apply(
        &self,
        mut work: Work,
        run: &RunContext,
        slot: &WatchdogSlot,
        tally: &mut ChainTally,
    ) -> Result<Work, StageFailure> {
        let mut results = Results::new(self, run, &work, tally);
        match &self.kind {
            Kind::Stateless(transform) => {
                self.apply_stateless(&**transform, work.take(), slot, &mut results)?;
            }
            Kind::Ordered(transform) => {
                let turn = transform.turn(work.page()).await;
                let turn = turn.map_err(|error| StageFailure::of(&self.id, error))?;
                self.apply_ordered(transform, &mut work, &mut results)?;
                turn.end();
            }
            Kind::Async(transform) => {
                self.apply_async(&**transform, work.take(), &mut results).await?;
            }
        }
        Ok(results.finish())
    }

    fn apply_stateless(
        &self,
        transform: &dyn Transform,
        envelopes: impl Iterator<Item = Envelope>,
        slot: &WatchdogSlot,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let (mut out, limit) = (Output::new(), transform.time_limit());
        for envelope in envelopes {
            let Some(Arrived { record, origin, kept }) = results.arrive(envelope) else { continue };
            if let Some(limit) = limit {
                slot.begin(&self.id, &origin, limit);
            }
            let result = guarded(|| transform.apply(record, &mut out));
            if limit.is_some() {
                slot.end();
            }
            results.add(&origin, kept.as_ref(), result, &mut out)?;
        }
        Ok(())
    }

    fn apply_ordered(
        &self,
        ordered: &Ordered,
        work: &mut Work,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let (mut out, mut transform) = (Output::new(), ordered.lock());
        let cursor = work.batch.origins.last().and_then(|origin| origin.cursor.clone());
        for envelope in work.take() {
            let Some(Arrived { record, origin, kept }) = results.arrive(envelope) else { continue };
            ordered.note_record();
            let result = guarded(|| transform.apply(record, &mut out));
            results.add(&origin, kept.as_ref(), result, &mut out)?;
        }
        let failed = |error| StageFailure::of(&self.id, error);
        // A replay that brings a stage no record brings it no end either.
        if work.is_last && (!results.run.replay || ordered.has_records()) {
            guarded(|| transform.finish(&mut out)).map_err(failed)?;
            results.add_held_back(cursor.as_ref(), &mut out);
        }
        results.count.state = save(&**transform, results.run).map_err(failed)?;
        Ok(())
    }

    async fn apply_async(
        &self,
        transform: &dyn AsyncTransform,
        envelopes: impl Iterator<Item = Envelope>,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let arrived: Vec<_> = envelopes.map(|envelope| results.arrive_or_pass(envelope)).collect();
        let apply = |arrived| async move {
            let Arrived { record, origin, kept } = match arrived {
                Ok(arrived) => arrived,
                Err(passed) => return Err(passed),
            };
            let mut out = Output::new();
            let result = AssertUnwindSafe(transform.apply(record, &mut out)).catch_unwind().await;
            let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
            Ok((origin, kept, result, out))
        };
        let in_flight = transform.concurrency().max(1);
        let mut applied = stream::iter(arrived).map(apply).buffered(in_flight);
        while let Some(outcome) = applied.next().await {
            match outcome {
                Ok((origin, kept, result, mut out)) => {
                    results.add(&origin, kept.as_ref(), result, &mut out)?;
                }
                Err(passed) => results.work.push(passed),
            }
        }
        Ok(())
    }

    fn log(&self, error: &StageError, origin: &Origin) {
        let count = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let (stage, what) = (&self.id.name, left_out(self.on_error));
        if count <= LOGGED {
            tracing::warn!(%stage, %origin, "record {what}: {}", error.full_message());
        }
        if count == LOGGED {
            tracing::warn!(%stage, "further records like this are counted, not logged");
        }
    }
}

/// A record that has arrived at its stage.
struct Arrived {
    record: Record,
    origin: Arc<Origin>,
    /// The stage takes the record, and a dead letter needs it.
    kept: Option<Record>,
}

/// What a stage makes of a page.
struct Results<'a> {
    step: &'a Step,
    run: &'a RunContext,
    tally: &'a mut ChainTally,
    work: Work,
    count: TransformCount,
}

impl<'a> Results<'a> {
    fn new(step: &'a Step, run: &'a RunContext, of: &Work, tally: &'a mut ChainTally) -> Self {
        let work = Work::new(of.page(), of.is_last);
        Self { step, run, tally, work, count: TransformCount::default() }
    }

    /// Passes on a record that enters at a later stage.
    fn arrive(&mut self, envelope: Envelope) -> Option<Arrived> {
        self.arrive_or_pass(envelope).map_err(|passed| self.work.push(passed)).ok()
    }

    fn arrive_or_pass(&mut self, envelope: Envelope) -> Result<Arrived, Envelope> {
        if envelope.entry.as_ref().is_some_and(|entry| *entry != self.step.id) {
            return Err(envelope);
        }
        self.count.records_in += 1;
        let Envelope { record, origin, .. } = envelope;
        let kept = (self.step.on_error == OnError::DeadLetter).then(|| record.clone());
        Ok(Arrived { record, origin, kept })
    }

    /// Takes what came of one record.
    fn add(
        &mut self,
        origin: &Arc<Origin>,
        kept: Option<&Record>,
        result: Result<(), StageError>,
        out: &mut Output,
    ) -> Result<(), StageFailure> {
        let Err(error) = result else {
            self.count.filtered += u64::from(out.records().is_empty());
            self.take(out, origin);
            return Ok(());
        };
        out.clear();
        let id = &self.step.id;
        match (self.step.on_error, kept) {
            (OnError::Skip, _) => self.count.skipped += 1,
            (OnError::DeadLetter, Some(record)) => {
                self.count.dead_letters += 1;
                let letter = DeadLetter::new(self.run, id, origin, record, &error);
                self.tally.dead_letters.push(letter);
            }
            _ => return Err(StageFailure::of(id, error).at(origin)),
        }
        self.step.log(&error, origin);
        Ok(())
    }

    /// Takes what a transform had held back until the end, which comes from no record in particular. It is counted behind the
    /// records of the last page.
    fn add_held_back(&mut self, cursor: Option<&Cursor>, out: &mut Output) {
        let (page, behind) = (self.work.page(), usize::try_from(self.count.records_in));
        out.add_counters_to(&mut self.count.counters);
        for (index, record) in (behind.unwrap_or(usize::MAX)..).zip(out.drain_records()) {
            let origin = Origin { page, cursor: cursor.cloned(), index, job: None };
            self.count.records_out += 1;
            self.work.push(Envelope { record, origin: Arc::new(origin), entry: None });
        }
    }

    fn take(&mut self, out: &mut Output, origin: &Arc<Origin>) {
        out.add_counters_to(&mut self.count.counters);
        for record in out.drain_records() {
            self.count.records_out += 1;
            self.work.push(Envelope { record, origin: Arc::clone(origin), entry: None });
        }
    }

    fn finish(self) -> Work {
        self.tally.counts.push(self.count);
        self.work
    }
}

/// What became of a record that was refused and did not end the run.
pub(crate) fn left_out(on_error: OnError) -> &'static str {
    if on_error == OnError::DeadLetter { "sent to the dead letters" } else { "left out" }
}

/// A transform that panics fails its record, not the run.
fn guarded(work: impl FnOnce() -> Result<(), StageError>) -> Result<(), StageError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}
