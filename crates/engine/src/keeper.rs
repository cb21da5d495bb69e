//! Writes down how far the run is, behind its back: nobody waits for it but those who must.

use std::panic::AssertUnwindSafe;
use std::path::Path;

use taskferry_core::{ErrorKind, Role, StageError, StageId};
use taskferry_state::{Journal, StateDir, StateError};
use tokio::sync::{mpsc, oneshot, watch};

use crate::chain::panicked;
use crate::checkpoint::{Checkpoint, CheckpointState};
use crate::dead_letter::DeadLetter;
use crate::letter_file::DeadLetterFile;
use crate::manifest::Committed;
use crate::worker::{Event, Saved, Tell};

/// What is to be written down, together.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) traces: Vec<u128>,
}

/// The way to the thread that writes.
#[derive(Debug)]
pub(crate) struct Keeper {
    entries: mpsc::UnboundedSender<Entry>,
    saved: watch::Receiver<u64>,
    ended: oneshot::Receiver<Files>,
}

/// The files it writes to.
#[derive(Debug)]
pub(crate) struct Files {
    state: Option<StateDir>,
    /// What the checkpoint is called; `None` when the run leaves none.
    checkpoint: Option<&'static str>,
    traces: Option<Journal>,
    dead_letters: DeadLetterFile,
    /// How far the last checkpoint is that is durable.
    saved: Option<Committed>,
}

impl Files {
    pub(crate) fn new(
        state: Option<StateDir>,
        checkpoint: Option<&'static str>,
        traces: Option<Journal>,
        dead_letters: DeadLetterFile,
    ) -> Self {
        Self { state, checkpoint, traces, dead_letters, saved: None }
    }

    /// The files of a run that goes on at a checkpoint.
    pub(crate) fn behind(self, from: &Checkpoint) -> Self {
        Self { saved: Some(from.committed()), ..self }
    }

    /// How far the last checkpoint is that is durable; `None` of a run without any.
    pub(crate) fn saved(&self) -> Option<&Committed> {
        self.saved.as_ref()
    }

    fn write(&mut self, mut entry: Entry) -> Result<Checkpoint, StageError> {
        let dead = |error| cannot_keep("dead_letter", error);
        self.dead_letters.append(&entry.dead_letters, self.state.as_ref()).map_err(dead)?;
        let (Some(state), Some(name)) = (&self.state, self.checkpoint) else {
            return Ok(entry.checkpoint);
        };
        let failed = |error| cannot_keep("state", error);
        if let Some(journal) = &mut self.traces {
            let bytes: Vec<u8> =
                entry.traces.iter().flat_map(|trace| trace.to_le_bytes()).collect();
            journal.append(&bytes).map_err(failed)?;
            entry.checkpoint.traces = journal.len() / 16;
        }
        entry.checkpoint.dead_letters = self.dead_letters.mark();
        let checkpoint = entry.checkpoint.sealed();
        state.save(name, &checkpoint).map_err(failed)?;
        self.saved = Some(checkpoint.committed());
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
    pub(crate) fn start(files: Files, pages: u64, tell: Tell) -> Self {
        let (entries, to_write) = mpsc::unbounded_channel();
        let (passed, saved) = watch::channel(pages);
        let (end, ended) = oneshot::channel();
        let at_end = tell.clone();
        let work = move || {
            let writing = AssertUnwindSafe(|| write_all(files, to_write, &passed, &tell));
            match std::panic::catch_unwind(writing) {
                // Without anybody to take them, the files are closed.
                Ok(files) => _ = end.send(files),
                Err(panic) => tell.send(Event::NotSaved(panicked(&*panic))),
            }
        };
        let builder = std::thread::Builder::new().name("keeper".to_owned());
        if let Err(error) = builder.spawn(work) {
            at_end.send(Event::NotSaved(
                StageError::new(ErrorKind::Defect, "no thread could be started").caused_by(error),
            ));
        }
        Self { entries, saved, ended }
    }

    /// Pages that the checkpoint has passed.
    pub(crate) fn saved(&self) -> watch::Receiver<u64> {
        self.saved.clone()
    }

    pub(crate) fn write(&self, entry: Entry) {
        // A keeper that has ended has said why.
        _ = self.entries.send(entry);
    }

    /// The files, when all is written; `None` if the keeper failed badly.
    pub(crate) async fn close(self) -> Option<Files> {
        drop(self.entries);
        self.ended.await.ok()
    }
}

/// Writes what comes until nothing more will. What came meanwhile is written in one go.
fn write_all(
    mut files: Files,
    mut entries: mpsc::UnboundedReceiver<Entry>,
    passed: &watch::Sender<u64>,
    tell: &Tell,
) -> Files {
    while let Some(mut entry) = entries.blocking_recv() {
        while let Ok(next) = entries.try_recv() {
            entry.dead_letters.extend(next.dead_letters);
            entry.traces.extend(next.traces);
            entry.checkpoint = next.checkpoint;
        }
        match files.write(entry) {
            Ok(checkpoint) => {
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

/// State that can't be kept ends the run as a sink does: nothing would be known of what is delivered from then on.
fn cannot_keep(what: &str, error: StateError) -> StageError {
    let stage = StageId { role: Role::Sink, name: what.to_owned() };
    let message = error.to_string();
    StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint(format!("make room there, or name another place in [{what}]"))
        .at_stage(&stage)
}
