//! How far a file is, for the attempt that goes on with it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use taskferry_core::Mark;
use taskferry_format::WriterState;

use crate::compress::Pieces;
use crate::measure::Measure;
use crate::part::part_of;

/// The contents of a file sink's [`Mark`].
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
    pub(crate) fn read(mark: &Mark) -> Result<Self, String> {
        serde_json::from_value(mark.get().clone())
            .map_err(|error| format!("the file's mark can't be read: {error}"))
    }

    pub(crate) fn into_mark(self) -> Mark {
        // Texts and numbers can always be written.
        Mark::new(serde_json::to_value(self).unwrap_or_default())
    }

    /// Whether the bytes are still there, for a sink that writes to `path`.
    ///
    /// # Errors
    /// What is wrong, for people.
    pub(crate) fn check(&self, path: &Path) -> Result<(), String> {
        if self.path != path {
            return Err(format!("its file was `{}`", self.path.display()));
        }
        if let Progress::Open { writer, .. } = &self.progress {
            let rows = part_of(path, "rows");
            let found = std::fs::metadata(&rows).map_or(0, |found| found.len());
            if found < writer.spool_bytes() {
                return Err(format!("`{}` is not there any more, or is shorter", rows.display()));
            }
        }
        let part = part_of(path, "part");
        let complete = matches!(self.progress, Progress::Sealed { .. });
        if self.stand_in(&part) || (complete && self.stand_in(path)) {
            return Ok(());
        }
        Err(format!("`{}` is not there any more, or was changed", part.display()))
    }

    /// Whether a file begins with the bytes.
    fn stand_in(&self, path: &Path) -> bool {
        let found = File::open(path).and_then(|file| Measure::of(file.take(self.bytes)));
        found.is_ok_and(|found| (found.bytes, &found.sha256) == (self.bytes, &self.sha256))
    }
}
