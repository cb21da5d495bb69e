//! The file of this run.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use taskferry_files::Place;
use taskferry_sdk::json::Text;
use taskferry_sdk::{ErrorKind, StageError};

/// Only the owner may read the records.
const PRIVATE: u32 = 0o600;

/// An append-only file of lines. Bytes after `length` are leftovers of a failed write or of a killed attempt.
#[derive(Debug)]
pub(crate) struct Journal {
    place: Place,
    file: File,
    length: u64,
    lines: u64,
    /// The length on disk.
    synced: Cell<u64>,
    failure: RefCell<Option<io::Error>>,
}

impl Journal {
    /// Opens the file and truncates it to `length` bytes.
    ///
    /// # Errors
    /// The file can't be written, or is shorter.
    pub(crate) fn open(place: Place, length: u64) -> Result<Self, StageError> {
        let open = || {
            let file = place.open_or_create(PRIVATE)?;
            if file.metadata()?.len() < length {
                let message = "the file is shorter than at the last checkpoint";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            file.set_len(length)?;
            // The directory entry must survive a crash. Some file systems can't sync folders.
            _ = place.folder().sync();
            Ok(file)
        };
        let file = open().map_err(|error| failed(&place, error))?;
        let (synced, failure) = (Cell::new(length), RefCell::new(None));
        Ok(Self { place, file, length, lines: 0, synced, failure })
    }

    /// Calls `line` with each line.
    ///
    /// # Errors
    /// The file can't be read, or `line` fails.
    pub(crate) fn read_lines(
        &mut self,
        mut line: impl FnMut(Vec<u8>) -> Result<(), StageError>,
    ) -> Result<(), StageError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0)).map_err(|error| failed(&self.place, error))?;
        for text in BufReader::new(file).split(b'\n') {
            line(text.map_err(|error| failed(&self.place, error))?)?;
            self.lines += 1;
        }
        Ok(())
    }

    /// The number of lines.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Appends a line.
    ///
    /// # Errors
    /// The file can't be written. The line is then not part of it.
    pub(crate) fn append(&mut self, line: &Text) -> Result<(), StageError> {
        if let Some(error) = self.failure.take() {
            return Err(failed(&self.place, error));
        }
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        let written = self.file.write_all_at(&bytes, self.length);
        written.map_err(|error| failed(&self.place, error))?;
        self.length += bytes.len() as u64;
        self.lines += 1;
        Ok(())
    }

    /// Syncs the file to disk, and returns the length on disk. A failure is returned by the next write.
    pub(crate) fn save(&self) -> u64 {
        if self.synced.get() < self.length {
            match self.file.sync_data() {
                Ok(()) => self.synced.set(self.length),
                Err(error) => _ = self.failure.replace(Some(error)),
            }
        }
        self.synced.get()
    }

    /// Completes the file on disk.
    ///
    /// # Errors
    /// The file can't be written.
    pub(crate) fn finish(&mut self) -> Result<(), StageError> {
        let finished = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
        finished.map_err(|error| failed(&self.place, error))?;
        self.synced.set(self.length);
        Ok(())
    }
}

fn failed(place: &Place, error: io::Error) -> StageError {
    let message = format!("can't write `{}`", place.path().display());
    StageError::new(ErrorKind::Io, message).caused_by(error)
}
