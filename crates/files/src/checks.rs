//! Checks of files before they are read or written.

use std::io;

use rustix::fs::{FileType, Stat};

/// A file that is not safe to open. The text follows "can't write `…`: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnsafeFile {
    #[error("it is a symbolic link")]
    Link,
    /// A FIFO, a socket or a device.
    #[error("it is not a regular file")]
    Special,
    #[error("it is a folder")]
    Folder,
    /// The file has several hard links.
    #[error("it has more than one hard link")]
    HardLink,
    #[error("it belongs to another user (id {0})")]
    Foreign(u32),
}

impl UnsafeFile {
    /// The problem with the type of a file.
    pub(crate) fn by_type(found: &Stat) -> Option<Self> {
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => None,
            FileType::Symlink => Some(Self::Link),
            FileType::Directory => Some(Self::Folder),
            _ => Some(Self::Special),
        }
    }

    /// Extracts the reason from an error of this crate.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }
}

impl From<UnsafeFile> for io::Error {
    fn from(unfit: UnsafeFile) -> Self {
        Self::other(unfit)
    }
}
