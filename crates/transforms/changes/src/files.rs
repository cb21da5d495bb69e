//! The files in the state folder.

use std::io;
use std::path::Path;

use taskferry_files::{Folder, FolderEntry};
use taskferry_sdk::{PartsHash, RunContext};

/// The folder in the state folder.
const FOLDER: &str = "changes";
const EXTENSION: &str = ".ndjson";

/// The name of the file of a run. The name of the stage may contain any characters.
fn name(run_id: &str, stage: &str) -> String {
    let is_safe = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let shown: String = stage.chars().filter(is_safe).take(40).collect();
    let hash = PartsHash::of([stage]).prefix();
    format!("{run_id}.{shown}-{hash:016x}{EXTENSION}")
}

/// The file of an earlier run; `None` if there is none.
///
/// # Errors
/// The folder can't be opened.
pub(crate) fn earlier(folder: &Path, run_id: &str, stage: &str) -> io::Result<Option<FolderEntry>> {
    match Folder::open(&folder.join(FOLDER)) {
        Ok(folder) => {
            let entry = folder.entry(name(run_id, stage));
            // Links are reported when the file is opened.
            Ok(entry.path().symlink_metadata().is_ok().then_some(entry))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The file of this run.
///
/// # Errors
/// The folder can't be created.
pub(crate) fn own(state: &Path, run: &RunContext) -> io::Result<FolderEntry> {
    let folder = Folder::open(state)?.create_below(Path::new(FOLDER))?;
    Ok(folder.entry(name(&run.run_id, &run.stage.name)))
}

/// Removes files that are no longer needed for a comparison. Keeps all files if no run is complete.
pub(crate) fn remove_old(state: &Path, run: &RunContext) {
    let Some(folder) = Folder::open(&state.join(FOLDER)).ok() else { return };
    if run.complete_runs.is_empty() {
        return;
    }
    let entries = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
    for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
        let Some((run_id, _)) = name.split_once('.').filter(|_| name.ends_with(EXTENSION)) else {
            continue;
        };
        if run_id != run.run_id && run.complete_runs.iter().all(|kept| kept != run_id) {
            // If this fails, a later run removes the file.
            _ = folder.entry(&name).remove();
        }
    }
}
