//! Resolves symbolic links at the paths of outputs.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The maximum number of links in a row, as in Linux.
const MAX_LINKS: usize = 40;

/// Why a link is not followed. The text follows "can't write `…`: ".
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The link leads to itself, directly or through other links.
    #[error("it is a symbolic link that leads to itself")]
    Loop,
    /// The folder of its target does not exist.
    #[error(
        "it is a symbolic link to `{}`, and the folder `{}` does not exist",
        .0.display(),
        folder_of(.0).display()
    )]
    NoFolder(PathBuf),
    /// The link belongs to another user.
    #[error("it is a symbolic link of another user (id {0})")]
    Foreign(u32),
    /// The link can't be read.
    #[error("it is a symbolic link that can't be read: {0}")]
    Io(io::Error),
}

impl LinkError {
    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Loop | Self::Io(_) => "correct the link, or use another path",
            Self::NoFolder(_) => {
                "create that folder (is its disk mounted?), correct the link, or use another path"
            }
            Self::Foreign(_) => {
                "only links of root and of the user who runs taskferry are followed; use the target of the link as the path"
            }
        }
    }
}

/// The path that is written for `path`: `path` itself, or its target if it is a link. The target is created or replaced, and the
/// link is kept.
///
/// # Errors
/// A link to itself or into a missing folder, or a link of another user, who could otherwise choose which file is overwritten.
pub fn target_of(path: &Path) -> Result<PathBuf, LinkError> {
    // Folders and devices are not replaced, and the target of `/dev/stdout` has no path.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Ok(path.to_owned());
    }
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        let found = match fs::symlink_metadata(&target) {
            Ok(found) => found,
            // Nothing exists there yet. Creating it reports why it can't be created.
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

/// The folder of a file.
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
