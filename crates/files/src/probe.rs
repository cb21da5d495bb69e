//! Checks whether a folder is writable, without leaving a file.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use crate::Folder;
use crate::folder::dangling;
use crate::link::folder_of;

/// A folder in which this user can create files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WritableFolder {
    /// The folder; if it does not exist, the nearest folder above it, in which it can be created.
    pub path: PathBuf,
    /// Whether the folder itself exists.
    pub exists: bool,
    /// The number of bytes that this user can still write to the file system.
    pub free_bytes: u64,
}

/// Checks whether this user can create files in a folder, or in the nearest folder above it if it does not exist.
///
/// # Errors
/// No file can be created there; a dangling link.
pub fn probe_folder(folder: &Path) -> io::Result<WritableFolder> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut path = folder;
    while !path.exists() {
        if path.is_symlink() {
            return Err(dangling(path));
        }
        path = folder_of(path);
    }
    create_unnamed(path)?;
    let system = rustix::fs::statvfs(path)?;
    let free_bytes = system.f_bavail.saturating_mul(system.f_frsize);
    Ok(WritableFolder { path: path.to_owned(), exists: path == folder, free_bytes })
}

#[cfg(target_os = "linux")]
fn create_unnamed(folder: &Path) -> io::Result<()> {
    use rustix::io::Errno;
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::from_raw_mode(0o600)) {
        Ok(_) => Ok(()),
        // The file system does not support such files.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => create_and_remove(folder),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn create_unnamed(folder: &Path) -> io::Result<()> {
    create_and_remove(folder)
}

fn create_and_remove(folder: &Path) -> io::Result<()> {
    let name = format!(".taskferry-{}.part", std::process::id());
    let entry = Folder::open(folder)?.entry(name);
    drop(entry.create(0o600)?);
    entry.remove()
}
