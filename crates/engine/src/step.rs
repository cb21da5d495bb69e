//! Applies one transform to a page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{FutureExt, StreamExt, stream};
use taskferry_pipeline::{OnError, StageFailure, StageId, TransformStage};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, Cursor, OrderedTransform, Origin, Output, Record, RunContext,
    StageContext, StageDigest, StageError, Transform,
};
use tracing::{Instrument, Span};

use crate::dead_letter::DeadLetter;
use crate::envelope::{Envelope, PageBatch};
use crate::fields::FieldCounts;
use crate::ordered_step::{OrderedStep, save_state};
use crate::run_stats::TransformStats;
use crate::stage_span::stage_span;
use crate::threads::panicked;
use crate::tracer::{TracedResult, TracedStep, Tracer};
use crate::watchdog::WatchdogSlot;

/// The number of refused records that each stage logs.
const MAX_LOGGED: u64 = 20;

/// The stats and dead letters of a chain for one page.
#[derive(Debug, Default)]
pub(crate) struct ChainOutcome {
    /// One for each stage.
    pub(crate) stats: Vec<TransformStats>,
    pub(crate) dead_letters: Vec<DeadLetter>,
    /// The fields of the source's records; not counted for a sink's chain.
    pub(crate) fields: FieldCounts,
}

/// One stage of a chain.
#[derive(Debug)]
pub(crate) struct Step {
    id: Arc<StageId>,
    digest: String,
    on_error: OnError,
    kind: Kind,
    log: RefusalLog,
    tracer: Option<Arc<dyn Tracer>>,
    span: Span,
}

#[derive(Debug)]
enum Kind {
    Stateless(Box<dyn Transform>),
    Ordered(OrderedStep),
    Async(Box<dyn AsyncTransform>),
}

impl Step {
    /// A stage that has processed `pages` pages, with its stats up to there.
    pub(crate) fn new(
        stage: TransformStage,
        pages: u64,
        stats: Option<&TransformStats>,
        tracer: Option<Arc<dyn Tracer>>,
    ) -> Self {
        let (id, digest, on_error) = (Arc::new(stage.id()), stage.digest, stage.on_error);
        let kind = match stage.transform {
            AnyTransform::Stateless(transform) => Kind::Stateless(transform),
            AnyTransform::Ordered(transform) => {
                Kind::Ordered(OrderedStep::new(transform, pages, stats))
            }
            AnyTransform::Async(transform) => Kind::Async(transform),
        };
        let span = stage_span(&id);
        Self { id, digest, on_error, kind, log: RefusalLog::default(), tracer, span }
    }

    pub(crate) fn id(&self) -> &StageId {
        &self.id
    }

    /// The span that contains the log events of the stage.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Opens the stage, which comes after `inputs`.
    pub(crate) async fn open(
        &mut self,
        run: &RunContext,
        inputs: Vec<StageDigest>,
    ) -> Result<(), StageError> {
        let stage = StageContext::new(self.id.name.clone(), inputs);
        let mut run = run.clone();
        run.stage = stage;
        match &mut self.kind {
            Kind::Stateless(transform) => transform.open(&run),
            Kind::Ordered(transform) => transform.open(&run),
            Kind::Async(transform) => transform.open(&run).await,
        }
    }

    /// Closes the transform. A panic of the plugin has no effect.
    pub(crate) async fn close(&self) {
        if let Kind::Async(transform) = &self.kind {
            let close = transform.close().instrument(self.span());
            _ = AssertUnwindSafe(close).catch_unwind().await;
        }
    }

    /// The name and the digest of the stage.
    pub(crate) fn digest(&self) -> StageDigest {
        StageDigest::new(self.id.name.clone(), self.digest.clone())
    }

    /// Reads an ordered transform. Returns the default for other transforms, and if the plugin panics.
    pub(crate) fn read_ordered<R: Default>(
        &self,
        read: impl FnOnce(&dyn OrderedTransform) -> R,
    ) -> R {
        let Kind::Ordered(step) = &self.kind else { return R::default() };
        catch_unwind(AssertUnwindSafe(|| step.read(read))).unwrap_or_default()
    }

    /// The warnings of the transform; none if the plugin panics.
    pub(crate) fn warnings(&self, stats: &TransformStats) -> Vec<String> {
        let (records_in, totals) = (stats.records_in, &stats.counters);
        let warnings = || match &self.kind {
            Kind::Stateless(transform) => transform.warnings(records_in, totals),
            Kind::Ordered(step) => step.read(|transform| transform.warnings(records_in, totals)),
            Kind::Async(transform) => transform.warnings(records_in, totals),
        };
        catch_unwind(AssertUnwindSafe(warnings)).unwrap_or_default()
    }

    /// Releases the threads that wait for the turn of a page.
    pub(crate) fn cancel(&self) {
        if let Kind::Ordered(step) = &self.kind {
            step.cancel();
        }
    }

