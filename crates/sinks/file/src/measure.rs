//! Size and checksum of what is written, without reading it again.

use std::io::{self, Read, Write};
use std::task::Poll;

use sha2::{Digest, Sha256};
use taskferry_sdk::hex;

/// How much is gathered for one write.
const BUFFER: usize = 256 * 1024;

/// Buffers, counts and hashes what goes to `W`, in large pieces.
pub(crate) struct Measured<W: Write> {
    out: W,
    buffer: Vec<u8>,
    /// The hash of what has left the buffer.
    hash: Sha256,
    /// The size, with what is in the buffer.
    bytes: u64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) bytes: u64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

impl Measured<io::Sink> {
    /// Measures all that `input` holds. Reading a large file takes minutes, so it yields after every piece.
    pub(crate) async fn of(mut input: impl Read) -> io::Result<Self> {
        let mut measured = Self::new(io::sink());
        let mut buffer = vec![0; BUFFER];
        loop {
            match input.read(&mut buffer)? {
                0 => return Ok(measured),
                count => {
                    measured.hash.update(buffer.get(..count).unwrap_or_default());
                    measured.bytes += count as u64;
                }
            }
            yield_once().await;
        }
    }
}

/// Returns to the executor once.
async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl<W: Write> Measured<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out, buffer: Vec::new(), hash: Sha256::new(), bytes: 0 }
    }

    /// The same measure, continued in another output.
    pub(crate) fn continued_in<V: Write>(self, out: V) -> Measured<V> {
        let Self { hash, bytes, .. } = self;
        Measured { out, buffer: Vec::new(), hash, bytes }
    }

    /// How many bytes were written, with those in the buffer.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Size and checksum of all that was written before the last flush.
    pub(crate) fn so_far(&self) -> Measure {
        let sha256 = hex(self.hash.clone().finalize());
        Measure { bytes: self.bytes - self.buffer.len() as u64, sha256 }
    }

    pub(crate) fn finish(mut self) -> io::Result<(W, Measure)> {
        self.pass_on()?;
        let measure = self.so_far();
        Ok((self.out, measure))
    }

    /// Empties the buffer. After an error the output is not used again.
    fn pass_on(&mut self) -> io::Result<()> {
        self.hash.update(&self.buffer);
        let written = self.out.write_all(&self.buffer);
        self.buffer.clear();
        written
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER && !self.buffer.is_empty() {
            self.pass_on()?;
        }
        self.buffer.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.out.flush()
    }
}
