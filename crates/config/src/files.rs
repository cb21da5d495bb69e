//! The files that a pipeline's options name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};
use taskferry_core::InputFiles;

/// Files of the disk. A relative path starts at the pipeline file's folder; where nothing stands there, at
/// the working directory, since paths also come from variables and the command line.
#[derive(Debug)]
pub struct PipelineFiles {
    folder: PathBuf,
    /// A checksum of each file that was read.
    read: Mutex<BTreeMap<PathBuf, [u8; 32]>>,
}

impl PipelineFiles {
    /// Files beside a pipeline file in this folder.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), read: Mutex::default() }
    }

    /// The files that were read so far, by the path that the options name, each with the SHA-256 of what it held.
    pub(crate) fn checksums(&self) -> BTreeMap<PathBuf, [u8; 32]> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl InputFiles for PipelineFiles {
    fn resolve(&self, path: &Path) -> PathBuf {
        let beside = self.folder.join(path);
        if !beside.exists() && path.exists() { path.to_owned() } else { beside }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.resolve(path))?;
        let checksum = Sha256::digest(&bytes).into();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(path.to_owned(), checksum);
        Ok(bytes)
    }

    fn read_aside(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.resolve(path))
    }
}
