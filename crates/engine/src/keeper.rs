//! Writes down how far the run is, behind its back: nobody waits for it but those who must.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use taskferry_pipeline::{Pipeline, Role, StageFailure, StageId};
use taskferry_sdk::{ErrorKind, RunContext, StageError};
use taskferry_state::{Journal, StateDir, StateError};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use crate::account::Account;
use crate::backlog::{Backlog, size_of};
use crate::checkpoint::{Checkpoint, CheckpointState};
use crate::dead_letter::DeadLetter;
use crate::event::{Event, Saved, Tell};
use crate::letter_file::DeadLetterFile;
use crate::manifest::Committed;
use crate::threads::{no_thread, panicked};

/// What is to be written down, together.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) fingerprints: Vec<u128>,
}

impl Entry {
    /// Takes in what came after it.
    fn add(&mut self, next: Self) {
        self.dead_letters.extend(next.dead_letters);
        self.fingerprints.extend(next.fingerprints);
        self.checkpoint = next.checkpoint;
    }
}

/// The way to the thread that writes.
#[derive(Debug)]
pub(crate) struct Keeper {
    entries: mpsc::Sender<Entry>,
    /// What came while another one is written: one, however many came.
    waiting: Option<Entry>,
    saved: watch::Receiver<u64>,
    ended: oneshot::Receiver<Files>,
}

/// The files it writes to.
#[derive(Debug)]
pub(crate) struct Files {
    state: Option<StateDir>,
    /// What the checkpoint is called; `None` when the run leaves none.
    checkpoint: Option<&'static str>,
    fingerprints: Option<Journal>,
    dead_letters: DeadLetterFile,
    /// How far the last checkpoint is that is durable.
    saved: Option<Committed>,
}

impl Files {
    pub(crate) fn new(
        state: Option<StateDir>,
        checkpoint: Option<&'static str>,
        fingerprints: Option<Journal>,
        dead_letters: DeadLetterFile,
    ) -> Self {
        Self { state, checkpoint, fingerprints, dead_letters, saved: None }
    }

    /// The files of a run that goes on at a checkpoint.
    pub(crate) fn behind(self, from: &Checkpoint) -> Self {
        Self { saved: committed(from), ..self }
    }

    /// Writes down that the run begins, before a sink is opened.
    ///
    /// # Errors
    /// When that can't be written.
    pub(crate) fn begin(
        &mut self,
        pipeline: &Pipeline,
        run: &RunContext,
    ) -> Result<(), StageFailure> {
        let marks = pipeline.sinks.iter().map(|stage| stage.sink.initial_state(run)).collect();
        let account = Account::of(pipeline);
        let mut checkpoint = Checkpoint::new(&pipeline.digest, run, account, marks);
        checkpoint.state = CheckpointState::Begun;
        let entry = Entry { checkpoint, dead_letters: Vec::new(), fingerprints: Vec::new() };
        self.write(entry, &[]).map(drop)
    }

    /// How far the last checkpoint is that is durable; `None` of a run without any.
    pub(crate) fn saved(&self) -> Option<&Committed> {
        self.saved.as_ref()
    }

    fn write(
        &mut self,
        mut entry: Entry,
        letters: &[DeadLetter],
    ) -> Result<Checkpoint, StageFailure> {
        let dead = |error| cannot_keep("dead_letter", error);
        self.dead_letters.append(letters, self.state.as_ref()).map_err(dead)?;
        let (Some(state), Some(name)) = (&self.state, self.checkpoint) else {
            return Ok(entry.checkpoint);
        };
        let failed = |error| cannot_keep("state", error);
        if let Some(journal) = &mut self.fingerprints {
            let bytes: Vec<u8> =
                entry.fingerprints.iter().flat_map(|trace| trace.to_le_bytes()).collect();
            journal.append(&bytes).map_err(failed)?;
            entry.checkpoint.traces = journal.len() / 16;
        }
        entry.checkpoint.dead_letters = self.dead_letters.mark();
        let checkpoint = entry.checkpoint.sealed();
        state.save(name, &checkpoint).map_err(failed)?;
        self.saved = committed(&checkpoint);
        Ok(checkpoint)
    }

