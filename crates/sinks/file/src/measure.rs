//! Size and checksum of what is written, without reading it again.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use sha2::{Digest, Sha256};

const BUFFER: usize = 64 * 1024;

/// Buffers, counts and hashes what goes to `W`.
pub(crate) struct Measured<W: Write> {
    out: BufWriter<W>,
    hash: Sha256,
    bytes: u64,
}

/// What was measured.
pub(crate) struct Measure {
    pub(crate) bytes: u64,
    /// In hexadecimal digits.
    pub(crate) sha256: String,
}

impl<W: Write> Measured<W> {
    pub(crate) fn new(out: W) -> Self {
        Self { out: BufWriter::with_capacity(BUFFER, out), hash: Sha256::new(), bytes: 0 }
    }

    pub(crate) fn get_ref(&self) -> &W {
        self.out.get_ref()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn finish(self) -> io::Result<(W, Measure)> {
        let out = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        let sha256 = self.hash.finalize().iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        Ok((out, Measure { bytes: self.bytes, sha256 }))
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
