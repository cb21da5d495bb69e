//! `--ready-file`: a file from which scripts read the address of a sandbox.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::json;
use taskferry_files::{FolderEntry, folder_of};
use taskferry_sandbox::RunningSandbox;

/// A file that exists while a sandbox listens. Dropping this removes the file, unless another sandbox has replaced it.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    /// The content, once it is written.
    content: Option<String>,
}

impl ReadyFile {
    /// Removes the file of an earlier sandbox, which has another address.
    pub(crate) fn at(path: PathBuf) -> Result<Self, String> {
        let shown = path.display();
        let refused = |reason: String| format!("can't create the ready file `{shown}`: {reason}");
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => fs::remove_file(&path)
                .map_err(|error| format!("can't replace the ready file `{shown}`: {error}"))?,
            Ok(_) => return Err(refused("the path exists and is not a regular file".to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(refused(error.to_string())),
        }
        let folder = folder_of(&path);
        if !folder.is_dir() {
            return Err(refused(format!("there is no folder `{}`", folder.display())));
        }
        Ok(Self { path, content: None })
    }

    /// Writes the file in one step.
    pub(crate) fn write(&mut self, running: &RunningSandbox) -> Result<(), String> {
        let known = running.credentials();
        let content = json!({
            "url": running.url(),
            "token_url": known.token_url,
            "client_id": known.client_id,
            "client_secret": known.client_secret.expose(),
            "audience": known.audience,
            "tenant": known.tenant,
        });
        let content = format!("{content:#}\n");
        let written =
            FolderEntry::of(&self.path).and_then(|entry| entry.replace(content.as_bytes(), 0o600));
        written.map_err(|error| {
            let reason = error.kind();
            format!("can't write the ready file `{}`: {reason}", self.path.display())
        })?;
        self.content = Some(content);
        Ok(())
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        if self.content.is_some() && fs::read_to_string(&self.path).ok() == self.content {
            let _ = fs::remove_file(&self.path);
        }
    }
}
