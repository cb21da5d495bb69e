//! Stores rows until the columns of their table are known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_files::FolderEntry;
use taskferry_sdk::hex;
use tempfile::SpooledTempFile;

/// An unnamed spool of at most this size is in memory.
const IN_MEMORY: usize = 4 * 1024 * 1024;
/// The mode of a named spool, restricted by the umask like that of the table.
const MODE: u32 = 0o666;
const BUFFER: usize = 64 * 1024;

/// Where the rows of a CSV table without `columns` are stored.
#[derive(Debug, Clone)]
pub enum Spool {
    /// In memory, then in an unnamed file in this folder, which disappears with the process. The disk needs space for the
    /// whole table.
    Unnamed(PathBuf),
    /// In this file, from which a later run can continue. The caller removes it.
    Named(FolderEntry),
}

/// The state of a named spool, from which a later run continues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SpoolState {
    bytes: u64,
    /// The checksum in hexadecimal digits.
    sha256: String,
}

impl SpoolState {
    /// Whether a file begins with the bytes of this state.
    pub(crate) fn is_in(&self, entry: &FolderEntry) -> bool {
        let found = entry.open().and_then(|file| Checksum::of(&mut file.take(self.bytes)));
        found.is_ok_and(|found| found.state() == *self)
    }
}

impl Spool {
    /// The folder or the file, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Unnamed(path) => path.clone(),
            Self::Named(entry) => entry.path(),
        }
    }

    pub(crate) fn create(&self) -> io::Result<SpoolFile> {
        match self {
            Self::Unnamed(folder) => {
                Ok(SpoolFile::Unnamed(tempfile::spooled_tempfile_in(IN_MEMORY, folder)))
            }
            Self::Named(entry) => Ok(SpoolFile::named(entry.create(MODE)?, Checksum::default())),
        }
    }

    /// Truncates the spool to the bytes of a state.
    pub(crate) fn resume(&self, from: &SpoolState) -> io::Result<SpoolFile> {
        match self {
            Self::Unnamed(_) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "a table whose rows are in an unnamed temporary file can't be resumed",
            )),
            Self::Named(entry) => {
                let mut file = entry.open_or_create(MODE)?;
                let found = Checksum::of(&mut Read::by_ref(&mut file).take(from.bytes))?;
                if from.bytes > 0 && found.state() != *from {
                    return Err(io::Error::other(
                        "the stored rows of the table are missing or have changed",
                    ));
                }
                file.set_len(from.bytes)?;
                file.seek(SeekFrom::End(0))?;
                Ok(SpoolFile::named(file, found))
            }
        }
    }
}

/// The size and checksum of bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    bytes: u64,
    hash: Sha256,
}

impl Checksum {
    fn of(input: &mut impl Read) -> io::Result<Self> {
        let (mut checksum, mut buffer) = (Self::default(), vec![0; BUFFER]);
        loop {
            match input.read(&mut buffer)? {
                0 => return Ok(checksum),
                count => checksum.add(buffer.get(..count).unwrap_or_default()),
            }
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.hash.update(bytes);
    }

    fn state(&self) -> SpoolState {
        SpoolState { bytes: self.bytes, sha256: hex(self.hash.clone().finalize()) }
    }
}

/// An open spool, which is written, then read from the beginning.
pub(crate) enum SpoolFile {
    Unnamed(SpooledTempFile),
    Named { file: File, written: Checksum, read: Checksum },
}

impl SpoolFile {
    fn named(file: File, written: Checksum) -> Self {
        Self::Named { file, written, read: Checksum::default() }
    }

    /// Syncs a named spool to disk, and returns its state.
    pub(crate) fn sync(&self) -> io::Result<SpoolState> {
        match self {
            Self::Unnamed(_) => Ok(SpoolState::default()),
            Self::Named { file, written, .. } => {
                file.sync_data()?;
                Ok(written.state())
            }
        }
    }

    /// Whether the bytes that were read equal the bytes that were written. Another process may have changed the file.
    pub(crate) fn is_as_written(&self) -> bool {
        match self {
            Self::Unnamed(_) => true,
            Self::Named { written, read, .. } => written.state() == read.state(),
        }
    }
}

impl Write for SpoolFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unnamed(file) => file.write(bytes),
            Self::Named { file, written, .. } => {
                let count = file.write(bytes)?;
                written.add(bytes.get(..count).unwrap_or_default());
                Ok(count)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unnamed(file) => file.flush(),
            Self::Named { file, .. } => file.flush(),
        }
    }
}

impl Read for SpoolFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unnamed(file) => file.read(buffer),
            Self::Named { file, read, .. } => {
                let count = file.read(buffer)?;
                read.add(buffer.get(..count).unwrap_or_default());
                Ok(count)
            }
        }
    }
}

impl Seek for SpoolFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Unnamed(file) => file.seek(position),
            Self::Named { file, .. } => file.seek(position),
        }
    }
}
