//! `.NAME.part`: the file before its publication.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use taskferry_files::Claim;
use taskferry_sdk::{ErrorKind, StageError};

use crate::error::{cannot, cannot_resume};
use crate::measure::{Measure, Measured};
use crate::paths::Paths;

/// Everyone may read and write the file, as far as the umask allows.
const MODE: u32 = 0o666;

/// Owns `.NAME.part` and `.NAME.rows`: creates and locks the file, syncs it to disk, and publishes or removes it.
///
/// The lock excludes other sinks and runs. A later run continues or overwrites the file of a killed run.
#[derive(Debug)]
pub(crate) struct PartFile {
    file: Arc<File>,
    paths: Paths,
    /// Whether a later run can continue the file, so that a commit keeps it.
    is_resumable: bool,
    /// Whether dropping keeps the file.
    keep_on_drop: bool,
    /// Describes the file that was removed because it had the name `.NAME.part` and was not a leftover of taskferry.
    removed: Option<String>,
}

impl PartFile {
    /// Creates the file, empty.
    pub(crate) fn create(paths: Paths, is_resumable: bool) -> Result<Self, StageError> {
        let part = Self::lock(paths, is_resumable)?;
        part.file.set_len(0).map_err(|error| part.cannot_write(error))?;
        Ok(part)
    }

    /// Opens the file of an earlier run, and truncates it to `bytes`.
    pub(crate) fn resume(paths: Paths, found: &File, bytes: u64) -> Result<Self, StageError> {
        let mut part = Self::lock(paths, true)?;
        part.keep_on_drop = true;
        let inode = |file: &File| file.metadata().map(|found| (found.dev(), found.ino()));
        if !matches!((inode(&part.file), inode(found)), (Ok(part), Ok(found)) if part == found) {
            return Err(cannot_resume(
                &part.paths.path,
                "another process has replaced its `.part` file",
            ));
        }
        let cut = part.file.set_len(bytes).and_then(|()| part.file.seek(SeekFrom::End(0)));
        cut.map_err(|error| part.cannot_write(error))?;
        Ok(part)
    }

    /// Opens and locks the file.
    fn lock(paths: Paths, is_resumable: bool) -> Result<Self, StageError> {
        let path = paths.target.path();
        match paths.part.claim(MODE).map_err(|error| cannot("write", &path, error))? {
            Claim::Own { file, removed } => {
                Ok(Self { file: Arc::new(file), paths, is_resumable, keep_on_drop: false, removed })
            }
            Claim::Busy(_) => {
                let message = format!("another sink or run is writing `{}`", path.display());
                Err(StageError::new(ErrorKind::Io, message)
                    .hint("use a different `path` for each, for example with `{run_id}`"))
            }
        }
    }

    pub(crate) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }

    /// A warning about a removed file.
    pub(crate) fn removed(&self) -> Option<String> {
        let what = self.removed.as_ref()?;
        Some(format!(
            "removed `{}` before the start of the run: {what}",
            self.paths.part.path().display()
        ))
    }

    /// Syncs the written bytes to disk. From then on the file is kept if a later run can continue it.
    pub(crate) fn commit(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.keep_on_drop |= self.is_resumable;
        Ok(())
    }

    /// Syncs the whole file to disk, and reads it again, since another process may have changed it.
    pub(crate) async fn seal(self, measure: &Measure) -> Result<SealedPart, StageError> {
        self.file.sync_all().map_err(|error| self.cannot_write(error))?;
        let sealed = self.into_sealed()?;
        sealed.part.check(measure).await?;
        Ok(sealed)
    }

    /// Records the metadata of a complete file, so that `publish` detects later changes.
    pub(crate) fn into_sealed(self) -> Result<SealedPart, StageError> {
        let state = self.state()?;
        Ok(SealedPart { part: self, state })
    }

    /// Reads the file and compares it with `measure`.
    async fn check(&self, measure: &Measure) -> Result<(), StageError> {
        let mut file = &*self.file;
        file.rewind().map_err(|error| self.cannot_write(error))?;
        let read = Measured::of(file).await;
        if read.map_err(|error| self.cannot_write(error))?.so_far() == *measure {
            return Ok(());
        }
        let message = format!("another process has changed `{}`", self.paths.part.path().display());
        Err(StageError::new(ErrorKind::Io, message)
            .hint("nothing was published; make sure that no other process changes this file, and run again")
            .not_resumable())
    }

    fn state(&self) -> Result<ContentState, StageError> {
        let found = self.file.metadata().map_err(|error| self.cannot_write(error))?;
        let (modified, changed) =
            ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
        Ok(ContentState { bytes: found.len(), modified, changed })
    }

    fn cannot_write(&self, error: io::Error) -> StageError {
        cannot("write", &self.paths.target.path(), error)
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.keep_on_drop {
            // The next run overwrites a file that can't be removed.
            _ = self.paths.rows.remove();
            _ = self.paths.part.remove();
        }
    }
}

/// A complete file with a checked content.
#[derive(Debug)]
pub(crate) struct SealedPart {
    part: PartFile,
    /// The metadata of the file when its content was checked.
    state: ContentState,
}

/// Metadata that changes with the content of a file.
#[derive(Debug, PartialEq, Eq)]
struct ContentState {
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl SealedPart {
    /// Renames the file to its final name. If the metadata has changed since the check, the content is checked again.
    pub(crate) async fn publish(self, measure: &Measure) -> Result<(), StageError> {
        let Self { mut part, state } = self;
        if part.state()? != state {
            part.check(measure).await?;
        }
        let PartFile { file, paths, .. } = &part;
        let renamed = paths.part.rename(file, &paths.target);
        renamed.map_err(|error| {
            part.cannot_write(error)
                .hint("make sure that no other process changes the `.part` file beside the output, and run again")
        })?;
        // From now on, a file with this name belongs to another run.
        part.keep_on_drop = true;
        Ok(())
    }
}
