//! Starts a run at the first page or at a checkpoint.

use std::path::Path;
use std::sync::Arc;

use taskferry_pipeline::{Pipeline, StageFailure};
use taskferry_sdk::{Position, RunContext};
use taskferry_state::{StateDir, StateError};

use crate::baseline::Comparison;
use crate::checkpoint::{Checkpoint, StartPoint, fingerprint_journal_of, name_of};
use crate::checkpoint_writer::StateFiles;
use crate::dead_letter_file;
use crate::run_stats::RunStats;
use crate::stop::StopSignal;

#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) run: Arc<RunContext>,
    /// The checkpoint to resume.
    pub(crate) from: Option<Box<Checkpoint>>,
    /// The fingerprints of the pages before it.
    pub(crate) fingerprints: Vec<u128>,
    pub(crate) files: StateFiles,
    pub(crate) baseline: Comparison,
    /// Why the run can't start.
    pub(crate) error: Option<StageFailure>,
    /// Whether the run was interrupted before all sinks were checked.
    pub(crate) interrupted: bool,
}

impl Start {
    pub(crate) fn without_state(
        pipeline: &Pipeline,
        mut run: RunContext,
        compared_with: Option<&Path>,
    ) -> Self {
        let mut baseline = compare(&mut run, compared_with, pipeline);
        if run.is_sample {
            // A sample is not compared with earlier runs, because it has fewer jobs and fields.
            baseline = Comparison::default();
        }
        let files = StateFiles::without_state(pipeline, &run);
        Self::at_first_page(run, files, baseline)
    }

    pub(crate) async fn with_state(
        pipeline: &mut Pipeline,
        mut run: RunContext,
        state: StateDir,
        fresh: bool,
        stop: &mut StopSignal,
    ) -> Self {
        run.state_dir = Some(state.path().to_owned());
        let baseline = compare(&mut run, Some(state.path()), pipeline);
        let abandoned = match StartPoint::find(pipeline, &state, &run, &baseline, fresh) {
            StartPoint::Resume(from) => {
                // A sink may read whole files to check them, so the check must be interruptible.
                let checked = tokio::select! {
                    biased;
                    _ = stop.stopped() => Ok(false),
                    checked = from.check_sinks(pipeline, &run) => checked.map(|()| true),
                };
                let resumed = checked.and_then(|checked| {
                    let mut run = from.run(&run);
                    run.resumable = true;
                    let opened = StateFiles::resume(pipeline, &run, &state, &from);
                    let (files, fingerprints) =
                        opened.map_err(|error| format!("{error}: {}", error.source))?;
                    Ok((checked, run, files, fingerprints))
                });
                match resumed {
                    Ok((checked, run, files, fingerprints)) => {
                        let start = Self::at_first_page(run, files.with_state(state), baseline);
                        let (from, interrupted) = (Some(from), !checked);
                        return Self { from, fingerprints, interrupted, ..start };
                    }
                    Err(reason) => Some((from, reason)),
                }
            }
            StartPoint::FirstPage { abandoned } => abandoned,
            StartPoint::AfterFinishedRun => {
                warn_if_failed(remove_checkpoint(&run, &state));
                None
            }
        };
        if let Some((from, reason)) = abandoned {
            tracing::warn!(
                "run {} is not resumed, and a new run starts at the first page: {reason}",
                from.run_id
            );
            discard(pipeline, &state, &from, &run);
        }
        warn_if_failed(dead_letter_file::discard(&run, &state));
        let mut files = StateFiles::create(pipeline, &mut run, state);
        // After a kill, the next run needs this checkpoint to find the outputs that this run may have sent or created.
        let error = files.save_first(pipeline, &run).err();
        Self { error, ..Self::at_first_page(run, files, baseline) }
    }

    fn at_first_page(run: RunContext, files: StateFiles, baseline: Comparison) -> Self {
        Self {
            run: Arc::new(run),
            from: None,
            fingerprints: Vec::new(),
            files,
            baseline,
            error: None,
            interrupted: false,
        }
    }

    /// The source's position. Takes the fingerprints.
    pub(crate) fn take_position(&mut self) -> Option<Position> {
        let fingerprints = std::mem::take(&mut self.fingerprints);
        self.from.as_ref()?.position(fingerprints)
    }

    pub(crate) fn stats(&self, pipeline: &Pipeline) -> RunStats {
        self.from.as_ref().map_or_else(|| RunStats::of(pipeline), |from| from.stats.clone())
    }
}

/// Loads the complete runs in `folder`, and records them in the context of the run.
fn compare(run: &mut RunContext, folder: Option<&Path>, pipeline: &Pipeline) -> Comparison {
    let baseline = folder.map(|folder| Comparison::load(folder, pipeline)).unwrap_or_default();
    run.compared_with = folder.map(Path::to_owned);
    run.complete_runs = baseline.run_ids();
    run.complete_runs_unreadable = baseline.is_unreadable;
    baseline
}

pub(crate) fn log_resumption(from: &Checkpoint) {
    let (run_id, pages) = (&from.run_id, from.stats.source.pages);
    if from.is_beginning() {
        tracing::info!("run {run_id} resumes at the first page");
    } else {
        let page = match &from.cursor {
            Some(_) => format!("page {pages}"),
            None => format!("the last page ({pages})"),
        };
        tracing::info!("run {run_id} resumes after {page}");
    }
}

/// Removes the output and the checkpoint of a run that will not be resumed.
fn discard(pipeline: &Pipeline, state: &StateDir, from: &Checkpoint, attempt: &RunContext) {
    let run = from.run(attempt);
    for (stage, sink_state) in pipeline.sinks.iter().zip(&from.sink_states) {
        stage.sink.discard(&run, sink_state);
    }
    warn_if_failed(state.remove(name_of(&run)));
}

/// Removes the checkpoint of a finished run, and keeps its dead letters.
pub(crate) fn remove_checkpoint(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    dead_letter_file::keep(run, state)?;
    state.remove(name_of(run))?;
    // Without a checkpoint, nothing reads the journal.
    _ = state.entry(&fingerprint_journal_of(run)).remove();
    Ok(())
}

fn warn_if_failed(result: Result<(), StateError>) {
    if let Err(error) = result {
        tracing::warn!("{error}: {}", error.source);
    }
}
