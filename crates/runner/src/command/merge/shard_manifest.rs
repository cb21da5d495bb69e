//! The manifest of one shard.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::Cursor;

#[derive(Debug)]
pub(super) struct ShardManifest {
    pub(super) path: PathBuf,
    pub(super) run: Manifest,
    pub(super) shard: Shard,
    /// The whole manifest.
    pub(super) json: Value,
}

/// The parts of a manifest that merging needs. Other versions may add fields.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    pub(super) pipeline: String,
    pub(super) digest: String,
    #[serde(default)]
    pub(super) sandbox: bool,
    pub(super) run_id: String,
    pub(super) status: String,
    pub(super) exit_code: u8,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
    shard: Option<Shard>,
    pub(super) source: Counts,
    pub(super) sinks: Vec<Counts>,
    pub(super) dead_letters: u64,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) records: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Shard {
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// The partitions of the shard, if the source partitions the listing.
    #[serde(default)]
    pub(super) values: Vec<String>,
    pub(super) min_jobs: Option<u64>,
}

impl ShardManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The reason why the file is not the manifest of a shard, as the rest of a sentence about the file.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read(path).map_err(|error| format!("can't be read: {error}"))?;
        let invalid = |error| format!("is not a manifest written by `run --summary`: {error}");
        let json: Value = serde_json::from_slice(&text).map_err(invalid)?;
        let mut run = Manifest::deserialize(&json).map_err(invalid)?;
        if run.dry_run {
            return Err("is the manifest of a dry run, which exports nothing; run the shard without `--dry-run`".to_owned());
        }
        let shard = run.shard.take().ok_or(
            "is the manifest of a run without `--shard`; pass manifests of `run --shard K/N --summary FILE`",
        )?;
        if !(1..=shard.count).contains(&shard.index) {
            return Err(format!(
                "contains an invalid shard number: {} of {}",
                shard.index, shard.count
            ));
        }
        Ok(Self { path: path.to_owned(), run, shard, json })
    }

    /// Whether the shard was read and delivered to its end.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.run.exit_code, 0 | 6)
    }

    /// The part of the listing that was read. `partitioned` is whether shards consist of partitions instead of ranges.
    pub(super) fn content(&self, partitioned: bool) -> String {
        let Shard { index, from, to, values, .. } = &self.shard;
        if !self.is_complete() {
            return String::new();
        }
        if partitioned {
            return match &values[..] {
                [] => "nothing: there are fewer partitions than shards".to_owned(),
                values => values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "),
            };
        }
        match (from, to) {
            (Some(from), Some(to)) => format!("after {} to {}", quoted(from), quoted(to)),
            (Some(from), None) => format!("after {} to the end", quoted(from)),
            (None, Some(to)) => format!("from the beginning to {}", quoted(to)),
            (None, None) if *index == 1 => "from the beginning to the end".to_owned(),
            (None, None) => "nothing: the listing ends before this shard".to_owned(),
        }
    }
}

/// An id, shortened and escaped for messages.
pub(super) fn quoted(id: &str) -> String {
    format!("`{}`", Cursor::new(id))
}
