//! The size and checksum of the written bytes.

use std::io::{self, Read, Write};
use std::task::Poll;

use sha2::{Digest, Sha256};
use taskferry_sdk::hex;

const BUFFER: usize = 256 * 1024;

/// Buffers, counts and hashes the bytes that are written to `W`.
pub(crate) struct Measured<W: Write> {
    out: W,
    buffer: Vec<u8>,
    /// The hash of the bytes that left the buffer.
    hash: Sha256,
    /// The size, including the buffer.
    bytes: u64,
}

/// A size and a checksum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) bytes: u64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

impl Measured<io::Sink> {
    /// Reads all of `input`, and returns its size and checksum. Yields to the executor after each read, because a large
    /// file takes minutes.
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

    /// Continues the measure with another output.
    pub(crate) fn continued_in<V: Write>(self, out: V) -> Measured<V> {
        let Self { hash, bytes, .. } = self;
        Measured { out, buffer: Vec::new(), hash, bytes }
    }

    /// The number of written bytes, including the buffer.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The size and checksum at the last flush.
    pub(crate) fn so_far(&self) -> Measure {
        let sha256 = hex(self.hash.clone().finalize());
        Measure { bytes: self.bytes - self.buffer.len() as u64, sha256 }
    }

    pub(crate) fn finish(mut self) -> io::Result<(W, Measure)> {
        self.flush_buffer()?;
        let measure = self.so_far();
        Ok((self.out, measure))
    }

    /// Writes the buffer. The output must not be used after an error.
    fn flush_buffer(&mut self) -> io::Result<()> {
        self.hash.update(&self.buffer);
        let written = self.out.write_all(&self.buffer);
        self.buffer.clear();
        written
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER && !self.buffer.is_empty() {
            self.flush_buffer()?;
        }
        self.buffer.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer()?;
        self.out.flush()
    }
}
