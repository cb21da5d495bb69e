//! The files that a pipeline's options name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use taskferry_sdk::{InputFiles, KeyPath, Problem};

/// Files of the disk. A relative path starts at the pipeline file's folder; where nothing stands there, at
/// the working directory, since paths also come from variables and the command line.
#[derive(Debug)]
pub struct PipelineFiles {
    folder: PathBuf,
    /// A checksum of each file that was read.
    read: Mutex<BTreeMap<PathBuf, [u8; 32]>>,
    /// All paths that were asked for, and the values that were read from them.
    named: Mutex<BTreeMap<PathBuf, Option<KeyPath>>>,
}

impl PipelineFiles {
    /// Files beside a pipeline file in this folder.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: Mutex::default(), named: Mutex::default() }
    }

    /// The files that were read so far, by the path that the options name, each with the SHA-256 of what it held.
    pub(crate) fn checksums(&self) -> BTreeMap<PathBuf, [u8; 32]> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a value was read from a file.
    pub(crate) fn note(&self, path: &Path, value: &KeyPath) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.insert(path.to_owned(), Some(value.clone()));
    }

    /// All inputs so far, as the options name them, and the values that were read from them.
    pub(crate) fn named(&self) -> BTreeMap<PathBuf, Option<KeyPath>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl PipelineFiles {
    /// Where a path leads.
    pub(crate) fn place_of(&self, path: &Path) -> PathBuf {
        let beside = self.folder.join(path);
        if !beside.exists() && path.exists() { path.to_owned() } else { beside }
    }
}

impl InputFiles for PipelineFiles {
    fn resolve(&self, path: &Path) -> PathBuf {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.entry(path.to_owned()).or_default();
        drop(named);
        self.place_of(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.resolve(path))?;
        let checksum = Sha256::digest(&bytes).into();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.to_owned(), checksum);
        Ok(bytes)
    }

    fn read_untracked(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.resolve(path))
    }
}

/// The mistake in a path that begins at `~`: a folder of that name would be made.
pub(crate) fn tilde(path: &Path, named_by: &KeyPath) -> Option<Problem> {
    let rest = path.strip_prefix("~").ok()?;
    let rest =
        if rest.as_os_str().is_empty() { String::new() } else { format!("/{}", rest.display()) };
    let message = format!("`~` in `{}` is not expanded", path.display());
    let problem = Problem::at(named_by.clone(), "value::tilde", message);
    Some(problem.help(format!("write the full path, or `${{HOME}}{rest}`")))
}
