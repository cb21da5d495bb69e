//! The manifest of one share.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use taskferry_sdk::Cursor;

/// What is needed of it, and the whole as it stands in its file.
#[derive(Debug)]
pub(super) struct ShareManifest {
    pub(super) path: PathBuf,
    pub(super) index: u32,
    pub(super) count: u32,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
    /// The parts that it took, where the listing was divided into parts.
    pub(super) values: Vec<String>,
    pub(super) min_jobs: Option<u64>,
    pub(super) pipeline: String,
    pub(super) digest: String,
    /// Whether its jobs come from a sandbox.
    pub(super) sandbox: bool,
    pub(super) run_id: String,
    pub(super) status: String,
    pub(super) exit_code: u8,
    pub(super) started_at: Timestamp,
    pub(super) finished_at: Timestamp,
    pub(super) source: Counts,
    pub(super) sinks: Vec<Counts>,
    pub(super) dead_letters: u64,
    pub(super) all: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Counts {
    pub(super) records: u64,
}

/// Other versions may add to it.
#[derive(Debug, Deserialize)]
struct Manifest {
    pipeline: String,
    digest: String,
    #[serde(default)]
    sandbox: bool,
    run_id: String,
    status: String,
    exit_code: u8,
    started_at: Timestamp,
    finished_at: Timestamp,
    shard: Option<Shard>,
    source: Counts,
    sinks: Vec<Counts>,
    dead_letters: u64,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize)]
struct Shard {
    index: u32,
    count: u32,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    min_jobs: Option<u64>,
}

impl ShareManifest {
    /// Reads one.
    ///
    /// # Errors
    /// Why the file is none, to stand behind its name.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read(path).map_err(|error| format!("can't be read: {error}"))?;
        let no_manifest = |error| {
            format!("is no manifest that `run --summary` of this version has written: {error}")
        };
        let all: Value = serde_json::from_slice(&text).map_err(no_manifest)?;
        let manifest = Manifest::deserialize(&all).map_err(no_manifest)?;
        if manifest.dry_run {
            return Err("tells of a dry run, which exported nothing".to_owned());
        }
        let shard = manifest.shard.ok_or("tells of a whole export, and not of a share of one")?;
        if !(1..=shard.count).contains(&shard.index) {
            return Err(format!("tells of share {} of {}", shard.index, shard.count));
        }
        Ok(Self {
            path: path.to_owned(),
            index: shard.index,
            count: shard.count,
            from: shard.from,
            to: shard.to,
            values: shard.values,
            min_jobs: shard.min_jobs,
            pipeline: manifest.pipeline,
            digest: manifest.digest,
            sandbox: manifest.sandbox,
            run_id: manifest.run_id,
            status: manifest.status,
            exit_code: manifest.exit_code,
            started_at: manifest.started_at,
            finished_at: manifest.finished_at,
            source: manifest.source,
            sinks: manifest.sinks,
            dead_letters: manifest.dead_letters,
            all,
        })
    }

    /// Whether it was read and delivered to its end.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.exit_code, 0 | 6)
    }

    /// What it read, for people. `in_parts` where shares are parts of the listing, and not stretches of it.
    pub(super) fn what(&self, in_parts: bool) -> String {
        if !self.is_complete() {
            return String::new();
        }
        if !self.values.is_empty() {
            return self.values.iter().map(|value| shown(value)).collect::<Vec<_>>().join(", ");
        }
        if in_parts {
            return "nothing: there are fewer parts than shares".to_owned();
        }
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("after {} to {}", shown(from), shown(to)),
            (Some(from), None) => format!("after {} to the end", shown(from)),
            (None, Some(to)) => format!("from the beginning to {}", shown(to)),
            (None, None) if self.index == 1 => "from the beginning to the end".to_owned(),
            (None, None) => "nothing: the listing had ended".to_owned(),
        }
    }
}

/// An id as a terminal may show it.
pub(super) fn shown(id: &str) -> String {
    format!("`{}`", Cursor::new(id))
}
