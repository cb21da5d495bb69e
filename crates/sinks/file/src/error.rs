//! The errors of the sink.

use std::io;
use std::path::Path;

use taskferry_sdk::{ErrorKind, StageError};

/// The error of a failed operation. `what` is a verb, for example `write`.
pub(crate) fn cannot(what: &str, path: &Path, error: io::Error) -> StageError {
    let kind = error.kind();
    let message = format!("can't {what} `{}`", path.display());
    let error = StageError::new(ErrorKind::Io, message).caused_by(error);
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error.hint("free some disk space and run again; nothing was published")
        }
        io::ErrorKind::FileTooLarge => error.hint(
            "the file exceeds the size limit; raise the limit (`ulimit -f`), or choose a path on another file system",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            error.hint("choose a folder that the user who runs taskferry can write to")
        }
        _ => error,
    }
}

/// The error for a file that can't be resumed.
pub(crate) fn cannot_resume(path: &Path, why: &str) -> StageError {
    let message = format!("can't resume `{}`: {why}", path.display());
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
