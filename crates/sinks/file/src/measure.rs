//! Size and checksum of what is written, without reading it again.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Read, Write};

use sha2::{Digest, Sha256};

const BUFFER: usize = 64 * 1024;

/// Buffers, counts and hashes what goes to `W`.
pub(crate) struct Measured<W: Write> {
    out: BufWriter<W>,
    hash: Sha256,
    bytes: u64,
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) bytes: u64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

impl Measure {
    /// Of all that `input` holds.
    pub(crate) fn of(input: impl Read) -> io::Result<Self> {
        let mut measured = Measured::new(io::sink());
        measured.note(input)?;
        Ok(measured.so_far())
    }
}

impl<W: Write> Measured<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER, out), hash: Sha256::new(), bytes: 0 }
    }

    /// Takes into account what stands in the output already.
    pub(crate) fn note(&mut self, mut written: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; BUFFER];
        loop {
            match written.read(&mut buffer)? {
                0 => return Ok(()),
                count => {
                    self.hash.update(buffer.get(..count).unwrap_or_default());
                    self.bytes += count as u64;
                }
            }
        }
    }

    pub(crate) fn get_ref(&self) -> &W {
        self.out.get_ref()
    }

    pub(crate) fn so_far(&self) -> Measure {
        let sha256 = self.hash.clone().finalize().iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        Measure { bytes: self.bytes, sha256 }
    }

    pub(crate) fn finish(self) -> io::Result<(W, Measure)> {
        let measure = self.so_far();
        let out = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((out, measure))
    }
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
