//! Saves checkpoints, dead letters and fingerprints on its own thread. Only sinks that can't undo a write wait for
//! the saved checkpoint.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use taskferry_pipeline::{Pipeline, StageFailure};
use taskferry_sdk::RunContext;
use taskferry_state::{Journal, StateDir, StateError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::checkpoint::{
    Checkpoint, CheckpointState, fingerprint_journal_of, name_of, not_resumable,
};
use crate::dead_letter::{DeadLetter, DeadLetterBacklog};
use crate::dead_letter_file::DeadLetterFile;
use crate::manifest::Committed;
use crate::run_stats::RunStats;
use crate::save_error::save_failed;
use crate::threads::{panicked, spawn_failed};
use crate::worker_event::{EventSender, WorkerEvent};

/// A checkpoint with the dead letters and fingerprints since the previous one.
#[derive(Debug)]
pub(crate) struct SaveRequest {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) fingerprints: Vec<u128>,
}

impl SaveRequest {
    fn merge(&mut self, next: Self) {
        self.dead_letters.extend(next.dead_letters);
        self.fingerprints.extend(next.fingerprints);
        self.checkpoint = next.checkpoint;
    }
}

/// The channel to the thread.
#[derive(Debug)]
pub(crate) struct CheckpointWriter {
    requests: mpsc::Sender<SaveRequest>,
    /// The requests that arrived while the thread was saving, merged into one.
    waiting: Option<SaveRequest>,
    saved: watch::Receiver<u64>,
    ended: oneshot::Receiver<StateFiles>,
}

#[derive(Debug)]
pub(crate) struct StateFiles {
    state: Option<StateDir>,
    /// The name of the checkpoint; `None` if the run writes none.
    checkpoint: Option<&'static str>,
    fingerprints: Option<Journal>,
    dead_letters: DeadLetterFile,
    /// The pages of the last durable checkpoint.
    saved: Option<Committed>,
}

impl StateFiles {
    /// The files of a run without state.
    pub(crate) fn without_state(pipeline: &Pipeline, run: &RunContext) -> Self {
        let dead_letters = DeadLetterFile::new(pipeline, run);
        Self { state: None, checkpoint: None, fingerprints: None, dead_letters, saved: None }
    }

    /// Creates the files of a new run. If the run can resume, `run` becomes resumable.
    pub(crate) fn create(pipeline: &Pipeline, run: &mut RunContext, state: StateDir) -> Self {
        let entry = state.entry(&fingerprint_journal_of(run));
        let is_resumable = not_resumable(pipeline).is_none();
        let journal = is_resumable.then(|| Journal::create(&entry)).transpose();
        let fingerprints = journal.unwrap_or_else(|error| {
            // Without fingerprints, a resumed run would not detect repeated jobs.
            tracing::warn!(
                "this run can't be resumed, because its fingerprints can't be stored: {error}: {}",
                error.source
            );
            None
        });
        run.resumable = fingerprints.is_some();
        let checkpoint = run.resumable.then(|| name_of(run));
        let files = Self::without_state(pipeline, run);
        Self { state: Some(state), checkpoint, fingerprints, ..files }
    }

    /// Opens the files of a run that resumes at a checkpoint, and returns its fingerprints.
    pub(crate) fn resume(
        pipeline: &Pipeline,
        run: &RunContext,
        state: &StateDir,
        from: &Checkpoint,
    ) -> Result<(Self, Vec<u128>), StateError> {
        let entry = state.entry(&fingerprint_journal_of(run));
        let mut journal = Journal::open(&entry, from.fingerprints * 16)?;
        let bytes = journal.read()?;
        let chunks = bytes.chunks_exact(16).filter_map(|chunk| chunk.try_into().ok());
        let mut files = Self::without_state(pipeline, run);
        files.dead_letters.resume(from.dead_letters.as_ref(), state)?;
        (files.checkpoint, files.fingerprints) = (Some(name_of(run)), Some(journal));
        files.saved = from.committed();
        Ok((files, chunks.map(u128::from_le_bytes).collect()))
    }

    #[must_use]
    pub(crate) fn with_state(self, state: StateDir) -> Self {
        Self { state: Some(state), ..self }
    }

    /// Saves the run's first checkpoint, before a sink is opened.
    pub(crate) fn save_first(
        &mut self,
        pipeline: &Pipeline,
        run: &RunContext,
    ) -> Result<(), StageFailure> {
        let sink_states =
            pipeline.sinks.iter().map(|stage| stage.sink.initial_state(run)).collect();
        let stats = RunStats::of(pipeline);
        let mut checkpoint = Checkpoint::new(&pipeline.digest, run, stats, sink_states);
        checkpoint.state = CheckpointState::Begun;
        self.save(checkpoint, &[], &[]).map(drop)
    }

