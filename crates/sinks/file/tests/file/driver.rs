//! Drives the sink like the engine, in a temporary folder.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taskferry_sdk::{
    Batch, Delivery, NoFiles, Problem, Record, Refusals, RunContext, Sink, SinkPlugin, StageError,
    testing,
};
use taskferry_sink_file::FileOptions;
use tempfile::TempDir;

/// A temporary output folder.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names of its files, including hidden ones.
    pub(crate) fn names(&self) -> Vec<String> {
        names_in(self.0.path())
    }

    /// An opened sink with these options; `path` is relative to this folder.
    pub(crate) async fn open(&self, options: Value) -> Result<Box<dyn Sink>, StageError> {
        let mut options = options;
        let path = self.path(options["path"].as_str().unwrap());
        options["path"] = json!(path.to_str().unwrap());
        let mut sink = build(&options).unwrap();
        sink.open(&run(), None).await?;
        Ok(sink)
    }

    /// A complete run with one commit per batch.
    pub(crate) async fn run(
        &self,
        options: Value,
        batches: &[Vec<Value>],
    ) -> Result<Delivery, StageError> {
        let mut sink = self.open(options).await?;
        for values in batches {
            sink.write(&batch(values), &mut Refusals::forbidden()).await?;
            sink.commit().await?;
        }
        sink.finish().await
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub(crate) fn run() -> RunContext {
    RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "r1")
}

pub(crate) fn build(options: &Value) -> Result<Box<dyn Sink>, Vec<Problem>> {
    testing::build(options, &NoFiles, FileOptions::build)
}

pub(crate) fn batch(values: &[Value]) -> Batch {
    batch_of(values.iter().cloned().map(Record::from).collect())
}

pub(crate) fn batch_of(records: Vec<Record>) -> Batch {
    testing::batch(1, records)
}
