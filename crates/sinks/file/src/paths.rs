//! The paths of a file and its companions.

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_files::{FolderEntry, folder_of, part_name, target_of};
use taskferry_sdk::{ErrorKind, StageError};

use crate::error::cannot;

/// A file and its companions. If the path is a link, they are in the folder of its target.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    /// The path of the options.
    pub(crate) path: PathBuf,
    /// The complete file.
    pub(crate) target: FolderEntry,
    /// `.NAME.part`: the incomplete file.
    pub(crate) part: FolderEntry,
    /// `.NAME.rows`: stored rows of a table without `columns`.
    pub(crate) rows: FolderEntry,
}

impl Paths {
    /// The paths in an existing folder.
    pub(crate) fn of(path: &Path) -> Result<Self, StageError> {
        let target = replaceable(path)?;
        let failed = |error| cannot("open the folder", folder_of(&target), error);
        FolderEntry::of(&target).map(|target| Self::beside(path, target)).map_err(failed)
    }

    /// As [`Paths::of`], but creates the folder.
    pub(crate) fn create(path: &Path) -> Result<Self, StageError> {
        let target = replaceable(path)?;
        let failed = |error| cannot("create the folder", folder_of(&target), error);
        FolderEntry::in_created_folder(&target)
            .map(|target| Self::beside(path, target))
            .map_err(failed)
    }

    fn beside(path: &Path, target: FolderEntry) -> Self {
        let (part, rows) = (target.part("part"), target.part("rows"));
        Self { path: path.to_owned(), target, part, rows }
    }

    /// Removes the files of an earlier run, unless another process holds the lock.
    pub(crate) fn remove_left(&self) {
        let Ok(file) = self.part.open() else { return };
        if file.try_lock().is_ok() {
            // The next run overwrites a file that can't be removed.
            _ = self.rows.remove();
            _ = self.part.remove();
        }
    }
}

/// The path of a companion of `path`, without opening a file.
pub(crate) fn part_of(path: &Path, ending: &str) -> PathBuf {
    let path = target_of(path).unwrap_or_else(|_| path.to_owned());
    folder_of(&path).join(part_name(path.file_name().unwrap_or_default(), ending))
}

/// The path that is written: the target of `path` if it is a link. Folders and devices, such as `/dev/null`, are refused.
pub(crate) fn replaceable(path: &Path) -> Result<PathBuf, StageError> {
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
