//! Drives the transform as the engine does.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use taskferry_sdk::testing::build;
use taskferry_sdk::{
    AnyTransform, AsyncTransform, InputFiles, Output, Problem, Record, RunContext, StageError,
    TransformPlugin,
};
use taskferry_transform_command::Command;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::program::ARGUMENT;

/// Files in a folder. Records which of them are read.
#[derive(Debug)]
pub(crate) struct Disk<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) read: Mutex<Vec<PathBuf>>,
}

impl InputFiles for Disk<'_> {
    fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    fn folder(&self) -> PathBuf {
        self.folder.to_owned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read.lock().unwrap().push(path.to_owned());
        std::fs::read(self.resolve(path))
    }
}

/// The folder of a pipeline file, and a runtime.
pub(crate) struct Folder {
    pub(crate) folder: TempDir,
    pub(crate) runtime: Runtime,
}

/// The result for one record.
pub(crate) type Applied = Result<Vec<Value>, StageError>;

impl Folder {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        Self { folder: tempfile::tempdir().unwrap(), runtime }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn check(&self, options: &Value) -> Result<AnyTransform, Vec<Problem>> {
        let disk = Disk { folder: self.folder.path(), read: Mutex::default() };
        build(options, &disk, Command::build)
    }

    pub(crate) fn build(&self, options: &Value) -> Box<dyn AsyncTransform> {
        match self.check(options).unwrap() {
            AnyTransform::Async(transform) => transform,
            other => panic!("{other:?}"),
        }
    }

    /// A program of this test with this behavior.
    pub(crate) fn program(&self, behavior: &str, options: &Value) -> Box<dyn AsyncTransform> {
        self.build(&options_of(behavior, options))
    }

    /// Opens a transform, applies it to the records 0, 1, …, and closes it.
    pub(crate) fn run(&self, mut transform: Box<dyn AsyncTransform>, records: u64) -> Vec<Applied> {
        self.runtime.block_on(async {
            let run = RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "run-1");
            transform.open(&run).await.unwrap();
            let applied = apply(&*transform, 0..records).await;
            transform.close().await;
            applied
        })
    }

    /// The error of a program that can't be opened.
    pub(crate) fn open_error(&self, behavior: &str, options: &Value) -> StageError {
        let mut transform = self.program(behavior, options);
        let error = self.runtime.block_on(transform.open(&RunContext::default())).unwrap_err();
        assert!(error.is_fatal(), "{error:?}");
        error
    }
}

/// Options for a program of this test.
pub(crate) fn options_of(behavior: &str, changes: &Value) -> Value {
    let me = std::env::current_exe().unwrap();
    let mut options = json!({"command": [me, ARGUMENT, behavior]});
    for (key, value) in changes.as_object().unwrap() {
        options[key] = value.clone();
    }
    options
}

/// Applies a transform to records, several at a time.
pub(crate) async fn apply(
    transform: &dyn AsyncTransform,
    records: impl Iterator<Item = u64>,
) -> Vec<Applied> {
    let apply = |number| async move {
        let mut out = Output::new();
        transform.apply(Record::from(json!({"n": number})), &mut out).await?;
        Ok(out.drain_records().map(|record| record.value().unwrap()).collect())
    };
    stream::iter(records).map(apply).buffered(transform.concurrency()).collect().await
}

/// The numbers of the emitted records, and the message of each refused record.
pub(crate) fn summary(applied: &[Applied]) -> (Vec<u64>, Vec<String>) {
    let mut numbers = Vec::new();
    let mut errors = Vec::new();
    for result in applied {
        match result {
            Ok(records) => numbers.extend(records.iter().map(|it| it["n"].as_u64().unwrap())),
            Err(error) => errors.push(error.full_message()),
        }
    }
    (numbers, errors)
}

/// 0, 1, … without 5.
pub(crate) fn without_5(count: u64) -> Vec<u64> {
    (0..count).filter(|number| *number != 5).collect()
}

/// Whether a process is alive.
pub(crate) fn is_alive(pid: u64) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie has ended.
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}
