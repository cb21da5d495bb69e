//! Records complete runs, and finds finished ones.

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use taskferry_pipeline::Pipeline;
use taskferry_sdk::RunContext;
use taskferry_state::{History, StateDir, StateError};

use crate::baseline::{Baseline, COMPLETE, CompleteRuns};
use crate::checkpoint::{Checkpoint, CheckpointState, is_older_than, name_of};
use crate::manifest::{RunReport, Status};

/// A run that is complete, or whose export was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinishedRun {
    /// The run's id.
    pub run_id: String,
    /// When it ended.
    pub finished_at: Timestamp,
    /// 0: complete, 6: complete with dead letters, 8: `[expect]` violated, or removals withheld.
    pub exit_code: u8,
    /// Its manifest; `None` if the run was killed before it was saved.
    pub manifest: Option<Value>,
}

/// The fields of a manifest in the history.
#[derive(Debug, Deserialize)]
struct StoredManifest {
    run_id: String,
    status: Status,
    exit_code: u8,
    finished_at: Timestamp,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    replay: bool,
}

/// When the last complete export of the pipeline ended. Replays do not count.
///
/// # Errors
/// If the file is unreadable.
pub fn last_complete(state: &StateDir) -> Result<Option<Timestamp>, StateError> {
    Ok(state.load::<CompleteRuns>(COMPLETE)?.map(|runs| runs.last.finished_at))
}

/// The id of the last complete export of the pipeline, and the number of removals that its transforms withheld.
///
/// # Errors
/// If the file is unreadable.
pub fn withheld_removals(folder: &Path) -> Result<Option<(String, u64)>, StateError> {
    let runs = taskferry_state::load::<CompleteRuns>(folder, COMPLETE)?;
    Ok(runs.map(|runs| (runs.last.run_id, runs.last.withheld_removals)))
}

/// Returns the last run if it is finished, ended within `resume_within`, and ran this `pipeline` unchanged. Replays do not
/// count. Returns `None` if the run ended early or was killed, and if the state is unreadable.
pub fn last_finished_run(state: &StateDir, pipeline: &Pipeline) -> Option<FinishedRun> {
    let last = state.load::<CompleteRuns>(COMPLETE).ok().flatten().map(|runs| runs.last);
    let manifests: Vec<Value> = History::in_folder(state.path()).all().ok()?;
    let (run_id, finished_at, exit_code, digest) =
        match state.load::<Checkpoint>("checkpoint").ok()? {
            // The run was complete, but was killed before it removed its checkpoint.
            Some(Checkpoint { run_id, digest, .. })
                if last.as_ref().is_some_and(|last| last.run_id == run_id) =>
            {
                let last = last?;
                (run_id, last.finished_at, last.exit_code, digest)
            }
            Some(Checkpoint {
                state: CheckpointState::Refused, run_id, saved_at, digest, ..
            }) => (run_id, saved_at, 8, digest),
            Some(_) => return None,
            None => {
                let stored = manifests.iter();
                let mut stored = stored.filter_map(|it| StoredManifest::deserialize(it).ok());
                let stored = stored.rfind(|stored| !stored.replay);
                // The manifest is saved last, so the manifest of the last complete run may be missing.
                let is_newest = |stored: &StoredManifest| {
                    last.as_ref().is_none_or(|last| stored.finished_at >= last.finished_at)
                };
                match stored.filter(is_newest) {
                    Some(run) if matches!(run.status, Status::Complete | Status::Suspicious) => {
                        (run.run_id, run.finished_at, run.exit_code, run.digest)
                    }
                    Some(_) => return None,
                    None => {
                        let last = last?;
                        (last.run_id, last.finished_at, last.exit_code, last.pipeline?)
                    }
                }
            }
        };
    let max_age = pipeline.state.resume_within;
    if digest != pipeline.digest || is_older_than(finished_at, Timestamp::now(), max_age) {
        return None;
    }
    let manifest = manifests.into_iter().rfind(|manifest| manifest["run_id"] == *run_id);
    Some(FinishedRun { run_id, finished_at, exit_code, manifest })
}

/// The digests that decide which runs are compared.
#[derive(Debug)]
pub(crate) struct SourceDigests {
    pub(crate) listing: String,
    pub(crate) records: String,
}

/// Records a complete run, so that later runs are compared with it.
pub(crate) fn record_complete(
    state: &StateDir,
    run: &RunContext,
    digests: &SourceDigests,
    report: &RunReport,
) -> Result<(), StateError> {
    let manifest = &report.manifest;
    if manifest.status != Status::Complete || run.replay {
        return Ok(());
    }
    let delivered = manifest.sinks.iter().map(|sink| (sink.name.clone(), sink.records));
    // An unreadable file was reported when the run began, and is replaced.
    let runs: Option<CompleteRuns> = state.load(COMPLETE).ok().flatten();
    let mut fields = report.fields.clone();
    if let Some(earlier) = runs.as_ref().and_then(|runs| runs.of_listing(&digests.listing)) {
        fields.add_known_fields(&earlier.fields);
    }
    let last = Baseline {
        run_id: manifest.run_id.clone(),
        finished_at: manifest.finished_at,
        jobs: manifest.source.records,
        exit_code: manifest.exit_code,
        listing: Some(digests.listing.clone()),
        pipeline: Some(manifest.digest.clone()),
        withheld_removals: manifest.withheld_removals,
        delivered: delivered.collect(),
        records: Some(digests.records.clone()),
        fields,
    };
    state.save(COMPLETE, &CompleteRuns::add(runs, last))
}

/// Returns the unfinished run of `folder` whose output a run of `pipeline` would overwrite, and that output. An experiment
/// has its own state, but may write the same outputs as the pipeline.
pub fn conflicting_run(
    pipeline: &Pipeline,
    run: &RunContext,
    folder: &Path,
) -> Option<(String, String)> {
    let checkpoint: Checkpoint = taskferry_state::load(folder, name_of(run)).ok().flatten()?;
    let last: Option<CompleteRuns> = taskferry_state::load(folder, COMPLETE).ok().flatten();
    if last.is_some_and(|runs| runs.last.run_id == checkpoint.run_id) {
        return None;
    }
    let output = checkpoint.sink_states.iter().find_map(|state| {
        pipeline.sinks.iter().find_map(|stage| stage.sink.would_overwrite(run, state))
    });
    output.map(|output| (checkpoint.run_id, output))
}
