//! What can go wrong with a file, and what to do about it.

use std::io;
use std::path::Path;

use taskferry_sdk::{ErrorKind, StageError};

/// What could not be done to `path`.
pub(crate) fn cannot(what: &str, path: &Path, error: io::Error) -> StageError {
    let kind = error.kind();
    let message = format!("can't {what} `{}`", path.display());
    let error = StageError::new(ErrorKind::Io, message).caused_by(error);
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error.hint("make room there and run again; nothing was published")
        }
        io::ErrorKind::FileTooLarge => error.hint(
            "files may not be larger there: raise the limit (`ulimit -f`), or choose another place",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            error.hint("choose a folder that the user who runs taskferry may write in")
        }
        _ => error,
    }
}

/// A later run can't continue the file.
pub(crate) fn cannot_resume(path: &Path, why: &str) -> StageError {
    let message = format!("can't go on with `{}`: {why}", path.display());
    StageError::new(ErrorKind::Io, message).hint("start over with `--fresh`")
}

/// The sink was called in the wrong order, or after an error.
pub(crate) fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the file was not opened")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_its_path() {
        let full = io::ErrorKind::StorageFull.into();
        let error = cannot("write", Path::new("out/jobs.csv"), full);
        assert_eq!(error.full_message(), "can't write `out/jobs.csv`: no storage space");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("nothing was published")));
    }
}
