//! Standard output as a stream.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use taskferry_files::{BlockingWriter, is_discarded};
use taskferry_sdk::{ErrorKind, StageError};

/// Opens standard output. Writes wait for a slow reader.
pub(crate) fn open() -> Result<BlockingWriter<OwnedFd>, StageError> {
    let stdout = io::stdout();
    if is_discarded(&stdout) {
        let message =
            "standard output is closed, or it is `/dev/null` opened for reading and writing";
        return Err(StageError::new(ErrorKind::Io, message).hint(
            "redirect standard output to a file or a pipe, or use the sink `file`; to discard the records, redirect it with `> /dev/null`",
        ));
    }
    let stream = stdout.as_fd().try_clone_to_owned().map_err(cannot_write)?;
    Ok(BlockingWriter::new(stream, None))
}

pub(crate) fn cannot_write(error: io::Error) -> StageError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        StageError::new(ErrorKind::Io, "standard output was closed by its reader")
            .caused_by(error)
            .hint("make sure that the reader reads to the end, or write to a file with the sink `file`")
    } else {
        StageError::new(ErrorKind::Io, "can't write to standard output").caused_by(error)
    }
}
