//! The files that a pipeline's options name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use taskferry_core::InputFiles;

/// Files of the disk. A relative path starts at the pipeline file's folder; where nothing stands there, at
/// the working directory, since paths also come from variables and the command line.
#[derive(Debug, Clone)]
pub struct PipelineFiles {
    folder: PathBuf,
}

impl PipelineFiles {
    /// Files beside a pipeline file in this folder.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }
}

impl InputFiles for PipelineFiles {
    fn resolve(&self, path: &Path) -> PathBuf {
        let beside = self.folder.join(path);
        if !beside.exists() && path.exists() { path.to_owned() } else { beside }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.resolve(path))
    }
}
