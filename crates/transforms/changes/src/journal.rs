//! The file of this run.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use taskferry_files::FolderEntry;
use taskferry_sdk::json::Text;
use taskferry_sdk::{ErrorKind, StageError};

/// Only the owner may read the records.
const PRIVATE: u32 = 0o600;

/// An append-only file of lines. Bytes after `length` are leftovers of a failed write or of a killed attempt.
#[derive(Debug)]
pub(crate) struct Journal {
    entry: FolderEntry,
    file: File,
    length: u64,
    lines: u64,
    /// The length on disk.
    synced: Cell<u64>,
    /// The first failure to sync. After a failure, the content on disk is unknown, even if a later sync succeeds.
    failure: OnceCell<io::Error>,
}

impl Journal {
    /// Opens the file and truncates it to `length` bytes.
    ///
    /// # Errors
    /// The file can't be written, or is shorter.
    pub(crate) fn open(entry: FolderEntry, length: u64) -> Result<Self, StageError> {
        let open = || {
            let file = entry.open_or_create(PRIVATE)?;
            if file.metadata()?.len() < length {
                let message = "the file is shorter than at the last checkpoint";
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            file.set_len(length)?;
            // The directory entry must survive a crash. Some file systems can't sync folders.
            _ = entry.folder().sync();
            Ok(file)
        };
        let file = open().map_err(|error| failed("write", &entry, error))?;
        let (synced, failure) = (Cell::new(length), OnceCell::new());
        Ok(Self { entry, file, length, lines: 0, synced, failure })
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
        file.seek(SeekFrom::Start(0)).map_err(|error| failed("read", &self.entry, error))?;
        for text in BufReader::new(file).split(b'\n') {
            let text = text.map_err(|error| failed("read", &self.entry, error))?;
            line(text).map_err(|error| {
                let message = format!("can't read `{}`", self.entry.path().display());
                let error = StageError::new(error.kind(), message).caused_by(error).fatal();
                error.hint("start over with `--fresh`")
            })?;
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
    /// The file can't be written. The line is then not part of the file.
    pub(crate) fn append(&mut self, line: &Text) -> Result<(), StageError> {
        self.check()?;
        let mut bytes = line.as_bytes().to_vec();
        bytes.push(b'\n');
        let written = self.file.write_all_at(&bytes, self.length);
        written.map_err(|error| failed("write", &self.entry, error))?;
        self.length += bytes.len() as u64;
        self.lines += 1;
        Ok(())
    }

    /// Syncs the file to disk, and returns the length on disk in bytes. After a failure, all later writes return the failure.
    pub(crate) fn sync(&self) -> u64 {
        if self.failure.get().is_none() && self.synced.get() < self.length {
            match self.file.sync_data() {
                Ok(()) => self.synced.set(self.length),
                Err(error) => _ = self.failure.set(error),
            }
        }
        self.synced.get()
    }

    /// Completes the file on disk.
    ///
    /// # Errors
    /// The file can't be written.
    pub(crate) fn finish(&mut self) -> Result<(), StageError> {
        self.check()?;
        let finished = self.file.set_len(self.length).and_then(|()| self.file.sync_all());
        finished.map_err(|error| failed("write", &self.entry, error))?;
        self.synced.set(self.length);
        Ok(())
    }

    /// Returns the failure of an earlier sync.
    fn check(&self) -> Result<(), StageError> {
        let failure =
            self.failure.get().map(|error| io::Error::new(error.kind(), error.to_string()));
        failure.map_or(Ok(()), |error| Err(failed("write", &self.entry, error)))
    }
}

/// The error for a file that can't be read or written. It ends the run: a record without its line would count as removed in the next run.
fn failed(verb: &str, entry: &FolderEntry, error: io::Error) -> StageError {
    let message = format!("can't {verb} `{}`", entry.path().display());
    StageError::new(ErrorKind::Io, message).caused_by(error).fatal()
}

#[cfg(test)]
mod tests {
    use taskferry_files::Folder;

    use super::*;

    fn journal(folder: &tempfile::TempDir) -> Journal {
        let entry = Folder::open(folder.path()).unwrap().entry("journal");
        Journal::open(entry, 0).unwrap()
    }

    fn line() -> Text {
        Text::object(|line| line.member("n", 1))
    }

    #[test]
    fn a_full_disk_ends_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let full = File::options().read(true).write(true).open("/dev/full").unwrap();
        let mut journal = Journal { file: full, ..journal(&folder) };
        let error = journal.append(&line()).unwrap_err();
        assert!(error.is_fatal() && error.full_message().contains("No space left"), "{error:?}");
        assert_eq!((journal.length, journal.lines()), (0, 0));
    }

    #[test]
    fn a_failed_sync_is_returned_by_all_later_writes() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = journal(&folder);
        journal.append(&line()).unwrap();
        journal.failure.set(io::Error::other("the disk is broken")).unwrap();
        assert_eq!(journal.sync(), 0, "a later sync may report no error");
        for result in [journal.append(&line()), journal.append(&line()), journal.finish()] {
            let error = result.unwrap_err();
            assert!(error.is_fatal(), "{error:?}");
            assert!(error.full_message().ends_with(": the disk is broken"), "{error:?}");
        }
    }
}
