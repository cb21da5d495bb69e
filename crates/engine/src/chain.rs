//! Applies a chain of transforms to a page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use futures_util::future::join_all;
use taskferry_pipeline::{StageFailure, StageId, TransformStage};
use taskferry_sdk::{AnyTransform, RunContext, StageDigest};
use tracing::Instrument;

use crate::envelope::PageBatch;
use crate::fields::FieldCounts;
use crate::run_stats::TransformStats;
use crate::step::{ChainOutcome, Step};
use crate::tracer::Tracer;
use crate::watchdog::WatchdogSlot;

/// The transforms of a pipeline or of one sink, in order.
#[derive(Debug)]
pub(crate) struct Chain {
    steps: Vec<Step>,
    run: Arc<RunContext>,
    /// The stages before the first one.
    inputs: Vec<StageDigest>,
}

impl Chain {
    /// A chain that has processed `pages` pages, with the stats of its stages up to there.
    pub(crate) fn new(
        stages: Vec<TransformStage>,
        run: Arc<RunContext>,
        pages: u64,
        stats: &[TransformStats],
        tracer: Option<&Arc<dyn Tracer>>,
    ) -> Self {
        let stats = stats.iter().map(Some).chain(std::iter::repeat(None));
        let steps = stages.into_iter().zip(stats);
        let steps =
            steps.map(|(stage, stats)| Step::new(stage, pages, stats, tracer.cloned())).collect();
        Self { steps, run, inputs: Vec::new() }
    }

    /// Sets the stages before the first one.
    #[must_use]
    pub(crate) fn after(mut self, inputs: Vec<StageDigest>) -> Self {
        self.inputs = inputs;
        self
    }

    /// The stages before the chain, and its stages.
    pub(crate) fn digests(&self) -> Vec<StageDigest> {
        self.inputs.iter().cloned().chain(self.steps.iter().map(Step::digest)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    pub(crate) async fn open(mut self) -> Result<Arc<Self>, StageFailure> {
        let mut inputs = self.inputs.clone();
        for step in &mut self.steps {
            let span = step.span();
            let opened = step.open(&self.run, inputs.clone()).instrument(span).await;
            opened.map_err(|error| StageFailure::of(step.id(), error))?;
            inputs.push(step.digest());
        }
        Ok(Arc::new(self))
    }

    /// The warnings of all stages, each with the stage's name.
    pub(crate) fn warnings(&self, totals: &[TransformStats]) -> Vec<(String, String)> {
        let mut warnings = Vec::new();
        for (step, stats) in self.steps.iter().zip(totals) {
            let texts = step.warnings(stats).into_iter();
            warnings.extend(texts.map(|text| (step.id().name.clone(), text)));
        }
        warnings
    }

    /// The number of removals that all stages withheld.
    pub(crate) fn withheld_removals(&self, totals: &[TransformStats]) -> u64 {
        let steps = self.steps.iter().zip(totals);
        let withheld = steps
            .map(|(step, stats)| step.read_ordered(|it| it.withheld_removals(&stats.counters)));
        withheld.sum()
    }

    /// Whether an output without records is expected.
    pub(crate) fn may_emit_nothing(&self) -> bool {
        self.steps.iter().any(|step| step.read_ordered(|transform| transform.may_emit_nothing()))
    }

    /// Counts the fields of the source's records. Counts nothing in a replay, because dead letters are not
    /// representative.
    pub(crate) fn count_fields(&self, page: &PageBatch) -> FieldCounts {
        if self.run.replay { FieldCounts::default() } else { FieldCounts::of(&page.batch) }
    }

    /// Applies all stages to a page, on the thread that owns `slot`.
    pub(crate) async fn apply(
        &self,
        mut page: PageBatch,
        slot: &WatchdogSlot,
    ) -> Result<(PageBatch, ChainOutcome), StageFailure> {
        let mut outcome = ChainOutcome::default();
        for step in &self.steps {
            let apply = step.apply(page, &self.run, slot, &mut outcome);
            page = apply.instrument(step.span()).await?;
        }
        Ok((page, outcome))
    }

    /// Closes all stages.
    pub(crate) async fn close(&self) {
        join_all(self.steps.iter().map(Step::close)).await;
    }

    /// Releases the threads that wait for the turn of a page.
    pub(crate) fn cancel(&self) {
        self.steps.iter().for_each(Step::cancel);
    }
}

/// The first ordered transform that does not save its state, so that a run can't resume.
pub(crate) fn not_resumable(stages: &[TransformStage]) -> Option<StageId> {
    let saves = |stage: &&TransformStage| match &stage.transform {
        AnyTransform::Ordered(transform) => {
            catch_unwind(AssertUnwindSafe(|| transform.save().is_some())).unwrap_or(false)
        }
        _ => true,
    };
    stages.iter().find(|stage| !saves(stage)).map(TransformStage::id)
}
