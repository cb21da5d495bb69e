//! The file by which a script learns where a sandbox listens.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use taskferry_sandbox::RunningSandbox;
use tempfile::NamedTempFile;

/// A file that is there while a sandbox listens. It goes when this is dropped.
#[derive(Debug)]
pub(crate) struct ReadyFile(PathBuf);

impl ReadyFile {
    /// Nothing is written yet; what an earlier sandbox has left behind is taken away, since it would lead elsewhere.
    ///
    /// # Errors
    /// What is there can't be taken away.
    pub(crate) fn at(path: PathBuf) -> Result<Self, String> {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("the ready file `{}` can't be replaced: {error}", path.display()))
            }
            _ => Ok(Self(path)),
        }
    }

    /// Writes the file. It appears when it is complete.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn write(&self, running: &RunningSandbox) -> Result<(), String> {
        let known = running.credentials();
        let content = json!({
            "url": running.url(),
            "token_url": known.token_url,
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "audience": known.audience,
            "tenant": known.tenant,
        });
        let folder = self.0.parent().filter(|folder| !folder.as_os_str().is_empty());
        let write = || {
            let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            writeln!(file, "{content:#}")?;
            file.persist(&self.0)?;
            Ok::<_, std::io::Error>(())
        };
        write().map_err(|error| {
            format!("the ready file `{}` can't be written: {error}", self.0.display())
        })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
