//! Writes down how far the run is, behind its back: nobody waits for it but those who must.

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_core::{ErrorKind, PathTemplate, Role, RunContext, StageError, StageId};
use taskferry_state::{Journal, StateDir, StateError};
use tokio::sync::{mpsc, oneshot, watch};

use crate::checkpoint::{Checkpoint, CheckpointState, DeadLetterMark};
use crate::dead_letter::DeadLetter;
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
}

/// A file that is made when the first letter comes.
#[derive(Debug)]
pub(crate) struct DeadLetterFile {
    path: Option<PathBuf>,
    open: Option<(Journal, u64)>,
}

impl DeadLetterFile {
    /// The file of a run, without any letters of it yet.
    pub(crate) fn new(template: Option<&PathTemplate>, run: &RunContext) -> Self {
        Self { path: template.map(|template| template.fill(run)), open: None }
    }

    /// The file as a checkpoint knows it; what came behind that is cut off.
    pub(crate) fn resume(&mut self, mark: &DeadLetterMark) -> Result<(), StateError> {
        self.open = Some((Journal::open(&mark.path, mark.bytes)?, mark.before));
        self.path = Some(mark.path.clone());
        Ok(())
    }

    fn append(&mut self, letters: &[DeadLetter]) -> Result<(), StateError> {
        let Some(path) = self.path.as_ref().filter(|_| !letters.is_empty()) else { return Ok(()) };
        let (journal, _) = match &mut self.open {
            Some(open) => open,
            closed => {
                // What other runs have left there is for a replay, and stays.
                let before = fs::metadata(path).map_or(0, |found| found.len());
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let made = folder.map_or(Ok(()), fs::create_dir_all);
                made.map_err(|source| StateError {
                    what: "create the folder of",
                    path: path.clone(),
                    source,
                })?;
                closed.insert((Journal::open(path, before)?, before))
            }
        };
        let lines: String = letters.iter().map(DeadLetter::as_line).collect();
        journal.append(lines.as_bytes())
    }

    fn mark(&self) -> Option<DeadLetterMark> {
        let (journal, before) = self.open.as_ref()?;
        Some(DeadLetterMark { path: self.path.clone()?, before: *before, bytes: journal.len() })
    }

    /// Takes away what a run that is of no use any more has left.
    pub(crate) fn discard(mark: &DeadLetterMark) {
        if mark.before == 0 {
            _ = fs::remove_file(&mark.path);
        } else if fs::metadata(&mark.path).is_ok_and(|found| found.len() >= mark.bytes) {
            _ = Journal::open(&mark.path, mark.before);
        }
    }
}

impl Files {
    pub(crate) fn new(
        state: Option<StateDir>,
        checkpoint: Option<&'static str>,
        traces: Option<Journal>,
        dead_letters: DeadLetterFile,
    ) -> Self {
        Self { state, checkpoint, traces, dead_letters }
    }

    fn write(&mut self, mut entry: Entry) -> Result<Checkpoint, StageError> {
        let dead = |error| cannot_keep("dead_letter", error);
        self.dead_letters.append(&entry.dead_letters).map_err(dead)?;
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
        state.save(name, &entry.checkpoint).map_err(failed)?;
        Ok(entry.checkpoint)
    }

    /// Where dead letters of the run stand, if there are any.
    pub(crate) fn dead_letters(&self) -> Option<&Path> {
        self.dead_letters.open.as_ref().and(self.dead_letters.path.as_deref())
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
            let files = write_all(files, to_write, &passed, &tell);
            // Without anybody to take them, the files are closed.
            _ = end.send(files);
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
