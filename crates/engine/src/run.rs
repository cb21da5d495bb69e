//! A run from its beginning, which may be in the middle, to what it leaves behind.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::value::RawValue;
use taskferry_sdk::{
    Pipeline, Position, RunContext, SinkStage, StageError, printable, printable_json,
};
use taskferry_state::{History, Journal, StateDir, StateError};

use crate::account::Account;
use crate::checkpoint::{self, Beginning, Checkpoint, is_resumable, name_of};
use crate::complete::{COMPLETE, note_complete};
use crate::dispatch::Dispatcher;
use crate::expect::Comparison;
use crate::keeper::Files;
use crate::letter_file::{self, DeadLetterFile};
use crate::manifest::{Committed, Manifest, Status};
use crate::observe::Observer;
use crate::outline::Outline;
use crate::progress::Progress;
use crate::stop::StopSignal;

/// The file with the fingerprints of pages that a checkpoint has passed.
fn traces_of(checkpoint: &str) -> String {
    format!("{checkpoint}.traces")
}

/// How to run a pipeline.
#[derive(Debug, Default)]
pub struct RunOptions {
    /// The run's identity and start; made now when absent. A run that resumes takes those of its first attempt.
    pub run: Option<RunContext>,
    /// Asks the run to stop before its end.
    pub stop: Option<StopSignal>,
    /// Counters to watch the run by, from [`Progress::new`].
    pub progress: Option<Arc<Progress>>,
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

/// How a run ended.
#[derive(Debug)]
pub struct RunReport {
    /// The account of it.
    pub manifest: Manifest,
    /// What made it fail.
    pub error: Option<StageError>,
}

/// Runs a pipeline to its end: complete, failed, or interrupted.
///
/// Never fails itself; how the run ended stands in the report.
pub async fn run(mut pipeline: Pipeline, options: RunOptions) -> RunReport {
    let outline = Outline::of(&pipeline);
    let progress = options.progress.unwrap_or_else(|| Arc::new(Progress::new(&pipeline)));
    let mut stop = options.stop.unwrap_or_else(StopSignal::never);
    let asked = options.run.unwrap_or_else(|| new_run(&pipeline.name));
    let mut asked = asked.on_sandbox(pipeline.sandbox);
    let (mut state, fresh) = (options.state, options.fresh);
    if options.dry_run {
        asked = asked.dry();
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

/// Now, without the digits that nobody reads.
pub(crate) fn this_millisecond() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Where a run begins, and with what.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) run: Arc<RunContext>,
    /// The checkpoint to go on at.
    pub(crate) from: Option<Box<Checkpoint>>,
    /// The fingerprints of the pages before it.
    pub(crate) fingerprints: Vec<u128>,
    pub(crate) files: Files,
    pub(crate) baseline: Comparison,
    /// Why the run can't begin.
    pub(crate) error: Option<StageError>,
    /// Whether the run was interrupted before it was known that all sinks can go on.
    pub(crate) interrupted: bool,
}

impl Start {
    fn without_state(pipeline: &Pipeline, run: RunContext, compared_with: Option<&Path>) -> Self {
        let baseline = compared_with.map(|folder| comparison(folder, pipeline)).unwrap_or_default();
        let dead_letters = DeadLetterFile::new(pipeline, &run);
        Self::at_first_page(run, Files::new(None, None, None, dead_letters), baseline)
    }

    async fn find(
        pipeline: &mut Pipeline,
        run: RunContext,
        state: StateDir,
        fresh: bool,
        stop: &mut StopSignal,
    ) -> Self {
        let run = run.with_state_dir(state.path());
        let name = name_of(&run);
        let baseline = comparison(state.path(), pipeline);
        let beginning = checkpoint::begin(pipeline, &state, &run, name, &baseline, fresh);
        let (from, why) = match beginning {
            Beginning::Resumed(from) => {
                // A signal is heard while files are read to their end, which can take minutes.
                let checked = tokio::select! {
                    biased;
                    _ = stop.asked() => Ok(false),
                    checked = from.check_sinks(pipeline, &run) => checked.map(|()| true),
                };
                let resumed = checked.and_then(|checked| {
                    Ok((checked, Self::resume(pipeline, &state, &from, &run)?))
                });
                match resumed {
                    Ok((checked, resuming)) => {
                        let start = resuming.with_state(state, from);
                        return Self { baseline, interrupted: !checked, ..start };
                    }
                    Err(why) => (Some(from), why),
                }
            }
            Beginning::Fresh { over: Some((from, why)) } => (Some(from), why),
            Beginning::Fresh { over: None } => (None, String::new()),
            Beginning::Over => {
                if let Err(error) = forget(&run, &state) {
                    tracing::warn!("{error}: {}", error.source);
                }
                (None, String::new())
            }
        };
        if let Some(from) = from {
            tracing::warn!("run {} is given up, and a new one begins: {why}", from.run_id);
            give_up(pipeline, &state, &from, &run);
        }
        if let Err(error) = letter_file::discard(&run, &state) {
            tracing::warn!("{error}: {}", error.source);
        }
        Self::fresh(pipeline, state, run, baseline)
    }

