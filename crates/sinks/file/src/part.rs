//! A file that does not have its name yet.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskferry_files::{Claim, Place, folder_of, part_name, target_of};
use taskferry_sdk::{ErrorKind, StageError};

use crate::measure::{Measure, Measured};

/// Readable for everyone, less what the process's mask takes away.
const MODE: u32 = 0o666;

/// The bytes of `path` before it is complete. Published, it replaces in one step whatever stood under that name;
/// dropped, it vanishes, unless it is to [stay](Stays).
///
/// It stands beside `path` as `.NAME.part`, locked for as long as this lives: two sinks, or two runs, can't
/// write one file. What a killed run has left is gone on with, or written over, by the next.
pub(crate) struct PartFile {
    file: File,
    places: Places,
    stays: Stays,
    /// What stood under its name and was removed.
    removed: Option<String>,
}

/// Whether a file stays when it is not published: told from outside, since it lies deep inside writers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stays(Arc<AtomicBool>);

impl Stays {
    /// Lets it stay: a later attempt goes on with it.
    pub(crate) fn stay(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where a file and what belongs to it stand: where a link leads, if `path` is one.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The file once it is complete.
    pub(crate) target: Place,
    /// `.NAME.part`.
    pub(crate) part: Place,
    /// `.NAME.rows`.
    pub(crate) rows: Place,
}

impl Places {
    /// Those of a file in a folder that exists.
    pub(crate) fn of(path: &Path) -> Result<Self, StageError> {
        let path = replaceable(path)?;
        let failed = |error| cannot("open the folder", folder_of(&path), error);
        Place::of(&path).map(Self::beside).map_err(failed)
    }

    /// The same, with the folder made if it does not exist.
    pub(crate) fn create(path: &Path) -> Result<Self, StageError> {
        let path = replaceable(path)?;
        let failed = |error| cannot("create the folder", folder_of(&path), error);
        Place::in_created_folder(&path).map(Self::beside).map_err(failed)
    }

    fn beside(target: Place) -> Self {
        Self { part: target.part("part"), rows: target.part("rows"), target }
    }

    /// Removes what an earlier run has left, unless somebody is at work there.
    pub(crate) fn remove_left(&self) {
        let Ok(file) = self.part.open() else { return };
        if file.try_lock().is_ok() {
            // What can't be removed is written over by the next run of this path.
            _ = self.rows.remove();
            _ = self.part.remove();
        }
    }
}

/// The path of what stands beside `path` while it is made, for whoever opens nothing.
pub(crate) fn part_of(path: &Path, ending: &str) -> PathBuf {
    let path = target_of(path).unwrap_or_else(|_| path.to_owned());
    folder_of(&path).join(part_name(path.file_name().unwrap_or_default(), ending))
}

impl PartFile {
    /// Creates it, empty.
    pub(crate) fn create(places: Places, stays: Stays) -> Result<Self, StageError> {
        let (file, removed) = locked(&places)?;
        file.set_len(0).map_err(|error| cannot("write", &places.target.path(), error))?;
        Ok(Self { file, places, stays, removed })
    }

    /// Opens what an earlier attempt has left, with its first `bytes` and nothing behind them.
    pub(crate) fn resume(places: Places, bytes: u64) -> Result<Self, StageError> {
        let (mut file, removed) = locked(&places)?;
        let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|error| cannot("write", &places.target.path(), error))?;
        let stays = Stays::default();
        stays.stay();
        Ok(Self { file, places, stays, removed })
    }

    /// Whether it is this file.
    pub(crate) fn is(&self, other: &File) -> bool {
        let place = |found: fs::Metadata| (found.dev(), found.ino());
        match (self.file.metadata(), other.metadata()) {
            (Ok(file), Ok(other)) => place(file) == place(other),
            _ => false,
        }
    }

    /// Reads it once more.
    async fn measure(&self) -> io::Result<Measure> {
        let measured = Measured::of(FromStart { file: &self.file, at: 0 }).await;
        Ok(measured?.so_far())
    }

    /// What stood under its name and was removed, for people.
    pub(crate) fn removed(&self) -> Option<String> {
        let what = self.removed.as_ref()?;
        Some(format!("`{}` was removed before the run: {what}", self.places.part.path().display()))
    }

    /// Forces the bytes written so far to disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Forces the whole file to disk, and reads it once more: others may have written to it.
    pub(crate) async fn sealed(self, measure: &Measure) -> Result<SealedPart, StageError> {
        self.file.sync_all().map_err(|error| self.cannot_write(error))?;
        let sealed = self.found_sealed()?;
        if sealed.part.measure().await.map_err(|error| sealed.part.cannot_write(error))? != *measure
        {
            return Err(meddled(&sealed.part.places));
        }
        Ok(sealed)
    }

