//! The file of dead letters.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use taskferry_files::{Place, target_of};
use taskferry_pipeline::Pipeline;
use taskferry_sdk::RunContext;
use taskferry_state::{Journal, StateDir, StateError};

use crate::checkpoint::{DeadLetterMark, name_of};
use crate::dead_letter::DeadLetter;

/// A file that is made when the first letter comes. What other runs have left in it is for a replay, and stays.
#[derive(Debug)]
pub(crate) struct DeadLetterFile {
    path: Option<PathBuf>,
    /// What the note is called that tells of letters which no checkpoint knows of yet.
    note: String,
    open: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    journal: Journal,
    /// Its size in bytes before the run.
    before: u64,
}

impl DeadLetterFile {
    /// The file of a run, without any letters of it yet.
    pub(crate) fn new(pipeline: &Pipeline, run: &RunContext) -> Self {
        let path = pipeline.dead_letter.as_ref().map(|options| options.path.fill(run));
        Self { path, note: note_of(run), open: None }
    }

    /// The file as a checkpoint knows it; what came behind that is cut off.
    ///
    /// # Errors
    /// When the file is gone, or shorter.
    pub(crate) fn resume(
        &mut self,
        mark: Option<&DeadLetterMark>,
        state: &StateDir,
    ) -> Result<(), StateError> {
        let Some(mark) = mark else { return forget_begun(&self.note, state) };
        let journal = Journal::open(&place_of(&mark.path)?, mark.bytes)?;
        self.open = Some(OpenFile { journal, before: mark.before });
        self.path = Some(mark.path.clone());
        Ok(())
    }

    /// Appends letters. Before the first, a note is left in `state` of where they begin.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn append(
        &mut self,
        letters: &[DeadLetter],
        state: Option<&StateDir>,
    ) -> Result<(), StateError> {
        let Some(path) = self.path.as_ref().filter(|_| !letters.is_empty()) else { return Ok(()) };
        let open = match &mut self.open {
            Some(open) => open,
            closed => closed.insert(begin(path, &self.note, state)?),
        };
        let lines: String = letters.iter().map(DeadLetter::as_line).collect();
        open.journal.append(lines.as_bytes())
    }

    pub(crate) fn mark(&self) -> Option<DeadLetterMark> {
        let OpenFile { journal, before } = self.open.as_ref()?;
        Some(DeadLetterMark { path: self.path.clone()?, before: *before, bytes: journal.len() })
    }

    /// Where letters of the run stand, if there are any.
    pub(crate) fn path_if_any(&self) -> Option<&Path> {
        self.open.as_ref().and(self.path.as_deref())
    }
}

/// Takes away letters of a run that is given up, as nobody will go on with it.
///
/// # Errors
/// Those of the file system.
pub(crate) fn discard(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    forget_begun(&note_of(run), state)
}

/// Forgets where letters began, since they are there to stay.
///
/// # Errors
/// Those of the file system.
pub(crate) fn keep(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    state.remove(&note_of(run))
}

fn note_of(run: &RunContext) -> String {
    format!("{}.dead_letters", name_of(run))
}

fn begin(path: &Path, note: &str, state: Option<&StateDir>) -> Result<OpenFile, StateError> {
    let failed = |what| move |source| StateError { what, path: path.to_owned(), source };
    let target = target_of(path).map_err(io::Error::other).map_err(failed("write"))?;
    let before = match fs::metadata(&target) {
        Ok(found) => found.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(failed("look at")(error)),
    };
    if let Some(state) = state {
        state.save(note, &DeadLetterMark { path: path.to_owned(), before, bytes: before })?;
    }
    let place = Place::in_created_folder(&target).map_err(failed("create the folder of"))?;
    let journal = Journal::open(&place, before)?;
    place.folder().sync().map_err(failed("keep the name of"))?;
    Ok(OpenFile { journal, before })
}

/// Where the file stands that `path` names.
fn place_of(path: &Path) -> Result<Place, StateError> {
    let place = target_of(path).map_err(io::Error::other).and_then(|target| Place::of(&target));
    place.map_err(|source| StateError { what: "write", path: path.to_owned(), source })
}

fn forget_begun(note: &str, state: &StateDir) -> Result<(), StateError> {
    let Some(mark) = state.load::<DeadLetterMark>(note)? else { return Ok(()) };
    // Letters that are gone with their folder need not be removed.
    if let Ok(place) = place_of(&mark.path) {
        if mark.before == 0 {
            _ = place.remove();
        } else if fs::metadata(place.path()).is_ok_and(|found| found.len() > mark.before) {
            Journal::open(&place, mark.before)?;
        }
    }
    state.remove(note)
}
