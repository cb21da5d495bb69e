//! An open folder.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::checks::UnsafeFile;

/// Opens a folder for access to its entries. Needs no permission to list them.
#[cfg(target_os = "linux")]
const SEARCH: OFlags = OFlags::PATH;
#[cfg(not(target_os = "linux"))]
const SEARCH: OFlags = OFlags::RDONLY;

/// An open folder, which stays the same if its path changes. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Folder {
    handle: Arc<OwnedFd>,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder. Links in its path are followed, since the user chose the path.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = SEARCH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self { handle: Arc::new(handle), path: path.to_owned() })
    }

    /// Opens a folder. Creates it and its parents if they do not exist.
    ///
    /// # Errors
    /// Errors of the file system; a dangling link.
    pub fn create(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path).map_err(|error| explained(path, error))?;
        Self::open(path)
    }

    /// Opens the folder `name`, which can have several components. Creates missing folders. No component may be a link.
    ///
    /// # Errors
    /// Errors of the file system; a component that is not a folder, or is outside this folder.
    pub fn create_below(&self, name: &Path) -> io::Result<Self> {
        let mut folder = self.clone();
        for component in name.components() {
            let Component::Normal(component) = component else {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "its path leads out of the folder",
                ));
            };
            match rustix::fs::mkdirat(folder.as_fd(), component, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let flags = SEARCH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let opened = rustix::fs::openat(folder.as_fd(), component, flags, Mode::empty());
            let handle = opened.map_err(|error| folder.why_no_folder(component, error.into()))?;
            folder = Self { handle: Arc::new(handle), path: folder.path.join(component) };
        }
        Ok(folder)
    }

    /// Reports a link as such. The system only reports that it is not a folder.
    fn why_no_folder(&self, name: &OsStr, error: io::Error) -> io::Error {
        let found = rustix::fs::statat(self.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW);
        match found.ok().and_then(|found| UnsafeFile::by_type(&found)) {
            Some(unfit @ UnsafeFile::Link) => unfit.into(),
            _ => error,
        }
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the entries to disk.
    ///
    /// # Errors
    /// Errors of the file system. Some file systems do not support it.
    pub fn sync(&self) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::openat(self.as_fd(), ".", flags, Mode::empty())?;
        Ok(rustix::fs::fsync(handle)?)
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// Explains `File exists` for a dangling link.
fn explained(path: &Path, error: io::Error) -> io::Error {
    let link = path.ancestors().find(|path| path.is_symlink() && !path.exists());
    link.map_or(error, dangling)
}

pub(crate) fn dangling(link: &Path) -> io::Error {
    let text = format!("`{}` is a symbolic link to a path that does not exist", link.display());
    io::Error::new(io::ErrorKind::NotFound, text)
}
