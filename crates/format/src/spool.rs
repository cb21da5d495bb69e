//! Where rows wait until the columns of their table are known.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use taskferry_files::Place;
use tempfile::SpooledTempFile;

/// A table smaller than this waits in memory, where that is allowed.
const IN_MEMORY: usize = 4 * 1024 * 1024;
/// Readable for everyone, less what the process's mask takes away, as the table itself.
const MODE: u32 = 0o666;

/// Where the rows of a CSV table without `columns` wait for the header.
#[derive(Debug, Clone)]
pub enum Spool {
    /// In memory, then in a file without a name in this folder: gone with the process. Use a folder on a disk with
    /// room for the whole table.
    Unnamed(PathBuf),
    /// In this file, which a later attempt finds again. Its owner removes it.
    Named(Place),
}

impl Spool {
    /// The folder or the file, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        match self {
            Self::Unnamed(path) => path.clone(),
            Self::Named(place) => place.path(),
        }
    }

    pub(crate) fn create(&self) -> io::Result<SpoolFile> {
        match self {
            Self::Unnamed(folder) => {
                Ok(SpoolFile::Unnamed(tempfile::spooled_tempfile_in(IN_MEMORY, folder)))
            }
            Self::Named(place) => place.create(MODE).map(SpoolFile::Named),
        }
    }

    /// The spool with its first bytes, and nothing behind them.
    pub(crate) fn resume(&self, bytes: u64) -> io::Result<SpoolFile> {
        match self {
            Self::Unnamed(_) => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "a file without a name is not found again",
            )),
            Self::Named(place) => named(place, bytes).map(SpoolFile::Named),
        }
    }
}

fn named(place: &Place, bytes: u64) -> io::Result<File> {
    let mut file = place.open_or_create(MODE)?;
    if file.metadata()?.len() < bytes {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "rows are missing"));
    }
    file.set_len(bytes)?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

/// A spool in use.
pub(crate) enum SpoolFile {
    Unnamed(SpooledTempFile),
    Named(File),
}

impl SpoolFile {
    /// Forces to disk what a later attempt could find again; returns its size in bytes.
    pub(crate) fn sync(&self) -> io::Result<u64> {
        match self {
            Self::Unnamed(_) => Ok(0),
            Self::Named(file) => {
                file.sync_data()?;
                Ok(file.metadata()?.len())
            }
        }
    }
}

impl Write for SpoolFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unnamed(file) => file.write(bytes),
            Self::Named(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unnamed(file) => file.flush(),
            Self::Named(file) => file.flush(),
        }
    }
}

impl Read for SpoolFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unnamed(file) => file.read(buffer),
            Self::Named(file) => file.read(buffer),
        }
    }
}

impl Seek for SpoolFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Unnamed(file) => file.seek(position),
            Self::Named(file) => file.seek(position),
        }
    }
}
