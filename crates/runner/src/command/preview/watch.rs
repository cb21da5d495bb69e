//! Waits for changes to files.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The polling interval.
const INTERVAL: Duration = Duration::from_millis(50);

/// Files, with their state when they were last read.
#[derive(Debug, Default)]
pub(crate) struct WatchedFiles(Vec<(PathBuf, Option<State>)>);

/// The time of the last change, the size and the inode, one of which changes whenever a file is written or replaced.
type State = (Option<SystemTime>, u64, u64);

impl WatchedFiles {
    /// The state of these files now. Call it before they are read.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Self {
        Self(paths.into_iter().map(|path| (path.to_owned(), state(path))).collect())
    }

    /// Adds files that are not known yet.
    pub(crate) fn add<'a>(&mut self, paths: impl IntoIterator<Item = &'a Path>) {
        for path in paths {
            if self.0.iter().all(|(known, _)| known != path) {
                self.0.push((path.to_owned(), state(path)));
            }
        }
    }

    /// Returns the same files with their current state.
    pub(crate) fn renewed(&self) -> Self {
        Self::new(self.0.iter().map(|(path, _)| path.as_path()))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Waits until a file differs.
    pub(crate) async fn changed(&self) {
        while self.0.iter().all(|(path, known)| state(path) == *known) {
            tokio::time::sleep(INTERVAL).await;
        }
    }
}

fn state(path: &Path) -> Option<State> {
    let found = fs::metadata(path).ok()?;
    Some((found.modified().ok(), found.len(), found.ino()))
}
