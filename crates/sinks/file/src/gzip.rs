//! Resumable gzip (RFC 1952).

use std::io::{self, Write};

use crc32fast::Hasher;
use flate2::{Compress, FlushCompress, Status};
use serde::{Deserialize, Serialize};

/// Without name, time and system, so that equal records give equal bytes.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/// The size of the buffer for compressed bytes.
pub(crate) const BUFFER: usize = 32 * 1024;

/// The state of a compressor after a flush.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pieces {
    /// The CRC-32 of the uncompressed bytes.
    pub(crate) crc32: u32,
    /// The number of uncompressed bytes.
    pub(crate) plain_bytes: u64,
}

/// One gzip member. Each flush is a full flush: it ends a block at a byte boundary and clears the dictionary. The next piece
/// only needs the checksum and the size so far, which are written at the end of the member.
pub(crate) struct Gzip<W> {
    out: W,
    deflate: Compress,
    crc32: Hasher,
    plain_bytes: u64,
    /// Whether anything was written since the last flush.
    unflushed: bool,
    buffer: Vec<u8>,
}

impl<W: Write> Gzip<W> {
    pub(crate) fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&HEADER)?;
        Ok(Self::resume(out, Pieces::default()))
    }

    pub(crate) fn resume(out: W, pieces: Pieces) -> Self {
        Self {
            out,
            deflate: Compress::new(flate2::Compression::default(), false),
            crc32: Hasher::new_with_initial_len(pieces.crc32, pieces.plain_bytes),
            plain_bytes: pieces.plain_bytes,
            unflushed: false,
            buffer: Vec::with_capacity(BUFFER),
        }
    }

    pub(crate) fn get_ref(&self) -> &W {
        &self.out
    }

    pub(crate) fn pieces(&self) -> Pieces {
        Pieces { crc32: self.crc32.clone().finalize(), plain_bytes: self.plain_bytes }
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        self.deflate(&[], FlushCompress::Finish)?;
        let Pieces { crc32, plain_bytes } = self.pieces();
        self.out.write_all(&crc32.to_le_bytes())?;
        // The format stores the lower 32 bits.
        let [a, b, c, d, ..] = plain_bytes.to_le_bytes();
        self.out.write_all(&[a, b, c, d])?;
        Ok(self.out)
    }

    /// Compresses `bytes`, and flushes as requested.
    fn deflate(&mut self, mut bytes: &[u8], flush: FlushCompress) -> io::Result<()> {
        loop {
            self.buffer.clear();
            let before = self.deflate.total_in();
            let status = self.deflate.compress_vec(bytes, &mut self.buffer, flush)?;
            let taken = usize::try_from(self.deflate.total_in() - before).unwrap_or(bytes.len());
            bytes = bytes.get(taken..).unwrap_or_default();
            self.out.write_all(&self.buffer)?;
            let has_more = self.buffer.len() == self.buffer.capacity();
            if status == Status::StreamEnd || (bytes.is_empty() && !has_more) {
                return Ok(());
            }
        }
    }
}

impl<W: Write> Write for Gzip<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.deflate(bytes, FlushCompress::None)?;
        self.crc32.update(bytes);
        self.plain_bytes += bytes.len() as u64;
        self.unflushed = true;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unflushed) {
            self.deflate(&[], FlushCompress::Full)?;
            // From here on, the output equals the output of a new compressor.
            self.deflate.reset();
        }
        self.out.flush()
    }
}