    /// The pages of the last durable checkpoint; `None` if the run has none.
    pub(crate) fn saved(&self) -> Option<&Committed> {
        self.saved.as_ref()
    }

    fn save(
        &mut self,
        mut checkpoint: Checkpoint,
        dead_letters: &[DeadLetter],
        fingerprints: &[u128],
    ) -> Result<Checkpoint, StageFailure> {
        self.dead_letters.append(dead_letters, self.state.as_ref())?;
        let (Some(state), Some(name)) = (&self.state, self.checkpoint) else {
            return Ok(checkpoint);
        };
        let failed = |error| save_failed("state", error);
        if let Some(journal) = &mut self.fingerprints {
            let bytes: Vec<u8> = fingerprints.iter().flat_map(|it| it.to_le_bytes()).collect();
            journal.append(&bytes).map_err(failed)?;
            checkpoint.fingerprints = journal.len() / 16;
        }
        checkpoint.dead_letters = self.dead_letters.position();
        let checkpoint = checkpoint.with_checksum();
        state.save(name, &checkpoint).map_err(failed)?;
        self.saved = checkpoint.committed();
        Ok(checkpoint)
    }

    /// The path of the dead-letter file, if the run has dead letters.
    pub(crate) fn dead_letters(&self) -> Option<&Path> {
        self.dead_letters.path_if_any()
    }

    pub(crate) fn into_state(self) -> Option<StateDir> {
        self.state
    }
}

impl CheckpointWriter {
    /// Starts the thread. `pages` is the number of pages in the checkpoint that the run starts from.
    pub(crate) fn start(
        files: StateFiles,
        pages: u64,
        backlog: DeadLetterBacklog,
        events: EventSender,
    ) -> Self {
        let (requests, to_save) = mpsc::channel(1);
        let (saved_pages, saved) = watch::channel(pages);
        let (end, ended) = oneshot::channel();
        let if_not_started = events.clone();
        let body = move || {
            let save =
                AssertUnwindSafe(|| save_all(files, to_save, &saved_pages, &backlog, &events));
            match std::panic::catch_unwind(save) {
                // If the receiver is gone, the files are closed here.
                Ok(files) => _ = end.send(files),
                Err(panic) => {
                    _ = events.send(WorkerEvent::SaveFailed(panicked(&*panic).into()));
                }
            }
        };
        let builder = std::thread::Builder::new().name("checkpoints".to_owned());
        if let Err(error) = builder.spawn(body) {
            _ = if_not_started.send(WorkerEvent::SaveFailed(spawn_failed(error).into()));
        }
        Self { requests, waiting: None, saved, ended }
    }

    /// The number of pages in the last durable checkpoint.
    pub(crate) fn saved(&self) -> watch::Receiver<u64> {
        self.saved.clone()
    }

    pub(crate) fn save(&mut self, request: SaveRequest) {
        match &mut self.waiting {
            Some(waiting) => waiting.merge(request),
            none => *none = Some(request),
        }
        self.flush();
    }

    /// Sends the waiting request if the thread is idle. Called after each saved checkpoint.
    pub(crate) fn flush(&mut self) {
        let Some(request) = self.waiting.take() else { return };
        // A closed channel needs no action: the thread has reported why it ended.
        if let Err(TrySendError::Full(request)) = self.requests.try_send(request) {
            self.waiting = Some(request);
        }
    }

    /// Saves the waiting request and returns the files; `None` if the thread panicked.
    pub(crate) async fn close(mut self) -> Option<StateFiles> {
        if let Some(request) = self.waiting.take() {
            _ = self.requests.send(request).await;
        }
        drop(self.requests);
        self.ended.await.ok()
    }
}

fn save_all(
    mut files: StateFiles,
    mut requests: mpsc::Receiver<SaveRequest>,
    saved_pages: &watch::Sender<u64>,
    backlog: &DeadLetterBacklog,
    events: &EventSender,
) -> StateFiles {
    while let Some(request) = requests.blocking_recv() {
        let SaveRequest { checkpoint, dead_letters, fingerprints } = request;
        match files.save(checkpoint, &dead_letters, &fingerprints) {
            Ok(checkpoint) => {
                backlog.remove(DeadLetter::size_of(&dead_letters));
                saved_pages.send_replace(checkpoint.stats.source.pages);
                let sealed = checkpoint.state == CheckpointState::Sealed;
                _ = events.send(WorkerEvent::CheckpointSaved { sealed });
            }
            Err(error) => {
                _ = events.send(WorkerEvent::SaveFailed(error));
                return files;
            }
        }
    }
    files
}
