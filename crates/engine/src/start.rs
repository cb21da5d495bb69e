//! Where a run begins: at the first page, or at a checkpoint.

use std::path::Path;
use std::sync::Arc;

use taskferry_pipeline::{Pipeline, StageFailure};
use taskferry_sdk::{Position, RunContext};
use taskferry_state::{Journal, StateDir, StateError};

use crate::account::Account;
use crate::checkpoint::{self, Beginning, Checkpoint, fingerprints_of, is_resumable, name_of};
use crate::complete::COMPLETE;
use crate::expect::Comparison;
use crate::forget::forget;
use crate::keeper::Files;
use crate::letter_file::{self, DeadLetterFile};
use crate::manifest::Committed;
use crate::stop::StopSignal;

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
    pub(crate) error: Option<StageFailure>,
    /// Whether the run was interrupted before it was known that all sinks can go on.
    pub(crate) interrupted: bool,
}

impl Start {
    pub(crate) fn without_state(
        pipeline: &Pipeline,
        run: RunContext,
        compared_with: Option<&Path>,
    ) -> Self {
        let baseline = compared_with.map(|folder| comparison(folder, pipeline)).unwrap_or_default();
        let dead_letters = DeadLetterFile::new(pipeline, &run);
        Self::at_first_page(run, Files::new(None, None, None, dead_letters), baseline)
    }

    pub(crate) async fn find(
        pipeline: &mut Pipeline,
        run: RunContext,
        state: StateDir,
        fresh: bool,
        stop: &mut StopSignal,
    ) -> Self {
        let mut run = run;
        run.state_dir = Some(state.path().to_owned());
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
        let opened = resumable.then(|| Journal::create(&state.place(&fingerprints_of(name))));
        let fingerprints = opened.transpose().unwrap_or_else(|error| {
            // Without them a job that comes again after a resume would go unnoticed.
            tracing::warn!("this run can't be gone on with: {error}: {}", error.source);
            None
        });
        let mut run = run;
        run.resumable = fingerprints.is_some();
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
        let mut run = from.run(asked);
        (run.state_dir, run.resumable) = (Some(state.path().to_owned()), true);
        let told = |error: StateError| format!("{error}: {}", error.source);
        let mut journal =
            Journal::open(&state.place(&fingerprints_of(name)), from.traces * 16).map_err(told)?;
        let bytes = journal.read().map_err(told)?;
        let mut dead_letters = DeadLetterFile::new(pipeline, &run);
        dead_letters.resume(from.dead_letters.as_ref(), state).map_err(told)?;
        let chunks = bytes.chunks_exact(16).filter_map(|chunk| chunk.try_into().ok());
        let fingerprints = chunks.map(u128::from_le_bytes).collect();
        Ok(Resuming { run, fingerprints, journal, dead_letters })
    }

    pub(crate) fn resumed_from(&self) -> Option<Committed> {
        self.from.as_ref().filter(|from| !from.is_beginning()).map(|from| from.committed())
    }

    /// Where the source resumes.
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

/// Removes what a run has left that will not be resumed.
fn give_up(pipeline: &Pipeline, state: &StateDir, from: &Checkpoint, asked: &RunContext) {
    let run = from.run(asked);
    for (stage, mark) in pipeline.sinks.iter().zip(&from.marks) {
        stage.sink.discard(&run, mark);
    }
    if let Err(error) = state.remove(name_of(&run)) {
        tracing::warn!("{error}: {}", error.source);
    }
}
