//! Standard output and standard error, which others have opened.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, major, minor};
use rustix::io::Errno;

/// The device numbers of `/dev/null` on Linux.
const NULL: (u32, u32) = (1, 3);

/// Writes without a buffer, and waits for the reader where the stream is in non-blocking mode: another process that shares it
/// may have set that, and a pipe that is full is no error.
#[derive(Debug)]
pub struct PatientWriter<F> {
    stream: F,
    patience: Option<Duration>,
}

impl<F: AsFd> PatientWriter<F> {
    /// Waits as long as it takes, or so long for each write.
    pub fn new(stream: F, patience: Option<Duration>) -> Self {
        Self { stream, patience }
    }

    /// Waits until something can be written.
    fn wait(&self, since: Instant) -> io::Result<()> {
        let left = match self.patience.map(|patience| patience.checked_sub(since.elapsed())) {
            None => None,
            Some(None) => return Err(io::ErrorKind::TimedOut.into()),
            Some(Some(left)) => Some(Timespec::try_from(left).map_err(io::Error::other)?),
        };
        // A signal that is handled elsewhere ends the wait, and the write is tried again.
        match poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl<F: AsFd> Write for PatientWriter<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let since = Instant::now();
        loop {
            match rustix::io::write(&self.stream, bytes) {
                Err(Errno::AGAIN) => self.wait(since)?,
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether nothing was open as standard output when the process started. Before a program begins, the standard library opens
/// `/dev/null` there, for reading and writing; a shell's `> /dev/null` opens it for writing alone. What redirects a stream to
/// `/dev/null` for both can't be told apart.
pub fn is_closed_output(stream: impl AsFd) -> bool {
    let (Ok(found), Ok(flags)) = (fstat(&stream), fcntl_getfl(&stream)) else { return true };
    FileType::from_raw_mode(found.st_mode) == FileType::CharacterDevice
        && (major(found.st_rdev), minor(found.st_rdev)) == NULL
        && flags & OFlags::RWMODE == OFlags::RDWR
}
