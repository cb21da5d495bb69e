//! The input files that a pipeline's options name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use taskferry_sdk::{InputFiles, KeyPath, Problem};

/// Input files on disk. A relative path starts at the pipeline file's folder. If the file exists only in the working directory, the
/// path starts there, because paths also come from variables and the command line.
#[derive(Debug)]
pub struct PipelineFiles {
    folder: PathBuf,
    named: Mutex<BTreeMap<PathBuf, InputFile>>,
}

#[derive(Debug, Default)]
struct InputFile {
    /// The SHA-256 of the content, for a file that affects the output.
    checksum: Option<[u8; 32]>,
    /// The option into which the content was interpolated.
    option: Option<KeyPath>,
}

impl PipelineFiles {
    /// Files beside a pipeline file in this folder.
    pub fn beside(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), named: Mutex::default() }
    }

    fn named_files(&self) -> MutexGuard<'_, BTreeMap<PathBuf, InputFile>> {
        self.named.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The checksums of the files that affect the output, by the path in the options.
    pub(crate) fn checksums(&self) -> Vec<(PathBuf, [u8; 32])> {
        let named = self.named_files();
        named.iter().filter_map(|(path, file)| Some((path.clone(), file.checksum?))).collect()
    }

    /// The existing files that were resolved but not read.
    pub(crate) fn opened_later(&self) -> Vec<(PathBuf, fs::Metadata)> {
        let named = self.named_files();
        let unread =
            named.iter().filter(|(_, file)| file.checksum.is_none() && file.option.is_none());
        unread
            .filter_map(|(path, _)| Some((path.clone(), fs::metadata(self.path_of(path)).ok()?)))
            .collect()
    }

    /// Records that the content of a file was interpolated into `option`.
    pub(crate) fn record_interpolation(&self, path: &Path, option: &KeyPath) {
        self.named_files().entry(path.to_owned()).or_default().option = Some(option.clone());
    }

    /// The paths of all files that options have named so far, each with the option into which the content was interpolated.
    pub(crate) fn named(&self) -> Vec<(PathBuf, Option<KeyPath>)> {
        let named = self.named_files();
        named.iter().map(|(path, file)| (path.clone(), file.option.clone())).collect()
    }

    /// The file that a path in the options leads to.
    pub(crate) fn path_of(&self, path: &Path) -> PathBuf {
        let beside = self.folder.join(path);
        if !beside.exists() && path.exists() { path.to_owned() } else { beside }
    }
}

impl InputFiles for PipelineFiles {
    fn resolve(&self, path: &Path) -> PathBuf {
        self.named_files().entry(path.to_owned()).or_default();
        self.path_of(path)
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        let path = self.resolve(path);
        std::path::absolute(&path).unwrap_or(path)
    }

    fn folder(&self) -> PathBuf {
        let is_here = self.folder.as_os_str().is_empty();
        if is_here { PathBuf::from(".") } else { self.folder.clone() }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = fs::read(self.resolve(path))?;
        let checksum = Some(Sha256::digest(&bytes).into());
        self.named_files().entry(path.to_owned()).or_default().checksum = checksum;
        Ok(bytes)
    }

    fn read_untracked(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(self.resolve(path))
    }
}

/// Refuses an output path that starts with `~`, which would create a folder of that name.
pub(crate) fn tilde(path: &Path, option: &KeyPath) -> Option<Problem> {
    let rest = path.strip_prefix("~").ok()?;
    let rest = if rest.as_os_str().is_empty() { rest.into() } else { Path::new("/").join(rest) };
    let message = format!("`~` in `{}` is not expanded", path.display());
    let help = format!("write the full path, or `${{HOME}}{}`", rest.display());
    Some(Problem::at(option.clone(), "tilde-in-path", message).help(help))
}
