//! Compression on the way to the disk.

use std::fmt;
use std::io::{self, Write};

use flate2::write::GzEncoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a file is compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// Gzip: everything reads it.
    Gzip,
    /// Zstandard: smaller and several times faster than gzip.
    Zstd,
}

impl Compression {
    /// What a reader will take the file for, going by its name.
    pub(crate) fn promised_by(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "gz" | "gzip" => Some(Self::Gzip),
            "zst" | "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// As it is written in a pipeline file.
impl fmt::Display for Compression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Compresses what is written to it. The same writes and flushes give the same bytes: no name and no time
/// goes into the file.
pub(crate) enum Compressor<W: Write> {
    None(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> Compressor<W> {
    /// # Errors
    /// Those of the zstd library, when it gets no memory.
    pub(crate) fn new(compression: Compression, out: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Self::None(out),
            Compression::Gzip => Self::Gzip(GzEncoder::new(out, flate2::Compression::default())),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Self::Zstd(encoder)
            }
        })
    }

    pub(crate) fn get_ref(&self) -> &W {
        match self {
            Self::None(out) => out,
            Self::Gzip(encoder) => encoder.get_ref(),
            Self::Zstd(encoder) => encoder.get_ref(),
        }
    }

    /// Ends the compressed stream and gives the output back.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::None(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Compressor<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::None(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::None(out) => out.flush(),
            Self::Gzip(encoder) => encoder.flush(),
            Self::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Measured;

    /// A disk with room for so many bytes.
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
    fn a_disk_that_fills_up_is_never_overlooked() {
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
    fn the_name_tells_what_a_reader_expects() {
        assert_eq!(Compression::promised_by("a.ndjson.gz"), Some(Compression::Gzip));
        assert_eq!(Compression::promised_by("a.ZST"), Some(Compression::Zstd));
        assert_eq!(Compression::promised_by("gz"), None);
        assert_eq!(Compression::promised_by("a.csv"), None);
    }
}