    /// Where dead letters of the run stand, if there are any.
    pub(crate) fn dead_letters(&self) -> Option<&Path> {
        self.dead_letters.path_if_any()
    }

    /// The folder for state, when the writing is over.
    pub(crate) fn into_state(self) -> Option<StateDir> {
        self.state
    }
}

impl Keeper {
    /// Starts the thread. `pages` is where the run begins.
    pub(crate) fn start(files: Files, pages: u64, backlog: Backlog, tell: Tell) -> Self {
        let (entries, to_write) = mpsc::channel(1);
        let (passed, saved) = watch::channel(pages);
        let (end, ended) = oneshot::channel();
        let at_end = tell.clone();
        let work = move || {
            let writing = AssertUnwindSafe(|| write_all(files, to_write, &passed, &backlog, &tell));
            match std::panic::catch_unwind(writing) {
                // Without anybody to take them, the files are closed.
                Ok(files) => _ = end.send(files),
                Err(panic) => tell.send(Event::NotSaved(panicked(&*panic).into())),
            }
        };
        let builder = std::thread::Builder::new().name("keeper".to_owned());
        if let Err(error) = builder.spawn(work) {
            at_end.send(Event::NotSaved(no_thread(error).into()));
        }
        Self { entries, waiting: None, saved, ended }
    }

    /// Pages that the checkpoint has passed.
    pub(crate) fn saved(&self) -> watch::Receiver<u64> {
        self.saved.clone()
    }

    pub(crate) fn write(&mut self, entry: Entry) {
        match &mut self.waiting {
            Some(waiting) => waiting.add(entry),
            none => *none = Some(entry),
        }
        self.go_on();
    }

    /// Hands over what waits, if the thread has room for it; to be called whenever it has written something.
    pub(crate) fn go_on(&mut self) {
        let Some(entry) = self.waiting.take() else { return };
        // A keeper that has ended has said why.
        if let Err(TrySendError::Full(entry)) = self.entries.try_send(entry) {
            self.waiting = Some(entry);
        }
    }

    /// The files, when all is written; `None` if the keeper failed badly.
    pub(crate) async fn close(mut self) -> Option<Files> {
        if let Some(entry) = self.waiting.take() {
            _ = self.entries.send(entry).await;
        }
        drop(self.entries);
        self.ended.await.ok()
    }
}

/// Writes what comes until nothing more will. What came meanwhile is written in one go.
fn write_all(
    mut files: Files,
    mut entries: mpsc::Receiver<Entry>,
    passed: &watch::Sender<u64>,
    backlog: &Backlog,
    tell: &Tell,
) -> Files {
    while let Some(mut entry) = entries.blocking_recv() {
        let letters = std::mem::take(&mut entry.dead_letters);
        match files.write(entry, &letters) {
            Ok(checkpoint) => {
                backlog.note_written(size_of(&letters));
                passed.send_replace(checkpoint.account.source.pages);
                let sealed = checkpoint.state == CheckpointState::Sealed;
                tell.send(Event::Saved(Saved { sealed }));
            }
            Err(error) => {
                tell.send(Event::NotSaved(error));
                return files;
            }
        }
    }
    files
}

/// How far the run is, if any page is committed.
fn committed(checkpoint: &Checkpoint) -> Option<Committed> {
    (!checkpoint.is_beginning()).then(|| checkpoint.committed())
}

/// State that can't be kept ends the run as a sink does: nothing would be known of what is delivered from then on.
fn cannot_keep(what: &str, error: StateError) -> StageFailure {
    let stage = StageId { role: Role::Sink, name: what.to_owned() };
    let message = error.to_string();
    let error = StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint(format!("make room there, or name another place in [{what}]"));
    StageFailure::of(&stage, error)
}
