//! The earlier run of a test, with which `changes` compares.

use std::path::PathBuf;

use taskferry_config::TestClock;
use taskferry_engine::RunOptions;
use taskferry_pipeline::{Feed, Pipeline};
use taskferry_sdk::{Lookups, Record, RunContext};
use taskferry_state::{LockAttempt, StateDir};
use tempfile::TempDir;

use crate::trace::{RecordSource, tolerate};

/// A complete run in a temporary state folder.
pub(crate) struct EarlierRun {
    pub(super) state: PathBuf,
    _folder: TempDir,
}

impl EarlierRun {
    /// Runs `pipeline`, with the transforms of the test and one sink, on these records.
    ///
    /// # Errors
    /// A record can't be read, or the run is not complete.
    pub(super) async fn of(
        mut pipeline: Pipeline,
        records: Vec<Record>,
        clock: &TestClock,
        lookups: &Lookups,
    ) -> Result<Self, String> {
        let failed = |reason: String| format!("`before`: {reason}");
        let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
        let state = match StateDir::open(folder.path(), "test") {
            Ok(LockAttempt::Acquired(state)) => state,
            Ok(LockAttempt::Held(_)) => return Err(failed("the folder is locked".to_owned())),
            Err(error) => return Err(failed(format!("{error}: {}", error.source))),
        };
        let path = state.path().to_owned();
        tolerate(&mut pipeline);
        pipeline.dead_letter = None;
        pipeline.source.feed = Feed::Source(Box::new(RecordSource::new(records)));
        let run = run_context(&pipeline.name, "before", clock, lookups);
        let options = RunOptions { run: Some(run), state: Some(state), ..RunOptions::default() };
        match taskferry_engine::run(pipeline, options).await.error {
            Some(error) => Err(failed(error.error().full_message())),
            None => Ok(Self { state: path, _folder: folder }),
        }
    }
}

/// The context of a run in a test.
pub(super) fn run_context(
    pipeline: &str,
    run_id: &str,
    clock: &TestClock,
    lookups: &Lookups,
) -> RunContext {
    let mut run = RunContext::new(pipeline, clock.start, run_id);
    run.time_zone = Some(clock.time_zone.clone());
    run.lookups = lookups.clone();
    run
}