    fn fresh(pipeline: &Pipeline, state: StateDir, run: RunContext, baseline: Comparison) -> Self {
        let resumable = is_resumable(pipeline);
        let name = name_of(&run);
        let opened = resumable.then(|| Journal::create(&state.place(&traces_of(name))));
        let fingerprints = opened.transpose().unwrap_or_else(|error| {
            // Without them a job that comes again after a resume would go unnoticed.
            tracing::warn!("this run can't be gone on with: {error}: {}", error.source);
            None
        });
        let run = run.resumable(fingerprints.is_some());
        let dead_letters = DeadLetterFile::new(pipeline, &run);
        let name = fingerprints.is_some().then_some(name);
        let mut files = Files::new(Some(state), name, fingerprints, dead_letters);
        // Whatever is sent or made from here on is known to the next run, if this one is killed.
        let error = files.begin(pipeline, &run).err();
        Self { error, ..Self::at_first_page(run, files, baseline) }
    }

    fn at_first_page(run: RunContext, files: Files, baseline: Comparison) -> Self {
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

    /// Opens what a checkpoint needs.
    fn resume(
        pipeline: &Pipeline,
        state: &StateDir,
        from: &Checkpoint,
        asked: &RunContext,
    ) -> Result<Resuming, String> {
        let name = name_of(asked);
        let run = from.run(asked).with_state_dir(state.path()).resumable(true);
        let told = |error: StateError| format!("{error}: {}", error.source);
        let mut journal =
            Journal::open(&state.place(&traces_of(name)), from.traces * 16).map_err(told)?;
        let bytes = journal.read().map_err(told)?;
        let mut dead_letters = DeadLetterFile::new(pipeline, &run);
        dead_letters.resume(from.dead_letters.as_ref(), state).map_err(told)?;
        let chunks = bytes.chunks_exact(16).filter_map(|chunk| chunk.try_into().ok());
        let fingerprints = chunks.map(u128::from_le_bytes).collect();
        Ok(Resuming { run, fingerprints, journal, dead_letters })
    }

    fn resumed_from(&self) -> Option<Committed> {
        self.from.as_ref().filter(|from| !from.is_beginning()).map(|from| from.committed())
    }

    /// Where the source goes on.
    pub(crate) fn position(&mut self) -> Option<Position> {
        let fingerprints = std::mem::take(&mut self.fingerprints);
        self.from.as_ref()?.position(fingerprints)
    }

    pub(crate) fn account(&self, pipeline: &Pipeline) -> Account {
        self.from.as_ref().map_or_else(|| Account::of(pipeline), |from| from.account.clone())
    }
}

/// What a run of `pipeline` is compared with, as a folder of state has it.
fn comparison(folder: &Path, pipeline: &Pipeline) -> Comparison {
    match taskferry_state::load(folder, COMPLETE) {
        Ok(None) => Comparison::Nothing,
        Ok(Some(complete)) => Comparison::of(complete, &pipeline.listing_digest),
        Err(error) => {
            tracing::warn!("the last complete run is not known: {error}: {}", error.source);
            Comparison::Lost
        }
    }
}

/// What is open of a run that resumes.
struct Resuming {
    run: RunContext,
    fingerprints: Vec<u128>,
    journal: Journal,
    dead_letters: DeadLetterFile,
}

impl Resuming {
    fn with_state(self, state: StateDir, from: Box<Checkpoint>) -> Start {
        let Self { run, fingerprints, journal, dead_letters } = self;
        let (run_id, pages) = (&from.run_id, from.account.source.pages);
        if from.is_beginning() {
            tracing::info!("run {run_id} begins again, as it ended within its first page");
        } else {
            let which = if from.cursor.is_some() { "page" } else { "the last page," };
            tracing::info!("run {run_id} goes on after {which} {pages}");
        }
        let files = Files::new(Some(state), Some(name_of(&run)), Some(journal), dead_letters);
        let files = files.behind(&from);
        let start = Start::at_first_page(run, files, Comparison::Nothing);
        Start { from: Some(from), fingerprints, ..start }
    }
}

/// Takes away what a run has left that nobody will go on with.
fn give_up(pipeline: &Pipeline, state: &StateDir, from: &Checkpoint, asked: &RunContext) {
    let run = from.run(asked);
    for (stage, mark) in pipeline.sinks.iter().zip(&from.marks) {
        stage.sink.discard(&run, mark);
    }
    if let Err(error) = state.remove(name_of(&run)) {
        tracing::warn!("{error}: {}", error.source);
    }
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

/// Removes the checkpoint of a run that is over; what it sent to the dead letters stays there.
fn forget(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    letter_file::keep(run, state)?;
    state.remove(name_of(run))?;
    // Without a checkpoint nobody looks at it.
    _ = state.place(&traces_of(name_of(run))).remove();
    Ok(())
}
