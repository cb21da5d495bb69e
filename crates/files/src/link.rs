//! Where a symbolic link leads that stands at the path of an output.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// Why a link is not written through. The text stands behind "can't write `…`: ".
#[derive(Debug)]
pub enum LinkError {
    /// It leads to itself, perhaps through others.
    Loop,
    /// It leads into a folder that does not exist.
    NoFolder(PathBuf),
    /// It is another user's.
    Foreign(u32),
    /// It can't be read.
    Io(io::Error),
}

impl LinkError {
    /// What the user can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Loop | Self::Io(_) => "correct the link, or name another path",
            Self::NoFolder(_) => {
                "create that folder (is its disk mounted?), correct the link, or name another path"
            }
            Self::Foreign(_) => {
                "only links of root and of the user who runs taskferry are followed; name the path that the link leads to"
            }
        }
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loop => formatter.write_str("it is a symbolic link that leads to itself"),
            Self::NoFolder(target) => write!(
                formatter,
                "it is a symbolic link to `{}`, and there is no folder `{}`",
                target.display(),
                folder_of(target).display()
            ),
            Self::Foreign(owner) => {
                write!(formatter, "it is a symbolic link of another user (id {owner})")
            }
            Self::Io(error) => {
                write!(formatter, "it is a symbolic link that can't be read: {error}")
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// The path that a file is written to where `path` is to name it: `path` itself, or where it leads if it is a link. The link
/// stays, and what it leads to is created or replaced.
///
/// # Errors
/// A link that leads to itself or into a folder that does not exist, or that belongs to another user: in a shared folder
/// such a link would decide which file is overwritten.
pub fn target_of(path: &Path) -> Result<PathBuf, LinkError> {
    // A folder or a device is not replaced, and `/dev/stdout` leads to what has no path.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Ok(path.to_owned());
    }
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        let found = match fs::symlink_metadata(&target) {
            Ok(found) => found,
            // Nothing stands there yet; why it can't is told by whoever creates it.
            Err(_) if target == path => return Ok(target),
            Err(_) if folder_of(&target).is_dir() => return Ok(target),
            Err(_) => return Err(LinkError::NoFolder(target)),
        };
        if !found.is_symlink() {
            return Ok(target);
        }
        let own = rustix::process::geteuid().as_raw();
        if found.uid() != own && found.uid() != 0 {
            return Err(LinkError::Foreign(found.uid()));
        }
        let next = fs::read_link(&target).map_err(LinkError::Io)?;
        target = folder_of(&target).join(next);
    }
    Err(LinkError::Loop)
}

/// The folder that a file stands in.
///
/// ```
/// # use std::path::Path;
/// # use taskferry_files::folder_of;
/// assert_eq!(folder_of(Path::new("jobs.csv")), Path::new("."));
/// assert_eq!(folder_of(Path::new("out/jobs.csv")), Path::new("out"));
/// assert_eq!(folder_of(Path::new("/jobs.csv")), Path::new("/"));
/// ```
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
