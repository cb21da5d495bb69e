//! The file by which a script learns where a sandbox listens.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::PathBuf;

use serde_json::json;
use taskferry_files::{Place, folder_of};
use taskferry_sandbox::RunningSandbox;

/// A file that is there while a sandbox listens. It goes when this is dropped, unless another has taken its place.
#[derive(Debug)]
pub(crate) struct ReadyFile {
    path: PathBuf,
    /// What was written; none before that.
    content: Option<String>,
}

impl ReadyFile {
    /// Nothing is written yet; what an earlier sandbox has left behind is taken away, since it would lead elsewhere.
    ///
    /// # Errors
    /// What is there is no regular file, or can't be taken away.
    pub(crate) fn at(path: PathBuf) -> Result<Self, String> {
        let shown = path.display();
        match fs::symlink_metadata(&path).as_ref().map(Metadata::is_file) {
            Ok(true) => fs::remove_file(&path)
                .map_err(|error| format!("the ready file `{shown}` can't be replaced: {error}"))?,
            Ok(false) => {
                return Err(format!(
                    "`{shown}` can't be the ready file: it is there already and no regular file, such as a folder, a \
                     link or a device"
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("the ready file `{shown}` can't be made: {error}")),
        }
        let folder = folder_of(&path);
        if !folder.is_dir() {
            let folder = folder.display();
            return Err(format!(
                "the ready file `{shown}` can't be made: there is no folder `{folder}`"
            ));
        }
        Ok(Self { path, content: None })
    }

    /// Writes the file. It appears when it is complete.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn write(&mut self, running: &RunningSandbox) -> Result<(), String> {
        let known = running.credentials();
        let content = json!({
            "url": running.url(),
            "token_url": known.token_url,
            "client_id": known.client_id,
            "client_secret": known.client_secret,
            "audience": known.audience,
            "tenant": known.tenant,
        });
        let content = format!("{content:#}\n");
        let written = Place::of(&self.path).and_then(|it| it.replace(content.as_bytes(), 0o600));
        written.map_err(|error| {
            let reason = error.kind();
            format!("the ready file `{}` can't be written: {reason}", self.path.display())
        })?;
        self.content = Some(content);
        Ok(())
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // Another sandbox, at another address, may have written to the same file since.
        if self.content.is_some() && fs::read_to_string(&self.path).ok() == self.content {
            let _ = fs::remove_file(&self.path);
        }
    }
}
