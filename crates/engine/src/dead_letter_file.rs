//! The dead-letter file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use taskferry_files::{FolderEntry, target_of};
use taskferry_pipeline::{Pipeline, StageFailure};
use taskferry_sdk::RunContext;
use taskferry_state::{Journal, StateDir, StateError};

use crate::checkpoint::{DeadLetterPosition, name_of};
use crate::dead_letter::DeadLetter;
use crate::save_error::save_failed;

/// A file that is created with the first dead letter. Dead letters of earlier runs stay in it for a replay.
///
/// Before the first append, a marker in the state folder records the file's size, so that [`discard`] finds the dead letters
/// of a run that has no checkpoint yet.
#[derive(Debug)]
pub(crate) struct DeadLetterFile {
    path: Option<PathBuf>,
    marker: String,
    open: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    journal: Journal,
    /// The file's size in bytes before the run.
    before: u64,
}

impl DeadLetterFile {
    pub(crate) fn new(pipeline: &Pipeline, run: &RunContext) -> Self {
        let path = pipeline.dead_letter.as_ref().map(|options| options.path.fill(run));
        Self { path, marker: marker_of(run), open: None }
    }

    /// Opens the file at the position of a checkpoint, and truncates it there.
    pub(crate) fn resume(
        &mut self,
        position: Option<&DeadLetterPosition>,
        state: &StateDir,
    ) -> Result<(), StateError> {
        let Some(position) = position else { return discard_marked(&self.marker, state) };
        let journal = Journal::open(&entry_of(&position.path)?, position.bytes)?;
        self.open = Some(OpenFile { journal, before: position.before });
        self.path = Some(position.path.clone());
        Ok(())
    }

    pub(crate) fn append(
        &mut self,
        dead_letters: &[DeadLetter],
        state: Option<&StateDir>,
    ) -> Result<(), StageFailure> {
        let path = self.path.as_ref().filter(|_| !dead_letters.is_empty());
        let Some(path) = path else { return Ok(()) };
        let open = match &mut self.open {
            Some(open) => open,
            closed => closed.insert(create(path, &self.marker, state)?),
        };
        let lines: String = dead_letters.iter().map(DeadLetter::as_line).collect();
        open.journal.append(lines.as_bytes()).map_err(not_appended)
    }

    /// The position for a checkpoint; `None` if the run has no dead letters.
    pub(crate) fn position(&self) -> Option<DeadLetterPosition> {
        let OpenFile { journal, before } = self.open.as_ref()?;
        Some(DeadLetterPosition { path: self.path.clone()?, before: *before, bytes: journal.len() })
    }

    /// The path of the file, if the run has dead letters.
    pub(crate) fn path_if_any(&self) -> Option<&Path> {
        self.open.as_ref().and(self.path.as_deref())
    }
}

/// Removes the dead letters of a run that will not be resumed.
pub(crate) fn discard(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    discard_marked(&marker_of(run), state)
}

/// Keeps the dead letters of a finished run: removes the marker.
pub(crate) fn keep(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    state.remove(&marker_of(run))
}

fn marker_of(run: &RunContext) -> String {
    format!("{}.dead_letters", name_of(run))
}

fn create(path: &Path, marker: &str, state: Option<&StateDir>) -> Result<OpenFile, StageFailure> {
    let failed =
        |what| move |source| not_appended(StateError { what, path: path.to_owned(), source });
    let target = target_of(path).map_err(io::Error::other).map_err(failed("write"))?;
    let before = match fs::metadata(&target) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed("read the size of")(error)),
    };
    if let Some(state) = state {
        let position = DeadLetterPosition { path: path.to_owned(), before, bytes: before };
        state.save(marker, &position).map_err(|error| save_failed("state", error))?;
    }
    let entry = FolderEntry::in_created_folder(&target).map_err(failed("create the folder of"))?;
    let journal = Journal::open(&entry, before).map_err(not_appended)?;
    entry.folder().sync().map_err(failed("sync the folder of"))?;
    Ok(OpenFile { journal, before })
}

fn not_appended(error: StateError) -> StageFailure {
    save_failed("dead_letter", error)
}

fn entry_of(path: &Path) -> Result<FolderEntry, StateError> {
    let entry =
        target_of(path).map_err(io::Error::other).and_then(|target| FolderEntry::of(&target));
    entry.map_err(|source| StateError { what: "write", path: path.to_owned(), source })
}

fn discard_marked(marker: &str, state: &StateDir) -> Result<(), StateError> {
    let Some(position) = state.load::<DeadLetterPosition>(marker)? else { return Ok(()) };
    // Without the folder there are no dead letters to remove.
    if let Ok(entry) = entry_of(&position.path) {
        if position.before == 0 {
            _ = entry.remove();
        } else if fs::metadata(entry.path()).is_ok_and(|found| found.len() > position.before) {
            Journal::open(&entry, position.before)?;
        }
    }
    state.remove(marker)
}
