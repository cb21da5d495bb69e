//! A file that only grows.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use taskferry_files::Place;

use crate::StateError;

/// Readable for everyone, less what the process's mask takes away.
const MODE: u32 = 0o666;

/// A file that is appended to. How much of it counts stands elsewhere, in a checkpoint: what an accident left
/// behind that is cut off.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    len: u64,
}

impl Journal {
    /// Opens the file with its first `len` bytes, and nothing behind them.
    ///
    /// # Errors
    /// When it can't be made or written, or is shorter.
    pub fn open(place: &Place, len: u64) -> Result<Self, StateError> {
        let open = || {
            let mut file = place.open_or_create(MODE)?;
            if file.metadata()?.len() < len {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "it is shorter than the checkpoint says",
                ));
            }
            file.set_len(len)?;
            file.seek(SeekFrom::End(0))?;
            if len == 0 {
                // It may be new, and a file whose name is lost is lost. Some file systems can't be asked to keep it.
                _ = place.folder().sync();
            }
            Ok(file)
        };
        let file = open().map_err(|error| StateError::new("write", place.path(), error))?;
        Ok(Self { file, path: place.path(), len })
    }

    /// A new one. What an earlier run has left there is removed.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn create(place: &Place) -> Result<Self, StateError> {
        place.remove().map_err(|error| StateError::new("remove", place.path(), error))?;
        Self::open(place, 0)
    }

    /// All that is in it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn read(&mut self) -> Result<Vec<u8>, StateError> {
        let mut content = Vec::new();
        let mut read = || {
            self.file.rewind()?;
            self.file.read_to_end(&mut content)
        };
        read().map_err(|error| StateError::new("read", &self.path, error))?;
        Ok(content)
    }

    /// Appends, and forces what was appended to disk.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        written.map_err(|error| StateError::new("write", &self.path, error))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Its size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
