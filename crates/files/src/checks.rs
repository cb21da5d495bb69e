//! Checks of files before they are read or written.

use std::fmt;
use std::io;

use rustix::fs::{FileType, Stat};

/// Why a file is not used. The text follows "can't write `…`: ".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    Link,
    /// A FIFO, a socket, a device.
    Special,
    Folder,
    /// The file has another name.
    HardLink,
    Foreign(u32),
}

impl Unfit {
    /// The problem with the type of a file.
    pub(crate) fn by_type(found: &Stat) -> Option<Self> {
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => None,
            FileType::Symlink => Some(Self::Link),
            FileType::Directory => Some(Self::Folder),
            _ => Some(Self::Special),
        }
    }

    /// The problem in an error of this crate.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).copied()
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link => formatter.write_str("it is a symbolic link"),
            Self::Special => formatter.write_str("it is not a regular file"),
            Self::Folder => formatter.write_str("it is a folder"),
            Self::HardLink => formatter.write_str("it has more than one hard link"),
            Self::Foreign(owner) => write!(formatter, "it belongs to another user (id {owner})"),
        }
    }
}

impl std::error::Error for Unfit {}

impl From<Unfit> for io::Error {
    fn from(unfit: Unfit) -> Self {
        Self::other(unfit)
    }
}
