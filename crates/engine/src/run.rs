//! A run from its beginning, which may be in the middle, to what it leaves behind.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::value::RawValue;
use taskferry_pipeline::{Pipeline, SinkStage};
use taskferry_sdk::{RunContext, printable, printable_json};
use taskferry_state::{History, StateDir, StateError};

use crate::clock::this_millisecond;
use crate::complete::note_complete;
use crate::dispatch::Dispatcher;
use crate::forget::forget;
use crate::keeper::Files;
use crate::live_stats::LiveStats;
use crate::manifest::{Manifest, Status};
use crate::observe::Observer;
use crate::outline::Outline;
use crate::run_report::RunReport;
use crate::start::Start;
use crate::stop::StopSignal;

/// How to run a pipeline.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// The run's identity and start; made now when absent. A run that resumes takes those of its first attempt.
    pub run: Option<RunContext>,
    /// Asks the run to stop before its end.
    pub stop: Option<StopSignal>,
    /// Counters to watch the run by, from [`LiveStats::new`].
    pub live_stats: Option<Arc<LiveStats>>,
    /// Where state is kept. Without it the run leaves no checkpoint, can't resume, and is compared with no other.
    pub state: Option<StateDir>,
    /// Whether to start over where the run could resume.
    pub fresh: bool,
    /// What was said about the pipeline before the run, for the manifest.
    pub warnings: Vec<String>,
    /// Whether nothing is published or sent, and no state is kept: all that is there of a pipeline's `state` is a folder
    /// that [`compared_with`](Self::compared_with) names.
    pub dry_run: bool,
    /// In a dry run, the folder with the state of the pipeline. What is expected is compared with what is kept there, and nothing
    /// in it is changed.
    pub compared_with: Option<PathBuf>,
    /// Hears what happens.
    pub observer: Option<Box<dyn Observer>>,
}

/// Runs a pipeline to its end: complete, failed, or interrupted.
///
/// Never fails itself; how the run ended stands in the report.
pub async fn run(mut pipeline: Pipeline, options: RunOptions) -> RunReport {
    let outline = Outline::of(&pipeline);
    let progress = options.live_stats.unwrap_or_else(|| Arc::new(LiveStats::new(&pipeline)));
    let mut stop = options.stop.unwrap_or_else(StopSignal::never);
    let mut asked = options.run.unwrap_or_else(|| new_run(&pipeline.name));
    asked.sandbox = pipeline.sandbox;
    let (mut state, fresh) = (options.state, options.fresh);
    if options.dry_run {
        asked.dry_run = true;
        state = None;
        pipeline.dead_letter = None;
        let dry = |stage: SinkStage| SinkStage { sink: stage.sink.dry_run(), ..stage };
        pipeline.sinks = pipeline.sinks.into_iter().map(dry).collect();
    }
    let (digest, min_jobs) = (pipeline.digest.clone(), pipeline.expect.min_jobs);
    let (listing, experiment) = (pipeline.listing_digest.clone(), pipeline.experiment.clone());
    if asked.shard.is_some() {
        // What is expected of the whole export says nothing about a share of it.
        pipeline.expect.min_jobs = None;
        pipeline.expect.max_drop_percent = None;
    }
    let start = match state {
        Some(state) => Start::find(&mut pipeline, asked, state, fresh, &mut stop).await,
        None => Start::without_state(&pipeline, asked, options.compared_with.as_deref()),
    };
    let (run, resumed_from) = (Arc::clone(&start.run), start.resumed_from());
    let begun_before = start.from.is_some();
    if let Some(account) = start.from.as_ref().map(|from| &from.account) {
        progress.restore(account);
    }
    let mut dispatcher = Dispatcher::start(pipeline, start, &progress, options.observer);
    dispatcher.work(stop).await;
    dispatcher.settle();
    // An attempt before this one may have delivered something of the first page.
    let untouched = !begun_before && dispatcher.has_read_nothing();
    let (mut report, files) = dispatcher.report(&run, outline).await;
    report.manifest.resumed_from = resumed_from;
    report.manifest.warnings.splice(0..0, options.warnings);
    report.manifest.digest = digest;
    report.manifest.experiment = experiment;
    if let Some(shard) = &mut report.manifest.shard {
        shard.min_jobs = min_jobs;
    }
    report.manifest.dead_letter_file =
        files.as_ref().and_then(Files::dead_letters).map(PathBuf::from);
    if let Some(state) = files.and_then(Files::into_state)
        && let Err(error) =
            remember(&state, &run, (&report.manifest.digest, &listing), &report.manifest, untouched)
    {
        let warning = format!("the run is over, but {error}: {}", error.source);
        report.manifest.warnings.push(warning);
    }
    for warning in &mut report.manifest.warnings {
        *warning = printable(warning).into_owned();
    }
    report
}

/// A run of `pipeline` that begins now. The id sorts by time: `20261123T204243Z-7f3a9c`.
pub fn new_run(pipeline: &str) -> RunContext {
    let now = this_millisecond();
    let stamp: String = now.strftime("%Y%m%dT%H%M%SZ").to_string();
    let run_id = format!("{stamp}-{:06x}", fastrand::u32(..) & 0xff_ffff);
    RunContext::new(pipeline, now, run_id)
}

/// Keeps the account of a run, and forgets the checkpoint of one that nobody has to go on with, as it is over or has not
/// read anything.
fn remember(
    state: &StateDir,
    run: &RunContext,
    pipeline: (&str, &str),
    manifest: &Manifest,
    untouched: bool,
) -> Result<(), StateError> {
    let published = manifest.status == Status::Complete
        || (manifest.status == Status::Suspicious
            && manifest.sinks.iter().any(|sink| sink.published));
    // First what keeps a run that is over from being gone on with, which would be one without anything to do.
    let noted = note_complete(state, run, pipeline, manifest);
    let forgotten = if published || untouched { forget(run, state) } else { Ok(()) };
    let stamp = manifest.finished_at.strftime("%Y%m%dT%H%M%S%3fZ");
    let history = History::in_folder(state.path());
    let added = history.add(&format!("{stamp}-{}", manifest.run_id), &as_json(manifest));
    noted.and(forgotten).and(added)
}

/// The manifest as it is kept, where somebody may look at it.
fn as_json(manifest: &Manifest) -> Option<Box<RawValue>> {
    // Texts, numbers and lists can always be written.
    let text = serde_json::to_string_pretty(manifest).ok()?;
    RawValue::from_string(printable_json(&text).into_owned()).ok()
}
