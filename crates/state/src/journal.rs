//! Append-only files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use taskferry_files::FolderEntry;

use crate::StateError;

/// The process's umask decides who may read and write.
const MODE: u32 = 0o666;

/// An append-only file. A checkpoint stores the valid length; opening the file truncates everything after it.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    len: u64,
}

impl Journal {
    /// Opens the file and truncates it to `len` bytes.
    ///
    /// # Errors
    /// If the file can't be created or written, or is shorter than `len`.
    pub fn open(entry: &FolderEntry, len: u64) -> Result<Self, StateError> {
        let open = || {
            let mut file = entry.open_or_create(MODE)?;
            if file.metadata()?.len() < len {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file is shorter than at the last checkpoint; start over with `--fresh`, and make sure that no other process changes the state folder",
                ));
            }
            file.set_len(len)?;
            file.seek(SeekFrom::End(0))?;
            if len == 0 {
                // The file may be new, and its directory entry must survive a crash. Some file systems can't sync folders.
                _ = entry.folder().sync();
            }
            Ok(file)
        };
        let file = open().map_err(|error| StateError::new("write", entry.path(), error))?;
        Ok(Self { file, path: entry.path(), len })
    }

    /// Creates the file, and removes the file of an earlier run.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn create(entry: &FolderEntry) -> Result<Self, StateError> {
        entry.remove().map_err(|error| StateError::new("remove", entry.path(), error))?;
        Self::open(entry, 0)
    }

    /// Reads the whole file.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn read(&mut self) -> Result<Vec<u8>, StateError> {
        let mut content = Vec::new();
        let mut read = || {
            self.file.rewind()?;
            self.file.read_to_end(&mut content)
        };
        read().map_err(|error| StateError::new("read", &self.path, error))?;
        Ok(content)
    }

    /// Appends bytes and syncs them to disk.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = self.file.write_all(bytes).and_then(|()| self.file.sync_data());
        written.map_err(|error| StateError::new("write", &self.path, error))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// The size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
