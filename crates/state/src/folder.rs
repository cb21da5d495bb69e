//! The state folder of a pipeline.

use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_files::{Claim, Folder, FolderEntry};

const LOCK: &str = "lock";
/// The mode of the `.json` files: only the owner may read them.
const PRIVATE: u32 = 0o600;

/// The locked state folder of a pipeline. Dropping it, or the end of the process, releases the lock. Files are accessed through
/// the open folder, and never through a symbolic link.
#[derive(Debug)]
pub struct StateDir {
    folder: Folder,
    /// Holds the lock.
    _lock: File,
}

/// The result of locking a folder.
#[derive(Debug)]
pub enum LockAttempt {
    /// This process has the lock.
    Acquired(StateDir),
    /// Another process, or another run in this process, has the lock.
    Held(Option<LockHolder>),
}

/// Finds the run that holds the lock of a pipeline's folder. Does not create the folder. Returns `None` if no run is active, and
/// `Some(None)` if a run is active whose process id is unknown.
///
/// # Errors
/// The lock file can't be read.
pub fn lock_holder(folder: &Path) -> Result<Option<Option<LockHolder>>, StateError> {
    let entry = match Folder::open(folder) {
        Ok(folder) => folder.entry(LOCK),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StateError::new("open", folder, error)),
    };
    let failed = |error| StateError::new("read", entry.path(), error);
    let file = match entry.open() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => match serde_json::from_reader(file) {
            Ok(holder) => Ok(Some(Some(holder))),
            Err(error) if error.is_io() => Err(failed(error.into())),
            Err(_) => Ok(Some(None)),
        },
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// The owner of a lock, as written in the lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The process id.
    pub pid: u32,
}

/// A failed operation on a file.
#[derive(Debug, thiserror::Error)]
#[error("can't {what} `{}`", .path.display())]
pub struct StateError {
    /// The operation: `read`, `write`.
    pub what: &'static str,
    /// The file, or the folder.
    pub path: PathBuf,
    /// The system's error.
    #[source]
    pub source: io::Error,
}

impl StateError {
    pub(crate) fn new(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { what, path: path.into(), source }
    }
}

impl StateDir {
    /// The path of the folder of `pipeline` in `dir`. Unsafe characters are replaced and a checksum is added, so that two pipelines
    /// never share a folder.
    pub fn path_of(dir: &Path, pipeline: &str) -> PathBuf {
        let is_safe = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        };
        let is_plain = !pipeline.is_empty()
            && pipeline.len() <= 100
            && !pipeline.starts_with('.')
            && pipeline.chars().all(|character| is_safe(character) && !character.is_uppercase());
        if is_plain {
            return dir.join(pipeline);
        }
        let text: String = pipeline
            .chars()
            .take(60)
            .map(|character| if is_safe(character) { character } else { '-' })
            .collect();
        let checksum = Sha256::digest(pipeline.as_bytes());
        let checksum = u64::from_be_bytes(*checksum.first_chunk().unwrap_or(&[0; 8]));
        dir.join(format!("{}~{checksum:016x}", text.trim_start_matches('.').to_lowercase()))
    }

    /// Creates and locks the folder of `pipeline` in `dir`.
    ///
    /// # Errors
    /// If the folder can't be created or written to.
    pub fn open(dir: &Path, pipeline: &str) -> Result<LockAttempt, StateError> {
        let path = Self::path_of(dir, pipeline);
        let create = || {
            let dir = Folder::create(dir)?;
            let folder = dir.create_below(Path::new(path.file_name().unwrap_or_default()))?;
            Ok((dir, folder))
        };
        let (dir, folder) =
            create().map_err(|error| StateError::new("create the folder", &path, error))?;
        let lock_entry = folder.entry(LOCK);
        let failed = |error| StateError::new("write", lock_entry.path(), error);
        let mut lock = match lock_entry.claim(0o666).map_err(failed)? {
            Claim::Own { file, .. } => file,
            Claim::Busy(file) => return Ok(LockAttempt::Held(serde_json::from_reader(file).ok())),
        };
        // Without its directory entry, the state would be lost after a crash. Some file systems can't sync folders.
        _ = dir.sync();
        _ = folder.sync();
        let holder = serde_json::json!(LockHolder { pid: std::process::id() }).to_string();
        lock.set_len(0).map_err(failed)?;
        lock.rewind().map_err(failed)?;
        lock.write_all(holder.as_bytes()).map_err(failed)?;
        Ok(LockAttempt::Acquired(Self { folder, _lock: lock }))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the folder, for access other than [`save`](Self::save).
    pub fn entry(&self, name: &str) -> FolderEntry {
        self.folder.entry(name)
    }

    /// Replaces the file `name.json` atomically and syncs it to disk. After a crash, it has either the old or the new content.
    ///
    /// # Errors
    /// Errors of the file system. The old content is then kept.
    pub fn save(&self, name: &str, content: &impl Serialize) -> Result<(), StateError> {
        save(&self.folder, name, content)
    }

    /// Loads the file `name.json`; `None` if it does not exist.
    ///
    /// # Errors
    /// If the file is unreadable or does not match the type.
    pub fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        read(&self.folder, name)
    }

    /// Removes the file `name.json`, if it exists.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let entry = file(&self.folder, name);
        let removed = entry.remove().and_then(|()| self.folder.sync());
        removed.map_err(|error| StateError::new("remove", entry.path(), error))
    }
}

fn file(folder: &Folder, name: &str) -> FolderEntry {
    folder.entry(format!("{name}.json"))
}

/// Loads the file `name.json` from a folder without locking it; `None` if it does not exist. Files are replaced atomically, so
/// the content is complete.
///
/// # Errors
/// If the file is unreadable or does not match the type.
pub fn load<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, StateError> {
    match Folder::open(folder) {
        Ok(folder) => read(&folder, name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::new("read", folder, error)),
    }
}

fn read<T: DeserializeOwned>(folder: &Folder, name: &str) -> Result<Option<T>, StateError> {
    let entry = file(folder, name);
    let failed = |error| StateError::new("read", entry.path(), error);
    match entry.read() {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(crate) fn save(
    folder: &Folder,
    name: &str,
    content: &impl Serialize,
) -> Result<(), StateError> {
    let entry = file(folder, name);
    let write = || {
        let mut text = serde_json::to_vec_pretty(content)?;
        text.push(b'\n');
        entry.replace(&text, PRIVATE)
    };
    write().map_err(|error: io::Error| StateError::new("write", entry.path(), error))
}