    /// The same of a file that was just found to be what was sealed.
    pub(crate) fn found_sealed(self) -> Result<SealedPart, StageError> {
        let state = FileState::of(&self.file).map_err(|error| self.cannot_write(error))?;
        Ok(SealedPart { part: self, state })
    }

    fn cannot_write(&self, error: io::Error) -> StageError {
        cannot("write", &self.places.target.path(), error)
    }
}

/// A file that is complete, and was found to be what was written.
pub(crate) struct SealedPart {
    part: PartFile,
    /// As it was then.
    state: FileState,
}

/// What changes with the content of a file.
#[derive(PartialEq, Eq)]
struct FileState {
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileState {
    fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        let modified = (found.mtime(), found.mtime_nsec());
        let changed = (found.ctime(), found.ctime_nsec());
        Ok(Self { bytes: found.len(), modified, changed })
    }
}

impl SealedPart {
    /// Gives the file its name, if it is what was sealed.
    pub(crate) async fn publish(self, measure: &Measure) -> Result<(), StageError> {
        let Self { part, state } = self;
        let PartFile { file, places, stays, .. } = &part;
        let failed = |error| part.cannot_write(error);
        if FileState::of(file).map_err(failed)? != state
            && part.measure().await.map_err(failed)? != *measure
        {
            return Err(meddled(places));
        }
        let renamed = places.part.rename(file, &places.target).map_err(failed);
        renamed.map_err(|error| error.hint("let nobody touch `.NAME.part`, and run again"))?;
        // There is nothing left to remove, and what may stand there from now on is another's.
        stays.stay();
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.stays.0.load(Ordering::Relaxed) {
            // Nothing is lost when it stays: the next run writes over it.
            _ = self.places.rows.remove();
            _ = self.places.part.remove();
        }
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file from its beginning, wherever its writer is.
struct FromStart<'a> {
    file: &'a File,
    at: u64,
}

impl Read for FromStart<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

/// Opens and locks the file; what was removed for it.
fn locked(places: &Places) -> Result<(File, Option<String>), StageError> {
    let path = places.target.path();
    match places.part.claim(MODE).map_err(|error| cannot("write", &path, error))? {
        Claim::Own { file, removed } => Ok((file, removed)),
        Claim::Busy(_) => {
            let message = format!("another sink or another run writes `{}` now", path.display());
            Err(StageError::new(ErrorKind::Io, message)
                .hint("give each its own `path`, with `{run_id}` in it for example"))
        }
    }
}

fn meddled(places: &Places) -> StageError {
    let message = format!("somebody else has written to `{}`", places.part.path().display());
    StageError::new(ErrorKind::Io, message)
        .hint("it was not published; let nobody touch `.NAME.part`, and run again")
        .starts_over()
}

/// Says what could not be done to `path`, and what to do about it.
pub(crate) fn cannot(what: &str, path: &Path, error: io::Error) -> StageError {
    let kind = error.kind();
    let message = format!("can't {what} `{}`", path.display());
    let error = StageError::new(ErrorKind::Io, message).caused_by(error);
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            error.hint("make room there and run again; nothing was published")
        }
        io::ErrorKind::FileTooLarge => error.hint(
            "files may not be larger there: raise the limit (`ulimit -f`), or choose another place",
        ),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            error.hint("choose a folder that the user who runs taskferry may write in")
        }
        _ => error,
    }
}

/// Where the file is written: behind a link, if `path` is one. It would take the place of whatever stands there, which must
/// not be a folder, or a device such as `/dev/null`.
fn replaceable(path: &Path) -> Result<PathBuf, StageError> {
    let path = target_of(path).map_err(|error| {
        let message = format!("can't write `{}`", path.display());
        let hint = error.hint();
        StageError::new(ErrorKind::Io, message).caused_by(error).hint(hint)
    })?;
    let (what, hint) = match fs::metadata(&path) {
        Ok(found) if found.is_dir() => ("a folder", "add a file name to `path`"),
        Ok(found) if !found.is_file() => {
            ("not a regular file", "to write to a stream, use the sink `stdout`")
        }
        _ => return Ok(path),
    };
    let message = format!("can't write `{}`: it is {what}", path.display());
    Err(StageError::new(ErrorKind::Io, message).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_its_path() {
        let full = io::ErrorKind::StorageFull.into();
        let error = cannot("write", Path::new("out/jobs.csv"), full);
        assert_eq!(error.full_message(), "can't write `out/jobs.csv`: no storage space");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("nothing was published")));
    }
}
