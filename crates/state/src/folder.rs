//! One pipeline's folder.

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The file whose lock says that a run is active.
const LOCK: &str = "lock";

/// A folder for one pipeline's state, locked for as long as this lives. The lock dies with its process, however
/// that ends.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

/// What came of opening a folder.
#[derive(Debug)]
pub enum Opening {
    /// It is this process's now.
    Free(StateDir),
    /// Another process has it, or another run in this one.
    Busy(Option<Holder>),
}

/// Who has a folder, as it said itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process's number on its machine.
    pub pid: u32,
}

/// A file of the folder that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("can't {what} `{}`", .path.display())]
pub struct StateError {
    /// What was tried: `read`, `write`.
    pub what: &'static str,
    /// The file, or the folder.
    pub path: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

impl StateError {
    pub(crate) fn new(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self { what, path: path.into(), source }
    }
}

impl StateDir {
    /// Where the state of `pipeline` stands below `dir`. What can't stand in the name of a folder is replaced, and
    /// a checksum added, so that two pipelines never share one.
    pub fn path_of(dir: &Path, pipeline: &str) -> PathBuf {
        let harmless = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        };
        let plain = !pipeline.is_empty()
            && pipeline.len() <= 100
            && !pipeline.starts_with('.')
            && pipeline.chars().all(|character| harmless(character) && !character.is_uppercase());
        if plain {
            return dir.join(pipeline);
        }
        let text: String = pipeline
            .chars()
            .take(60)
            .map(|character| if harmless(character) { character } else { '-' })
            .collect();
        let checksum = Sha256::digest(pipeline.as_bytes());
        let digits = checksum.iter().take(8).fold(String::new(), |mut digits, byte| {
            // Writing to a string can't fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        });
        dir.join(format!("{}~{digits}", text.trim_start_matches('.').to_lowercase()))
    }

    /// Opens and locks the folder of `pipeline` below `dir`, making both where they do not exist.
    ///
    /// # Errors
    /// When the folder can't be made or written in.
    pub fn open(dir: &Path, pipeline: &str) -> Result<Opening, StateError> {
        let path = Self::path_of(dir, pipeline);
        fs::create_dir_all(&path)
            .map_err(|error| StateError::new("create the folder", &path, error))?;
        let lock_path = path.join(LOCK);
        let failed = |error| StateError::new("write", &lock_path, error);
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&lock_path)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = lock.read_to_string(&mut text);
                let holder = read.ok().and_then(|_| serde_json::from_str(&text).ok());
                return Ok(Opening::Busy(holder));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // A folder whose name is lost is lost, and with it the knowledge of what was sent. Some can't be asked to keep it.
        _ = sync_folder(dir);
        _ = sync_folder(&path);
        let holder = serde_json::json!(Holder { pid: std::process::id() }).to_string();
        lock.set_len(0).map_err(failed)?;
        lock.rewind().map_err(failed)?;
        lock.write_all(holder.as_bytes()).map_err(failed)?;
        Ok(Opening::Free(Self { path, _lock: lock }))
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file `name` (`.json` is added) in one step, and forces it to disk: whoever reads it, after
    /// whatever accident, finds the old content or the new.
    ///
    /// # Errors
    /// Those of the file system; the old content stays then.
    pub fn save(&self, name: &str, content: &impl Serialize) -> Result<(), StateError> {
        save(&self.path, name, content)
    }

    /// What was saved under `name`; `None` when nothing was.
    ///
    /// # Errors
    /// When it can't be read, or is not what was expected.
    pub fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        let path = file(&self.path, name);
        let failed = |error| StateError::new("read", &path, error);
        match fs::read(&path) {
            Ok(text) => {
                serde_json::from_slice(&text).map(Some).map_err(|error| failed(error.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes what was saved under `name`, if there is anything.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let path = file(&self.path, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed
                .and_then(|()| sync_folder(&self.path))
                .map_err(|error| StateError::new("remove", path, error)),
        }
    }
}

fn file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

pub(crate) fn save(folder: &Path, name: &str, content: &impl Serialize) -> Result<(), StateError> {
    let path = file(folder, name);
    let write = || {
        let mut text = serde_json::to_vec_pretty(content)?;
        text.push(b'\n');
        // The folder is this process's alone, and so is the name: what a killed one has left is written over.
        let part = folder.join(format!(".{name}.json.part"));
        let mut file = private(&part)?;
        file.write_all(&text)?;
        file.sync_data()?;
        fs::rename(&part, &path)?;
        sync_folder(folder)
    };
    write().map_err(|error: io::Error| StateError::new("write", &path, error))
}

/// An empty file that only its owner reads.
fn private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Forces the names in a folder to disk, where the system can.
///
/// # Errors
/// Those of the file system.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
