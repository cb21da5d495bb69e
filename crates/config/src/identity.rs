//! Compares paths by the file that they lead to, whether it exists yet or not.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

/// The maximum number of symbolic links to follow.
const MAX_LINKS: usize = 40;

/// Whether two paths lead to the same file or folder.
pub fn is_same_file(left: &Path, right: &Path) -> bool {
    left == right || Identity::of(left).is(&Identity::of(right))
}

/// The file or folder at a path.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    resolved: PathBuf,
    /// The device and inode of the file, which all its hard links share.
    file: Option<(u64, u64)>,
}

impl Identity {
    pub(crate) fn of(path: &Path) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { resolved: resolve(&absolute, MAX_LINKS), file: inode(path) }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.resolved == other.resolved || (self.file.is_some() && self.file == other.file)
    }

    /// Whether this is inside a folder, at any depth.
    pub(crate) fn is_in(&self, folder: &Self) -> bool {
        self.resolved != folder.resolved && self.resolved.starts_with(&folder.resolved)
    }
}

/// The path without symbolic links, dangling ones included.
fn resolve(path: &Path, links: usize) -> PathBuf {
    if let Ok(resolved) = fs::canonicalize(path) {
        return resolved;
    }
    if let (Ok(target), Some(folder), true) = (fs::read_link(path), path.parent(), links > 0) {
        return resolve(&folder.join(target), links - 1);
    }
    match (path.parent(), path.components().next_back()) {
        (Some(folder), Some(Component::Normal(name))) => resolve(folder, links).join(name),
        (Some(folder), Some(Component::ParentDir)) => {
            let folder = resolve(folder, links);
            folder.parent().map_or_else(|| folder.clone(), Path::to_owned)
        }
        _ => path.to_owned(),
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((found.dev(), found.ino()))
}
