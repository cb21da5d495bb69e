//! Which file a path leads to, whether it exists yet or not.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// How many links that lead to links are followed.
const MOST_LINKS: usize = 40;

/// The file or folder at a path, by its place and by what is there, not by its spelling.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    place: PathBuf,
    /// Device and number of the file, which all its names share.
    file: Option<(u64, u64)>,
}

impl Identity {
    pub(crate) fn of(path: &Path) -> Self {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Self { place: real(&absolute, MOST_LINKS), file: number(path) }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        self.place == other.place || (self.file.is_some() && self.file == other.file)
    }

    /// Whether it lies in a folder, at any depth.
    pub(crate) fn is_in(&self, folder: &Self) -> bool {
        self.place != folder.place && self.place.starts_with(&folder.place)
    }
}

/// The path without links, so far as it exists; links that lead to nothing are followed as well.
fn real(path: &Path, links: usize) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    if let (Ok(target), Some(folder), true) = (fs::read_link(path), path.parent(), links > 0) {
        return real(&folder.join(target), links - 1);
    }
    match (path.parent(), path.components().next_back()) {
        (Some(folder), Some(Component::Normal(name))) => real(folder, links).join(name),
        (Some(folder), Some(Component::ParentDir)) => {
            let folder = real(folder, links);
            folder.parent().map_or_else(|| folder.clone(), Path::to_owned)
        }
        _ => path.to_owned(),
    }
}

#[cfg(unix)]
fn number(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn number(_: &Path) -> Option<(u64, u64)> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_is_known_by_whatever_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let is = |left: &str, right: &str| Identity::of(&at(left)).is(&Identity::of(&at(right)));
        fs::create_dir(at("real")).unwrap();
        fs::write(at("real/a"), "").unwrap();
        fs::hard_link(at("real/a"), at("other")).unwrap();
        symlink(at("real"), at("link")).unwrap();
        symlink("real/b", at("dangling")).unwrap();
        symlink("loop", at("loop")).unwrap();
        assert!(
            is("link/a", "real/a") && is("link/../real/./a", "real/a") && is("other", "real/a")
        );
        assert!(is("link/new/x", "real/new/y/../x") && is("dangling", "link/b"));
        assert!(!is("real/a", "real/b") && !is("loop", "real/a"));
        assert!(Identity::of(&at("link/new/x")).is_in(&Identity::of(&at("real"))));
    }
}
