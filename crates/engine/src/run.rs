//! Runs a pipeline from its start, or from a checkpoint, to its report.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::value::RawValue;
use taskferry_pipeline::{Pipeline, SinkStage};
use taskferry_sdk::{RunContext, printable, printable_json};
use taskferry_state::{History, StateDir, StateError};

use crate::checkpoint_writer::StateFiles;
use crate::dispatcher::Dispatcher;
use crate::finished_runs::{SourceDigests, record_complete};
use crate::live_stats::LiveStats;
use crate::manifest::{Manifest, RunReport, Status, current_millisecond};
use crate::observer::Observer;
use crate::start::{Start, log_resumption, remove_checkpoint};
use crate::stop::StopSignal;
use crate::tracer::Tracer;

/// How to run a pipeline.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// The run's id and start time, by default from [`new_run`]. A resumed run keeps the id and start time of its first attempt.
    pub run: Option<RunContext>,
    /// Stops the run.
    pub stop: Option<StopSignal>,
    /// Counters for a progress display, from [`LiveStats::new`].
    pub live_stats: Option<Arc<LiveStats>>,
    /// The state folder. Without one, the run writes no checkpoint and can't resume.
    pub state: Option<StateDir>,
    /// Whether to start over instead of resuming.
    pub fresh: bool,
    /// Warnings about the pipeline, for the manifest.
    pub warnings: Vec<String>,
    /// Whether to publish and send nothing, and to keep no state.
    pub dry_run: bool,
    /// In a dry run, the pipeline's state folder, for comparison with the last complete run. It is only read.
    pub compared_with: Option<PathBuf>,
    /// Receives the run's events.
    pub observer: Option<Box<dyn Observer>>,
    /// Receives every record after every stage.
    pub tracer: Option<Arc<dyn Tracer>>,
}

/// Runs a pipeline until it is complete, has failed or is stopped. The report contains the status.
pub async fn run(mut pipeline: Pipeline, options: RunOptions) -> RunReport {
    let live_stats = options.live_stats.unwrap_or_else(|| Arc::new(LiveStats::new(&pipeline)));
    let mut stop = options.stop.unwrap_or_else(StopSignal::never);
    let mut run = options.run.unwrap_or_else(|| new_run(&pipeline.name));
    run.sandbox = pipeline.sandbox;
    let mut state = options.state;
    if options.dry_run {
        run.dry_run = true;
        state = None;
        pipeline.dead_letter = None;
        let dry_run = |stage: SinkStage| SinkStage { sink: stage.sink.dry_run(), ..stage };
        pipeline.sinks = pipeline.sinks.into_iter().map(dry_run).collect();
    }
    let min_jobs = pipeline.expect.min_jobs;
    if run.shard.is_some() {
        // These options apply to the whole export, not to a shard.
        pipeline.expect.min_jobs = None;
        pipeline.expect.max_drop_percent = None;
        pipeline.expect.min_records = None;
    }
    let start = match state {
        Some(state) => Start::with_state(&mut pipeline, run, state, options.fresh, &mut stop).await,
        None => Start::without_state(&pipeline, run, options.compared_with.as_deref()),
    };
    let run = Arc::clone(&start.run);
    let mut manifest = Manifest::new(&pipeline, &run);
    manifest.resumed_from = start.from.as_ref().and_then(|from| from.committed());
    manifest.warnings = options.warnings;
    if let Some(shard) = &mut manifest.shard {
        shard.min_jobs = min_jobs;
    }
    let expected = start.baseline.same().filter(|_| run.shard.is_none() && !run.replay);
    live_stats.begin(&run.run_id, expected.map(|last| last.jobs));
    if let Some(from) = &start.from {
        live_stats.restore(&from.stats);
        log_resumption(from);
    }
    let is_resumed = start.from.is_some();
    let digests = SourceDigests {
        listing: pipeline.listing_digest.clone(),
        records: pipeline.source.digest.clone(),
    };
    let (observer, tracer) = (options.observer, options.tracer);
    let mut dispatcher = Dispatcher::start(pipeline, start, &live_stats, observer, tracer);
    dispatcher.run(stop).await;
    dispatcher.check_published();
    // A resumed run is never untouched, because an earlier attempt may have delivered a part of the first page.
    let is_untouched = !is_resumed && dispatcher.has_read_nothing();
    let (mut report, files) = Box::pin(dispatcher.report(manifest)).await;
    report.manifest.dead_letter_file =
        files.as_ref().and_then(StateFiles::dead_letters).map(PathBuf::from);
    if let Some(state) = files.and_then(StateFiles::into_state)
        && let Err(error) = save_result(&state, &run, &digests, &report, is_untouched)
    {
        let warning =
            format!("the run has ended, but its result was not saved: {error}: {}", error.source);
        report.manifest.warnings.push(warning);
    }
    for warning in &mut report.manifest.warnings {
        *warning = printable(warning).into_owned();
    }
    report
}

/// A run of `pipeline` that starts now. Its id sorts by time: `20261123T204243Z-7f3a9c`.
pub fn new_run(pipeline: &str) -> RunContext {
    let now = current_millisecond();
    let run_id = format!("{}-{:06x}", now.strftime("%Y%m%dT%H%M%SZ"), fastrand::u32(..1 << 24));
    RunContext::new(pipeline, now, run_id)
}

/// Records the end of a run: saves the last complete run, removes the checkpoint if nothing is left to resume, and
/// adds the manifest to the history.
fn save_result(
    state: &StateDir,
    run: &RunContext,
    digests: &SourceDigests,
    report: &RunReport,
    is_untouched: bool,
) -> Result<(), StateError> {
    let manifest = &report.manifest;
    let is_published = manifest.status == Status::Complete
        || (manifest.status == Status::Suspicious
            && manifest.sinks.iter().any(|sink| sink.published));
    // Recorded before the checkpoint is removed, so that a run killed in between is not resumed.
    let recorded = record_complete(state, run, digests, report);
    let removed = if is_published || is_untouched { remove_checkpoint(run, state) } else { Ok(()) };
    let stamp = manifest.finished_at.strftime("%Y%m%dT%H%M%S%3fZ");
    let history = History::in_folder(state.path());
    let added = history.add(&format!("{stamp}-{}", manifest.run_id), &printable_manifest(manifest));
    recorded.and(removed).and(added)
}

/// The manifest as JSON that is safe to print.
fn printable_manifest(manifest: &Manifest) -> Option<Box<RawValue>> {
    // Serializing texts, numbers and lists can't fail.
    let text = serde_json::to_string_pretty(manifest).ok()?;
    RawValue::from_string(printable_json(&text).into_owned()).ok()
}
