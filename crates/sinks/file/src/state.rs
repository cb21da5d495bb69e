//! The state of the sink in a checkpoint.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use taskferry_format::WriterState;
use taskferry_sdk::SinkState;

use crate::gzip::Pieces;
use crate::measure::{Measure, Measured};
use crate::paths::Paths;

/// The content of the [`SinkState`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct FileState {
    pub(crate) path: PathBuf,
    /// The size of the committed part.
    pub(crate) bytes: u64,
    /// The checksum of the committed part, in hexadecimal digits.
    pub(crate) sha256: String,
    pub(crate) progress: Progress,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress {
    /// The file is incomplete.
    Open { writer: WriterState, pieces: Pieces },
    /// The file is complete, and perhaps published.
    Sealed { records: u64, warnings: Vec<String> },
}

impl FileState {
    pub(crate) fn read(state: &SinkState) -> Result<Self, String> {
        serde_json::from_value(state.get().clone())
            .map_err(|error| format!("the state of the file can't be read: {error}"))
    }

    pub(crate) fn into_sink_state(self) -> SinkState {
        // Texts and numbers can always be written.
        SinkState::new(serde_json::to_value(self).unwrap_or_default())
    }

    /// The state before the file is opened.
    pub(crate) fn initial(path: &Path) -> SinkState {
        SinkState::new(json!({"path": path.to_string_lossy()}))
    }

    /// The path of the file, in any state.
    pub(crate) fn path_of(state: &SinkState) -> Option<&Path> {
        state.get().get("path")?.as_str().map(Path::new)
    }

    /// Finds the committed part, for a sink that writes to `path`.
    pub(crate) async fn find(&self, path: &Path) -> Result<CommittedPart, String> {
        if self.path != path {
            return Err(format!("the earlier run wrote to `{}`", self.path.display()));
        }
        let paths = Paths::of(path).map_err(|error| error.full_message())?;
        if let Progress::Open { writer, .. } = &self.progress
            && writer.matches_spool(&paths.rows) == Some(false)
        {
            let rows = paths.rows.path();
            return Err(format!("`{}` is missing or has changed", rows.display()));
        }
        let part = paths.part.open();
        let unfit = part.as_ref().err().filter(|error| error.kind() == io::ErrorKind::Other);
        let why = unfit.map_or_else(
            || "is missing or has changed".to_owned(),
            |unfit| format!("can't be used: {unfit}"),
        );
        let mut found = self.find_in(part).await.map(|found| (found, false));
        if found.is_none() && matches!(self.progress, Progress::Sealed { .. }) {
            let published = File::open(paths.target.path());
            found = self.find_in(published).await.map(|found| (found, true));
        }
        let missing = || format!("`{}` {why}", paths.part.path().display());
        let ((file, measured), is_published) = found.ok_or_else(missing)?;
        Ok(CommittedPart { paths, file, measured, is_published })
    }

    /// The file and its measure, if it begins with the committed part.
    async fn find_in(&self, file: io::Result<File>) -> Option<(File, Measured<io::Sink>)> {
        let file = file.ok()?;
        let measured = Measured::of((&file).take(self.bytes)).await.ok()?;
        let Measure { bytes, sha256 } = measured.so_far();
        ((bytes, &sha256) == (self.bytes, &self.sha256)).then_some((file, measured))
    }
}

/// A file that begins with the committed part of a state.
pub(crate) struct CommittedPart {
    pub(crate) paths: Paths,
    pub(crate) file: File,
    /// The measure of the committed part.
    pub(crate) measured: Measured<io::Sink>,
    /// Whether the file is already published.
    pub(crate) is_published: bool,
}
