//! A file that does not have its name yet.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskferry_core::{ErrorKind, StageError};

/// The bytes of `path` before it is complete. Published, it replaces in one step whatever stood under that name;
/// dropped, it vanishes, unless it is to [stay](Stays).
///
/// It stands beside `path` as `.NAME.part`, locked for as long as this lives: two sinks, or two runs, can't
/// write one file. What a killed run has left is gone on with, or written over, by the next.
pub(crate) struct PartFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
    stays: Stays,
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

impl PartFile {
    /// Creates it beside `path`, empty, with the folders on the way.
    pub(crate) fn create(path: &Path, stays: Stays) -> Result<Self, StageError> {
        check_replaceable(path)?;
        let path = behind_link(path);
        let folder = folder_of(&path);
        fs::create_dir_all(folder).map_err(|error| cannot("create the folder", folder, error))?;
        let part = part_of(&path, "part");
        let file = locked(&part, &path)?;
        file.set_len(0).map_err(|error| cannot("write", &path, error))?;
        Ok(Self { file, part, path, stays })
    }

    /// Opens what an earlier attempt has left, with its first `bytes` and nothing behind them.
    pub(crate) fn resume(path: &Path, bytes: u64) -> Result<Self, StageError> {
        check_replaceable(path)?;
        let path = behind_link(path);
        let part = part_of(&path, "part");
        let mut file = locked(&part, &path)?;
        let cut = file.set_len(bytes).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|error| cannot("write", &path, error))?;
        let stays = Stays::default();
        stays.stay();
        Ok(Self { file, part, path, stays })
    }

    /// Whether it is this file.
    pub(crate) fn is(&self, other: &File) -> bool {
        is_same(other, self.file.metadata())
    }

    /// Its size in bytes.
    pub(crate) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Forces the bytes written so far to disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Forces the whole file to disk.
    pub(crate) fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// The folder that the file gets its name in: where a link leads, not where it stands.
    pub(crate) fn folder(&self) -> PathBuf {
        folder_of(&self.path).to_owned()
    }

    /// Gives the file its name.
    pub(crate) fn publish(self) -> io::Result<()> {
        fs::rename(&self.part, &self.path)?;
        // There is nothing left to remove, and what may stand there from now on is another's.
        self.stays.stay();
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.stays.0.load(Ordering::Relaxed) {
            // Nothing is lost when it stays: the next run writes over it.
            _ = fs::remove_file(part_of(&self.path, "rows"));
            _ = fs::remove_file(&self.part);
        }
    }
}

/// A file that stands beside `path` while it is made: `.NAME.part`, `.NAME.rows`.
pub(crate) fn part_of(path: &Path, ending: &str) -> PathBuf {
    let path = behind_link(path);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    folder_of(&path).join(name)
}

/// Removes what an earlier run has left for `path`, unless somebody is at work there.
pub(crate) fn remove_left(path: &Path) {
    let part = part_of(path, "part");
    let Ok(file) = File::open(&part) else { return };
    if file.try_lock().is_ok() {
        // What can't be removed is written over by the next run of this path.
        _ = fs::remove_file(part_of(path, "rows"));
        _ = fs::remove_file(part);
    }
}

/// Opens and locks the file. Whoever held it before may have renamed or removed it in between; then it is
/// another file that stands there now.
fn locked(part: &Path, path: &Path) -> Result<File, StageError> {
    loop {
        let file = File::options().create(true).truncate(false).write(true).open(part);
        let file = file.map_err(|error| cannot("write", path, error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message =
                    format!("another sink or another run writes `{}` now", path.display());
                return Err(StageError::new(ErrorKind::Io, message)
                    .hint("give each its own `path`, with `{run_id}` in it for example"));
            }
            Err(TryLockError::Error(error)) => return Err(cannot("lock", part, error)),
        }
        if is_same(&file, fs::metadata(part)) {
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_same(file: &File, other: io::Result<fs::Metadata>) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |found: fs::Metadata| (found.dev(), found.ino());
    match (file.metadata(), other) {
        (Ok(file), Ok(other)) => place(file) == place(other),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_same(_: &File, other: io::Result<fs::Metadata>) -> bool {
    other.is_ok()
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Forces the names in a folder to disk.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
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

/// A file would take the place of whatever stands there, which must not be a folder, or a device such as
/// `/dev/null`.
fn check_replaceable(path: &Path) -> Result<(), StageError> {
    let (what, hint) = match fs::metadata(path) {
        Ok(found) if found.is_dir() => ("a folder", "add a file name to `path`"),
        Ok(found) if !found.is_file() => {
            ("not a regular file", "to write to a stream, use the sink `stdout`")
        }
        _ => return Ok(()),
    };
    let message = format!("can't write `{}`: it is {what}", path.display());
    Err(StageError::new(ErrorKind::Io, message).hint(hint))
}

/// Where a link leads, so that the link stays and what it names is replaced.
fn behind_link(path: &Path) -> PathBuf {
    fs::canonicalize(path).ok().filter(|_| path.is_symlink()).unwrap_or_else(|| path.to_owned())
}

/// The folder that a file stands in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_stands_in_the_working_directory() {
        assert_eq!(folder_of(Path::new("jobs.csv")), Path::new("."));
        assert_eq!(folder_of(Path::new("out/jobs.csv")), Path::new("out"));
        assert_eq!(folder_of(Path::new("/jobs.csv")), Path::new("/"));
    }

    #[test]
    fn a_full_disk_is_named_with_its_path() {
        let full = io::ErrorKind::StorageFull.into();
        let error = cannot("write", Path::new("out/jobs.csv"), full);
        assert_eq!(error.full_message(), "can't write `out/jobs.csv`: no storage space");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("nothing was published")));
    }
}