    /// An output, which collects effects if there is a tracer.
    fn output(&self) -> Output {
        if self.tracer.is_some() { Output::with_effects() } else { Output::new() }
    }

    /// Applies the stage to the records of a page.
    ///
    /// # Errors
    /// The first record that the stage refuses, with `on_error = "fail"`, or an error of the stage itself.
    pub(crate) async fn apply(
        &self,
        mut page: PageBatch,
        run: &RunContext,
        slot: &WatchdogSlot,
        outcome: &mut ChainOutcome,
    ) -> Result<PageBatch, StageFailure> {
        let mut results = Results {
            step: self,
            run,
            page: page.next(),
            stats: TransformStats::default(),
            dead_letters: &mut outcome.dead_letters,
        };
        match &self.kind {
            Kind::Stateless(transform) => {
                self.apply_stateless(&**transform, page.take(), slot, &mut results)?;
            }
            Kind::Ordered(ordered) => {
                let turn = ordered.turn(page.page()).await;
                let turn = turn.map_err(|error| StageFailure::of(&self.id, error))?;
                self.apply_ordered(ordered, &mut page, &mut results)?;
                turn.end();
            }
            Kind::Async(transform) => {
                self.apply_async(&**transform, page.take(), &mut results).await?;
            }
        }
        let Results { page, stats, .. } = results;
        outcome.stats.push(stats);
        Ok(page)
    }

    fn apply_stateless(
        &self,
        transform: &dyn Transform,
        envelopes: impl Iterator<Item = Envelope>,
        slot: &WatchdogSlot,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let (mut out, limit) = (self.output(), transform.time_limit());
        for envelope in envelopes {
            let Some(Input { record, origin, copy }) = results.accept(envelope) else { continue };
            if let Some(limit) = limit {
                slot.begin(&self.id, &origin, limit);
            }
            out.set_origin(Some(Arc::clone(&origin)));
            let result = catch_panic(|| transform.apply(record, &mut out));
            if limit.is_some() {
                slot.end();
            }
            results.add(&origin, copy.as_ref(), result, &mut out)?;
        }
        Ok(())
    }

    fn apply_ordered(
        &self,
        ordered: &OrderedStep,
        page: &mut PageBatch,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let (mut out, mut transform) = (self.output(), ordered.lock());
        let cursor = page.batch.origins.last().and_then(|origin| origin.cursor.clone());
        let failed = |error| StageFailure::of(&self.id, error);
        for origin in &results.page.refused {
            catch_panic(|| transform.on_refused(origin)).map_err(failed)?;
        }
        for envelope in page.take() {
            let Some(Input { record, origin, copy }) = results.accept(envelope) else { continue };
            ordered.set_has_records();
            out.set_origin(Some(Arc::clone(&origin)));
            let result = catch_panic(|| transform.apply(record, &mut out));
            let is_refused = result.is_err();
            results.add(&origin, copy.as_ref(), result, &mut out)?;
            if is_refused {
                catch_panic(|| transform.on_refused(&origin)).map_err(failed)?;
            }
        }
        out.set_origin(None);
        // In a replay, `finish` is called only if the stage has received a record.
        if page.is_last && (!results.run.replay || ordered.has_records()) {
            catch_panic(|| transform.finish(&mut out)).map_err(failed)?;
            results.add_final(cursor.as_ref(), &mut out);
        }
        results.stats.state = save_state(&**transform, results.run).map_err(failed)?;
        Ok(())
    }

    async fn apply_async(
        &self,
        transform: &dyn AsyncTransform,
        envelopes: impl Iterator<Item = Envelope>,
        results: &mut Results<'_>,
    ) -> Result<(), StageFailure> {
        let inputs: Vec<_> = envelopes.map(|envelope| results.try_accept(envelope)).collect();
        let apply = |input: Result<Input, Envelope>| async move {
            let Input { record, origin, copy } = input?;
            let mut out = self.output();
            out.set_origin(Some(Arc::clone(&origin)));
            let result = AssertUnwindSafe(transform.apply(record, &mut out)).catch_unwind().await;
            let result = result.unwrap_or_else(|panic| Err(panicked(&*panic)));
            Ok((origin, copy, result, out))
        };
        let in_flight = transform.concurrency().max(1);
        let mut applied = stream::iter(inputs).map(apply).buffered(in_flight);
        while let Some(outcome) = applied.next().await {
            match outcome {
                Ok((origin, copy, result, mut out)) => {
                    results.add(&origin, copy.as_ref(), result, &mut out)?;
                }
                Err(later) => results.page.push(later),
            }
        }
        Ok(())
    }
}

/// A record that the stage receives.
struct Input {
    record: Record,
    origin: Arc<Origin>,
    /// For a dead letter, and for a tracer.
    copy: Option<Record>,
}

