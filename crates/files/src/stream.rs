//! Standard output and standard error.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, major, minor};
use rustix::io::Errno;

/// The device numbers of `/dev/null` on Linux.
const NULL: (u32, u32) = (1, 3);

/// Writes without a buffer. Waits for the reader if the stream is in non-blocking mode, which another process that shares the
/// stream can set.
#[derive(Debug)]
pub struct BlockingWriter<F> {
    stream: F,
    timeout: Option<Duration>,
}

impl<F: AsFd> BlockingWriter<F> {
    /// Waits without a limit, or at most `timeout` for each write.
    pub fn new(stream: F, timeout: Option<Duration>) -> Self {
        Self { stream, timeout }
    }

    /// Waits until the stream is writable.
    fn wait(&self, since: Instant) -> io::Result<()> {
        let left = match self.timeout.map(|timeout| timeout.checked_sub(since.elapsed())) {
            None => None,
            Some(None) => return Err(io::ErrorKind::TimedOut.into()),
            Some(Some(left)) => Some(Timespec::try_from(left).map_err(io::Error::other)?),
        };
        // After a signal, the write is tried again.
        match poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl<F: AsFd> Write for BlockingWriter<F> {
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

/// Whether a stream is `/dev/null`, open for reading and writing: its bytes are lost, probably unintentionally.
///
/// The standard library opens it this way if standard output was closed when the process started. Other programs open it this way
/// for the output of a child process (`subprocess.DEVNULL` of Python). A shell opens `> /dev/null` only for writing.
pub fn is_discarded(stream: impl AsFd) -> bool {
    let (Ok(found), Ok(flags)) = (fstat(&stream), fcntl_getfl(&stream)) else { return false };
    FileType::from_raw_mode(found.st_mode) == FileType::CharacterDevice
        && (major(found.st_rdev), minor(found.st_rdev)) == NULL
        && flags & OFlags::RWMODE == OFlags::RDWR
}
