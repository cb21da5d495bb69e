//! One pipeline's folder.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_files::{Claim, Folder, Place};

/// The file whose lock says that a run is active.
const LOCK: &str = "lock";
/// State is its owner's business alone.
const PRIVATE: u32 = 0o600;

/// A folder for one pipeline's state, locked for as long as this lives. The lock dies with its process, however
/// that ends. Whatever is done in it is done in the folder that was locked, and never through a symbolic link.
#[derive(Debug)]
pub struct StateDir {
    folder: Folder,
    /// Held, never read.
    _lock: File,
}

/// What came of opening a folder.
#[derive(Debug)]
pub enum LockAttempt {
    /// It is this process's now.
    Acquired(StateDir),
    /// Another process has it, or another run in this one.
    Held(Option<LockHolder>),
}

/// Who has a folder, as it said itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
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
        let checksum = u64::from_be_bytes(*checksum.first_chunk().unwrap_or(&[0; 8]));
        dir.join(format!("{}~{checksum:016x}", text.trim_start_matches('.').to_lowercase()))
    }

    /// Opens and locks the folder of `pipeline` below `dir`, making both where they do not exist.
    ///
    /// # Errors
    /// When the folder can't be made or written in.
    pub fn open(dir: &Path, pipeline: &str) -> Result<LockAttempt, StateError> {
        let path = Self::path_of(dir, pipeline);
        let create = || {
            let dir = Folder::create(dir)?;
            let folder = dir.create_below(Path::new(path.file_name().unwrap_or_default()))?;
            Ok((dir, folder))
        };
        let (dir, folder) =
            create().map_err(|error| StateError::new("create the folder", &path, error))?;
        let lock_place = folder.place(LOCK);
        let failed = |error| StateError::new("write", lock_place.path(), error);
        let mut lock = match lock_place.claim(0o666).map_err(failed)? {
            Claim::Own { file, .. } => file,
            Claim::Busy(mut file) => {
                let mut text = String::new();
                let read = file.read_to_string(&mut text);
                let holder = read.ok().and_then(|_| serde_json::from_str(&text).ok());
                return Ok(LockAttempt::Held(holder));
            }
        };
        // A folder whose name is lost is lost, and with it the knowledge of what was sent. Some can't be asked to keep it.
        _ = dir.sync();
        _ = folder.sync();
        let holder = serde_json::json!(LockHolder { pid: std::process::id() }).to_string();
        lock.set_len(0).map_err(failed)?;
        lock.rewind().map_err(failed)?;
        lock.write_all(holder.as_bytes()).map_err(failed)?;
        Ok(LockAttempt::Acquired(Self { folder, _lock: lock }))
    }

    /// Where it stands.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it, for whoever writes it in another way than [`StateDir::save`].
    pub fn place(&self, name: &str) -> Place {
        self.folder.place(name)
    }

    /// Replaces the file `name` (`.json` is added) in one step, and forces it to disk: whoever reads it, after
    /// whatever accident, finds the old content or the new.
    ///
    /// # Errors
    /// Those of the file system; the old content stays then.
    pub fn save(&self, name: &str, content: &impl Serialize) -> Result<(), StateError> {
        save(&self.folder, name, content)
    }

    /// What was saved under `name`; `None` when nothing was.
    ///
    /// # Errors
    /// When it can't be read, or is not what was expected.
    pub fn load<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StateError> {
        read(&self.folder, name)
    }

    /// Removes what was saved under `name`, if there is anything.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let place = file(&self.folder, name);
        let removed = place.remove().and_then(|()| self.folder.sync());
        removed.map_err(|error| StateError::new("remove", place.path(), error))
    }
}

fn file(folder: &Folder, name: &str) -> Place {
    folder.place(format!("{name}.json"))
}

/// What was saved under `name` in a folder that is not this process's own; `None` when nothing was. Files are replaced in one
/// step, so what is read is whole.
///
/// # Errors
/// When it can't be read, or is not what was expected.
pub fn load<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<Option<T>, StateError> {
    match Folder::open(folder) {
        Ok(folder) => read(&folder, name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StateError::new("read", folder, error)),
    }
}

fn read<T: DeserializeOwned>(folder: &Folder, name: &str) -> Result<Option<T>, StateError> {
    let place = file(folder, name);
    let failed = |error| StateError::new("read", place.path(), error);
    match place.read() {
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
    let place = file(folder, name);
    let write = || {
        let mut text = serde_json::to_vec_pretty(content)?;
        text.push(b'\n');
        place.replace(&text, PRIVATE)
    };
    write().map_err(|error: io::Error| StateError::new("write", place.path(), error))
}