/// The results of a stage for one page.
struct Results<'a> {
    step: &'a Step,
    run: &'a RunContext,
    page: PageBatch,
    stats: TransformStats,
    dead_letters: &'a mut Vec<DeadLetter>,
}

impl Results<'_> {
    /// Counts a record of the stage. In a replay, passes on a record that enters the pipeline at a later stage, and
    /// returns `None`.
    fn accept(&mut self, envelope: Envelope) -> Option<Input> {
        self.try_accept(envelope).map_err(|later| self.page.push(later)).ok()
    }

    fn try_accept(&mut self, envelope: Envelope) -> Result<Input, Envelope> {
        if envelope.entry.as_ref().is_some_and(|entry| *entry != self.step.id) {
            return Err(envelope);
        }
        self.stats.records_in += 1;
        let Envelope { record, origin, .. } = envelope;
        let is_copied = self.step.on_error == OnError::DeadLetter || self.step.tracer.is_some();
        let copy = is_copied.then(|| record.clone());
        Ok(Input { record, origin, copy })
    }

    /// Adds the result for one record.
    fn add(
        &mut self,
        origin: &Arc<Origin>,
        copy: Option<&Record>,
        result: Result<(), StageError>,
        out: &mut Output,
    ) -> Result<(), StageFailure> {
        if let Some(tracer) = &self.step.tracer {
            let effects = out.take_effects();
            let result = match &result {
                Ok(()) => TracedResult::Emitted(out.records(), &effects),
                Err(error) => TracedResult::Refused(error),
            };
            tracer.on_record(&TracedStep { stage: &self.step.id, origin, input: copy, result });
        }
        let Err(error) = result else {
            self.stats.filtered += u64::from(out.records().is_empty());
            out.add_counters_to(&mut self.stats.counters);
            for record in out.drain_records() {
                self.push(record, Arc::clone(origin));
            }
            return Ok(());
        };
        out.clear();
        let id = &self.step.id;
        if error.is_fatal() {
            return Err(StageFailure::of(id, error));
        }
        match (self.step.on_error, copy) {
            (OnError::Skip, _) => self.stats.skipped += 1,
            (OnError::DeadLetter, Some(record)) => {
                self.stats.dead_letters += 1;
                self.dead_letters.push(DeadLetter::new(self.run, id, origin, record, &error));
            }
            _ => return Err(StageFailure::of(id, error).at(origin)),
        }
        self.page.refused.push(Arc::clone(origin));
        self.step.log.warn(id, self.step.on_error, origin, 1, &error);
        Ok(())
    }

    /// Adds the records that an ordered transform emits at the end. They belong to no input record, so their positions
    /// continue after the records of the last page, including records that earlier stages have dropped.
    fn add_final(&mut self, cursor: Option<&Cursor>, out: &mut Output) {
        let (page, first) = (self.page.page(), self.page.next_index);
        out.add_counters_to(&mut self.stats.counters);
        for (index, record) in (first..).zip(out.drain_records()) {
            let origin = Origin { page, cursor: cursor.cloned(), index, job: None };
            if let Some(tracer) = &self.step.tracer {
                let result = TracedResult::Emitted(std::slice::from_ref(&record), &[]);
                let (stage, origin) = (&self.step.id, &origin);
                tracer.on_record(&TracedStep { stage, origin, input: None, result });
            }
            self.push(record, Arc::new(origin));
        }
    }

    fn push(&mut self, record: Record, origin: Arc<Origin>) {
        self.stats.records_out += 1;
        self.page.push(Envelope { record, origin, entry: None });
    }
}

/// Logs the first refusals of a stage.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog(AtomicU64);

impl RefusalLog {
    /// Logs that `stage` refused `records` records, of which the first has this origin.
    pub(crate) fn warn(
        &self,
        stage: &StageId,
        on_error: OnError,
        origin: &Origin,
        records: usize,
        error: &StageError,
    ) {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        if count <= MAX_LOGGED {
            let what =
                if records == 1 { "record".to_owned() } else { format!("{records} records") };
            let is_kept = on_error == OnError::DeadLetter;
            let action = if is_kept { "written to the dead-letter file" } else { "skipped" };
            let reason = error.full_message();
            tracing::warn!(stage = %stage.name, %origin, "{what} {action}: {reason}");
        }
        if count == MAX_LOGGED {
            let message = "further refused records of this stage are not logged, only counted";
            tracing::warn!(stage = %stage.name, "{message}");
        }
    }
}

/// A transform that panics fails its record, not the run.
fn catch_panic(apply: impl FnOnce() -> Result<(), StageError>) -> Result<(), StageError> {
    catch_unwind(AssertUnwindSafe(apply)).unwrap_or_else(|panic| Err(panicked(&*panic)))
}
