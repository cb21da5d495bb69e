//! The accounts of the last runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use taskferry_files::{Folder, folder_of};

use crate::folder::save;
use crate::{StateDir, StateError};

/// How many accounts are kept.
pub const MAX_RUNS: usize = 20;
/// The folder's name.
const RUNS: &str = "runs";

/// A pipeline's accounts, the oldest first. Reading them needs no lock.
#[derive(Debug, Clone)]
pub struct History {
    folder: PathBuf,
}

impl History {
    /// Those of `pipeline` below `dir`.
    pub fn of(dir: &Path, pipeline: &str) -> Self {
        Self::in_folder(&StateDir::path_of(dir, pipeline))
    }

    /// Those in a pipeline's [folder](StateDir::path).
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.join(RUNS) }
    }

    /// Adds an account under a name that sorts by time, and drops the oldest beyond the last [`MAX_RUNS`].
    ///
    /// # Errors
    /// Those of the file system.
    pub fn add(&self, name: &str, account: &impl Serialize) -> Result<(), StateError> {
        let folder = Folder::create(folder_of(&self.folder))
            .and_then(|state| state.create_below(Path::new(RUNS)))
            .map_err(|error| StateError::new("create the folder", &self.folder, error))?;
        save(&folder, name, account)?;
        let mut all = self.files()?;
        // Of a clock that was set back the new one may sort before the others, and it is the one to be kept.
        all.retain(|path| path.file_stem().is_none_or(|stem| stem != name));
        for old in all.iter().take((all.len() + 1).saturating_sub(MAX_RUNS)) {
            fs::remove_file(old).map_err(|error| StateError::new("remove", old, error))?;
        }
        Ok(())
    }

    /// All accounts, the oldest first. Those that can't be understood are left out.
    ///
    /// # Errors
    /// Those of the file system; a folder that does not exist holds none.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, StateError> {
        let mut accounts = Vec::new();
        for path in self.files()? {
            let text = fs::read(&path).map_err(|error| StateError::new("read", &path, error))?;
            accounts.extend(serde_json::from_slice(&text).ok());
        }
        Ok(accounts)
    }

    fn files(&self) -> Result<Vec<PathBuf>, StateError> {
        let failed = |error| StateError::new("read", &self.folder, error);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            // A link is no file here.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && path.extension().is_some_and(|ending| ending == "json") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}
