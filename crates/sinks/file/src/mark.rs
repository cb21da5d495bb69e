//! How far a file is, for the attempt that goes on with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use taskferry_format::WriterState;
use taskferry_sdk::SinkState;

use crate::compress::Pieces;
use crate::measure::{Measure, Measured};
use crate::part::Places;

/// The contents of a file sink's [`SinkState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FileMark {
    pub(crate) path: PathBuf,
    /// How much of the file was on disk.
    pub(crate) bytes: u64,
    /// What these bytes were, in hexadecimal digits.
    pub(crate) sha256: String,
    pub(crate) progress: Progress,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// More is to be written.
    Open { writer: WriterState, pieces: Pieces },
    /// The file only lacks its name, if that.
    Sealed { records: u64, warnings: Vec<String> },
}

impl FileMark {
    /// # Errors
    /// When it is not a file sink's.
    pub(crate) fn read(mark: &SinkState) -> Result<Self, String> {
        serde_json::from_value(mark.get().clone())
            .map_err(|error| format!("the file's mark can't be read: {error}"))
    }

    pub(crate) fn into_mark(self) -> SinkState {
        // Texts and numbers can always be written.
        SinkState::new(serde_json::to_value(self).unwrap_or_default())
    }

    /// The mark of a file that was not opened yet.
    pub(crate) fn initial(path: &Path) -> SinkState {
        SinkState::new(json!({"path": path.to_string_lossy()}))
    }

    /// Whose file it is about, however far it is.
    pub(crate) fn path_of(mark: &SinkState) -> Option<&Path> {
        mark.get().get("path")?.as_str().map(Path::new)
    }

    /// Finds the bytes, for a sink that writes to `path`.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(crate) async fn find(&self, path: &Path) -> Result<Found, String> {
        if self.path != path {
            return Err(format!("its file was `{}`", self.path.display()));
        }
        let places = Places::of(path).map_err(|error| error.full_message())?;
        if let Progress::Open { writer, .. } = &self.progress
            && writer.finds_spool(&places.rows) == Some(false)
        {
            let rows = places.rows.path();
            return Err(format!("`{}` is not there any more, or was changed", rows.display()));
        }
        let part = places.part.open();
        let unfit = part.as_ref().err().filter(|error| error.kind() == io::ErrorKind::Other);
        let why = unfit.map_or_else(
            || "is not there any more, or was changed".to_owned(),
            |unfit| format!("is not used: {unfit}"),
        );
        if let Some(found) = self.find_in(part, false).await {
            return Ok(found);
        }
        let complete = matches!(self.progress, Progress::Sealed { .. });
        let published = if complete {
            File::open(places.target.path())
        } else {
            Err(io::ErrorKind::NotFound.into())
        };
        let published = self.find_in(published, true).await;
        published.ok_or_else(|| format!("`{}` {why}", places.part.path().display()))
    }

    /// The file, if it begins with the bytes.
    async fn find_in(&self, file: io::Result<File>, published: bool) -> Option<Found> {
        let file = file.ok()?;
        let measured = Measured::of((&file).take(self.bytes)).await.ok()?;
        let Measure { bytes, sha256 } = measured.so_far();
        let same = (bytes, &sha256) == (self.bytes, &self.sha256);
        same.then_some(Found { file, measured, published })
    }
}

/// A file that begins with the bytes of a mark.
pub(crate) struct Found {
    pub(crate) file: File,
    /// Of these bytes.
    pub(crate) measured: Measured<io::Sink>,
    /// Whether it has its name already.
    pub(crate) published: bool,
}
