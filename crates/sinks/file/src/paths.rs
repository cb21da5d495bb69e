//! Where a file and its companions are.

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_files::{Place, folder_of, part_name, target_of};
use taskferry_sdk::{ErrorKind, StageError};

use crate::error::cannot;

/// The places of a file and its companions. If the path is a link, they are where the link leads.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The path as the options name it.
    pub(crate) path: PathBuf,
    /// The complete file.
    pub(crate) target: Place,
    /// `.NAME.part`: the file while it is written.
    pub(crate) part: Place,
    /// `.NAME.rows`: rows of a table whose columns are not known yet.
    pub(crate) rows: Place,
}

impl Paths {
    /// The places in a folder that exists.
    pub(crate) fn of(path: &Path) -> Result<Self, StageError> {
        let target = replaceable(path)?;
        let failed = |error| cannot("open the folder", folder_of(&target), error);
        Place::of(&target).map(|target| Self::beside(path, target)).map_err(failed)
    }

    /// The same, with the folder created if it does not exist.
    pub(crate) fn create(path: &Path) -> Result<Self, StageError> {
        let target = replaceable(path)?;
        let failed = |error| cannot("create the folder", folder_of(&target), error);
        Place::in_created_folder(&target).map(|target| Self::beside(path, target)).map_err(failed)
    }

    fn beside(path: &Path, target: Place) -> Self {
        let (part, rows) = (target.part("part"), target.part("rows"));
        Self { path: path.to_owned(), target, part, rows }
    }

    /// Removes what an earlier run has left, unless another process holds its lock.
    pub(crate) fn remove_left(&self) {
        let Ok(file) = self.part.open() else { return };
        if file.try_lock().is_ok() {
            // The next run of this path overwrites what can't be removed.
            _ = self.rows.remove();
            _ = self.part.remove();
        }
    }
}

/// The path of a companion of `path`, found without opening anything.
pub(crate) fn part_of(path: &Path, ending: &str) -> PathBuf {
    let path = target_of(path).unwrap_or_else(|_| path.to_owned());
    folder_of(&path).join(part_name(path.file_name().unwrap_or_default(), ending))
}

/// The path that is written: where a link leads, if `path` is one. A folder, or a device such as `/dev/null`, must not be
/// replaced by a file.
fn replaceable(path: &Path) -> Result<PathBuf, StageError> {
    let path = target_of(path).map_err(|error| {
        let message = format!("can't write `{}`", path.display());
        let hint = error.hint();
        StageError::new(ErrorKind::Io, message).caused_by(error).hint(hint)
    })?;
    let (what, hint) = match fs::metadata(&path) {
        Ok(found) if found.is_dir() => ("a folder", "add a file name to `path`"),
        Ok(found) if !found.is_file() => {
            ("not a regular file", "to write to a stream, use the sink `stdout`")
        }
        _ => return Ok(path),
    };
    let message = format!("can't write `{}`: it is {what}", path.display());
    Err(StageError::new(ErrorKind::Io, message).hint(hint))
}
