//! Compression of the output.

use std::fmt;
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zstd::stream::raw::{CParameter, Encoder, InBuffer, Operation, OutBuffer};

use crate::gzip::{BUFFER, Gzip, Pieces};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// No compression.
    #[default]
    None,
    /// Gzip, which every tool reads.
    Gzip,
    /// Zstandard, which is smaller and several times faster than gzip. Each page is a separate frame. A reader must read all
    /// frames, as command line tools do.
    Zstd,
}

impl Compression {
    /// The compression that a file name implies.
    pub(crate) fn of_file_name(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The name in a pipeline file.
impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// Compresses its input in independent pieces. Each flush ends a piece, and a later run can continue after any flush. The
/// output depends only on the writes and flushes, and contains no name and no time.
///
/// In gzip, all pieces form one member, because some readers stop after the first member. In Zstandard, each piece is a
/// frame.
pub(crate) enum Compressor<W> {
    None(W),
    Gzip(Gzip<W>),
    Zstd(Zstd<W>),
}

impl<W: Write> Compressor<W> {
    pub(crate) fn new(compression: Compression, out: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(out),
            Compression::Gzip => Self::Gzip(Gzip::new(out)?),
            Compression::Zstd => Self::Zstd(Zstd::resume(out, Pieces::default())),
        })
    }

    /// Continues after earlier pieces.
    pub(crate) fn resume(compression: Compression, out: W, pieces: Pieces) -> Self {
        match compression {
            Compression::None => Self::None(out),
            Compression::Gzip => Self::Gzip(Gzip::resume(out, pieces)),
            Compression::Zstd => Self::Zstd(Zstd::resume(out, pieces)),
        }
    }

    /// The state after the last flush.
    pub(crate) fn pieces(&self) -> Pieces {
        match self {
            Self::None(_) => Pieces::default(),
            Self::Gzip(gzip) => gzip.pieces(),
            Self::Zstd(zstd) => zstd.pieces,
        }
    }

    pub(crate) fn get_ref(&self) -> &W {
        match self {
            Self::None(out) => out,
            Self::Gzip(gzip) => gzip.get_ref(),
            Self::Zstd(zstd) => &zstd.out,
        }
    }

    /// Completes the compressed stream and returns the output.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::None(out) => Ok(out),
            Self::Gzip(gzip) => gzip.finish(),
            Self::Zstd(zstd) => zstd.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(out) => out.write(bytes),
            Self::Gzip(gzip) => gzip.write(bytes),
            Self::Zstd(zstd) => zstd.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(out) => out.flush(),
            Self::Gzip(gzip) => gzip.flush(),
            Self::Zstd(zstd) => zstd.flush(),
        }
    }
}

/// Zstandard, with one frame for each piece.
pub(crate) struct Zstd<W> {
    out: W,
    frame: Option<Encoder<'static>>,
    pieces: Pieces,
    buffer: Vec<u8>,
}

impl<W: Write> Zstd<W> {
    fn resume(out: W, pieces: Pieces) -> Self {
        Self { out, frame: None, pieces, buffer: Vec::with_capacity(BUFFER) }
    }

    fn begin_frame() -> io::Result<Encoder<'static>> {
        let mut encoder = Encoder::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
        encoder.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(encoder)
    }

    fn end_frame(&mut self, mut frame: Encoder<'_>) -> io::Result<()> {
        loop {
            self.buffer.clear();
            let rest = frame.finish(&mut OutBuffer::around(&mut self.buffer), false)?;
            self.out.write_all(&self.buffer)?;
            if rest == 0 {
                return Ok(());
            }
        }
    }

    /// Writes a frame for empty input too, since readers need one.
    fn finish(mut self) -> io::Result<W> {
        if self.pieces.plain_bytes == 0 {
            let frame = self.frame.take().map_or_else(Self::begin_frame, Ok)?;
            self.end_frame(frame)?;
        }
        self.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Zstd<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let frame = match &mut self.frame {
            Some(open) => open,
            none => none.insert(Self::begin_frame()?),
        };
        let mut input = InBuffer::around(bytes);
        while input.pos() < bytes.len() {
            self.buffer.clear();
            frame.run(&mut input, &mut OutBuffer::around(&mut self.buffer))?;
            self.out.write_all(&self.buffer)?;
        }
        self.pieces.plain_bytes += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Some(frame) = self.frame.take() {
            self.end_frame(frame)?;
        }
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measured;

    /// A disk with space for some bytes.
    struct Disk(usize);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn write_all(compression: Compression, disk: Disk, text: &[u8]) -> io::Result<u64> {
        let mut compressor = Compressor::new(compression, Measured::new(disk))?;
        compressor.write_all(text)?;
        compressor.flush()?;
        let (_, measure) = compressor.finish()?.finish()?;
        Ok(measure.bytes)
    }

    #[test]
    fn a_full_disk_is_always_an_error() {
        let text: Vec<u8> = (0..50_000_u32).flat_map(|n| n.wrapping_pow(7).to_le_bytes()).collect();
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            let size = write_all(compression, Disk(usize::MAX), &text).unwrap();
            let size = usize::try_from(size).unwrap();
            for room in [0, 1, size / 2, size - 1] {
                let error = write_all(compression, Disk(room), &text).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{compression}, {room} bytes");
            }
            assert!(write_all(compression, Disk(size), &text).is_ok());
        }
    }

    #[test]
    fn the_compression_of_a_file_name_is_that_of_its_extension() {
        assert_eq!(Compression::of_file_name("a.ndjson.gz"), Some(Compression::Gzip));
        assert_eq!(Compression::of_file_name("a.ZST"), Some(Compression::Zstd));
        assert_eq!(Compression::of_file_name("gz"), None);
        assert_eq!(Compression::of_file_name("a.csv"), None);
    }
}
