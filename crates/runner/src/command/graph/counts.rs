//! The counts of a run, read from its manifest.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The parts of a manifest that a graph shows: the manifest of a run, or one that `merge` has written. Other versions may add
/// keys, and may lack the keys with a default.
#[derive(Debug, Deserialize)]
pub(super) struct RunCounts {
    pub(super) pipeline: String,
    /// `None` in a merged manifest.
    #[serde(default)]
    pub(super) run_id: Option<String>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) digest: Option<String>,
    #[serde(default)]
    pub(super) sandbox: bool,
    pub(super) source: SourceCounts,
    pub(super) transforms: Vec<StageCounts>,
    pub(super) sinks: Vec<StageCounts>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SourceCounts {
    pub(super) name: String,
    pub(super) records: u64,
}

/// The counts of a stage. Transforms have no `records` and `transforms`, and sinks have no `filtered`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct StageCounts {
    pub(super) name: String,
    /// The records that the stage received; for the source, the records that it read.
    pub(super) records_in: u64,
    /// The records that a sink has delivered.
    #[serde(default)]
    pub(super) records: u64,
    #[serde(default)]
    pub(super) filtered: u64,
    #[serde(default)]
    pub(super) failed: u64,
    #[serde(default)]
    pub(super) dead_letters: u64,
    /// The sink's own transforms.
    #[serde(default)]
    pub(super) transforms: Vec<StageCounts>,
}

impl RunCounts {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The reason why the file is not a manifest, as the rest of a sentence about the file.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read(path).map_err(|error| format!("can't be read: {error}"))?;
        serde_json::from_slice(&text)
            .map_err(|error| format!("is not a manifest written by `run --summary`: {error}"))
    }
}
