//! The manifests of the last runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use taskferry_files::{Folder, folder_of};

use crate::folder::save;
use crate::{StateDir, StateError};

/// The number of manifests kept.
pub const MAX_RUNS: usize = 20;
/// The folder's name.
const RUNS: &str = "runs";

/// The manifests of a pipeline. Reading them needs no lock.
#[derive(Debug, Clone)]
pub struct History {
    folder: PathBuf,
}

impl History {
    /// The history of `pipeline` in `dir`.
    pub fn of(dir: &Path, pipeline: &str) -> Self {
        Self::in_folder(&StateDir::path_of(dir, pipeline))
    }

    /// The history in a pipeline's [folder](StateDir::path).
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.join(RUNS) }
    }

    /// Adds a manifest under a name that sorts by time, and removes all but the last [`MAX_RUNS`].
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn add(&self, name: &str, manifest: &impl Serialize) -> Result<(), StateError> {
        let folder = Folder::create(folder_of(&self.folder))
            .and_then(|state| state.create_below(Path::new(RUNS)))
            .map_err(|error| StateError::new("create the folder", &self.folder, error))?;
        save(&folder, name, manifest)?;
        let mut all = self.files()?;
        // If the clock was set back, the new manifest sorts first, but must not be removed.
        all.retain(|path| path.file_stem().is_none_or(|stem| stem != name));
        for old in all.iter().take((all.len() + 1).saturating_sub(MAX_RUNS)) {
            fs::remove_file(old).map_err(|error| StateError::new("remove", old, error))?;
        }
        Ok(())
    }

    /// All manifests, the oldest first, without those that do not match the type.
    ///
    /// # Errors
    /// Errors of the file system. A missing folder counts as empty.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, StateError> {
        let mut manifests = Vec::new();
        for path in self.files()? {
            let text = fs::read(&path).map_err(|error| StateError::new("read", &path, error))?;
            manifests.extend(serde_json::from_slice(&text).ok());
        }
        Ok(manifests)
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
            // Links are ignored.
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && path.extension().is_some_and(|ending| ending == "json") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}
