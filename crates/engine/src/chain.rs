//! A chain of transforms over one page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use taskferry_pipeline::{StageFailure, TransformStage};
use taskferry_sdk::{AnyTransform, RunContext};

use crate::account::TransformCount;
use crate::envelope::Work;
use crate::step::Step;
use crate::tally::ChainTally;
use crate::watchdog::WatchdogSlot;

/// The transforms of a pipeline, or of one sink, in order.
#[derive(Debug)]
pub(crate) struct Chain {
    steps: Vec<Step>,
    run: Arc<RunContext>,
}

impl Chain {
    /// A chain that begins behind `pages` pages, of which the stages have counted `counts`.
    pub(crate) fn new(
        stages: Vec<TransformStage>,
        run: Arc<RunContext>,
        pages: u64,
        counts: &[TransformCount],
    ) -> Self {
        let counted = counts.iter().map(Some).chain(std::iter::repeat(None));
        let steps = stages.into_iter().zip(counted);
        let steps = steps.map(|(stage, counted)| Step::new(stage, pages, counted)).collect();
        Self { steps, run }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Opens all stages.
    pub(crate) async fn open(mut self) -> Result<Arc<Self>, StageFailure> {
        for step in &mut self.steps {
            step.open(&self.run).await.map_err(|error| StageFailure::of(step.id(), error))?;
        }
        Ok(Arc::new(self))
    }

    /// What the stages say about their totals, each with its name.
    pub(crate) fn warnings(&self, totals: &[TransformCount]) -> Vec<(String, String)> {
        let mut warnings = Vec::new();
        for (step, count) in self.steps.iter().zip(totals) {
            // A warning that can't be given is not worth the run.
            let said = catch_unwind(AssertUnwindSafe(|| step.warnings(count))).unwrap_or_default();
            warnings.extend(said.into_iter().map(|said| (step.id().name.clone(), said)));
        }
        warnings
    }

    /// Sends the records of a page through all stages. `slot` is that of the calling thread.
    ///
    /// # Errors
    /// The first record that a stage with `on_error = "fail"` refuses.
    pub(crate) async fn apply(
        &self,
        mut work: Work,
        slot: &WatchdogSlot,
    ) -> Result<(Work, ChainTally), StageFailure> {
        let mut tally = ChainTally::default();
        for step in &self.steps {
            work = step.apply(work, &self.run, slot, &mut tally).await?;
        }
        Ok((work, tally))
    }
}

/// Whether the state of every transform can be saved, so that a run with them can resume.
pub(crate) fn can_resume(stages: &[TransformStage]) -> bool {
    stages.iter().all(|stage| match &stage.transform {
        AnyTransform::Ordered(transform) => {
            catch_unwind(AssertUnwindSafe(|| transform.save().is_some())).unwrap_or(false)
        }
        _ => true,
    })
}
