//! What is kept of runs that are over, and whether the last one is.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use taskferry_pipeline::Pipeline;
use taskferry_sdk::RunContext;
use taskferry_state::{History, StateDir, StateError};

use crate::checkpoint::{Checkpoint, CheckpointState, is_too_old, name_of};
use crate::expect::{Baseline, CompleteRuns};
use crate::manifest::{Manifest, Status};

/// The file with what is kept of complete runs.
pub(crate) const COMPLETE: &str = "last_complete";

/// A run that is over: nothing is left to do, or nothing that another run could do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FinishedRun {
    /// Which run.
    pub run_id: String,
    /// When it ended.
    pub finished_at: Timestamp,
    /// How: 0 complete, 6 complete with dead letters, 8 not as expected.
    pub exit_code: u8,
    /// Its manifest; `None` where the run was killed before it was kept.
    pub manifest: Option<Value>,
}

/// What is read of the account of a run.
#[derive(Debug, Deserialize)]
struct Account {
    run_id: String,
    status: Status,
    exit_code: u8,
    finished_at: Timestamp,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    replay: bool,
}

/// When the last complete run of the pipeline ended, if one did; a replay is none.
///
/// # Errors
/// What is kept of it can't be read.
pub fn last_complete(state: &StateDir) -> Result<Option<Timestamp>, StateError> {
    Ok(state.load::<CompleteRuns>(COMPLETE)?.map(|complete| complete.last.finished_at))
}

/// The last run, if it is over, ended within this time, and was one of this `pipeline` as it stands; a replay is none. `None`
/// where one ended early, was killed, read or wrote something else, or there was none, and where that can't be told.
pub fn last_finished_run(state: &StateDir, pipeline: &Pipeline) -> Option<FinishedRun> {
    let last = state.load::<CompleteRuns>(COMPLETE).ok().flatten().map(|complete| complete.last);
    let manifests: Vec<Value> = History::in_folder(state.path()).all().ok()?;
    let (ended, digest) = match state.load::<Checkpoint>("checkpoint").ok()? {
        // It was complete, and killed before this was removed.
        Some(left) if last.as_ref().is_some_and(|last| last.run_id == left.run_id) => {
            (last.map(Ended::from)?, Some(left.digest))
        }
        Some(left) if left.state == CheckpointState::Refused => {
            let Checkpoint { run_id, saved_at, digest, .. } = left;
            (Ended { run_id, finished_at: saved_at, exit_code: 8 }, Some(digest))
        }
        Some(_) => return None,
        None => {
            let mut accounts =
                manifests.iter().filter_map(|manifest| Account::deserialize(manifest).ok());
            let account = accounts.rfind(|account| !account.replay);
            // The account is written after the rest, and may be missing.
            let account = account.filter(|account| {
                last.as_ref().is_none_or(|last| account.finished_at >= last.finished_at)
            });
            if let Some(Account { run_id, finished_at, exit_code, status, digest, .. }) = account {
                let over = matches!(status, Status::Complete | Status::Suspicious);
                (over.then_some(Ended { run_id, finished_at, exit_code })?, Some(digest))
            } else {
                let last = last?;
                let digest = last.pipeline.clone();
                (Ended::from(last), digest)
            }
        }
    };
    let within = pipeline.state.resume_within;
    let is_this_one = digest.is_some_and(|digest| digest == pipeline.digest);
    (is_this_one && !is_too_old(ended.finished_at, Timestamp::now(), within)).then(|| {
        let Ended { run_id, finished_at, exit_code } = ended;
        let manifest = manifests.into_iter().rfind(|manifest| manifest["run_id"] == *run_id);
        FinishedRun { run_id, finished_at, exit_code, manifest }
    })
}

/// How a run ended.
struct Ended {
    run_id: String,
    finished_at: Timestamp,
    exit_code: u8,
}

impl From<Baseline> for Ended {
    fn from(last: Baseline) -> Self {
        let Baseline { run_id, finished_at, exit_code, .. } = last;
        Self { run_id, finished_at, exit_code }
    }
}

/// Keeps what the next run is compared with. `pipeline` is its digest, and that of its listing.
pub(crate) fn note_complete(
    state: &StateDir,
    run: &RunContext,
    pipeline: (&str, &str),
    manifest: &Manifest,
) -> Result<(), StateError> {
    if manifest.status != Status::Complete || run.replay {
        return Ok(());
    }
    let (digest, listing) = pipeline;
    let delivered = manifest.sinks.iter().map(|sink| (sink.name.clone(), sink.records));
    let last = Baseline {
        run_id: manifest.run_id.clone(),
        finished_at: manifest.finished_at,
        jobs: manifest.source.records,
        exit_code: manifest.exit_code,
        listing: Some(listing.to_owned()),
        pipeline: Some(digest.to_owned()),
        delivered: delivered.collect(),
    };
    // What can't be read was told of at the beginning, and is compared with no more.
    let before = state.load(COMPLETE).ok().flatten();
    state.save(COMPLETE, &CompleteRuns::followed_by(before, last))
}

/// What a run of `pipeline` would destroy of one that is not over and has its state in `folder`: the run, and its output.
/// For experiments, which have a state of their own and may have the outputs of the pipeline as its file has it.
pub fn conflicting_run(
    pipeline: &Pipeline,
    run: &RunContext,
    folder: &std::path::Path,
) -> Option<(String, String)> {
    let left: Checkpoint = taskferry_state::load(folder, name_of(run)).ok().flatten()?;
    let last: Option<CompleteRuns> = taskferry_state::load(folder, COMPLETE).ok().flatten();
    if last.is_some_and(|complete| complete.last.run_id == left.run_id) {
        return None;
    }
    let destroyed = left.marks.iter().find_map(|mark| {
        pipeline.sinks.iter().find_map(|stage| stage.sink.would_overwrite(run, mark))
    });
    destroyed.map(|output| (left.run_id, output))
}
