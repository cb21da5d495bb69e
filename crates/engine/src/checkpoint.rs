//! Checkpoints: the state from which a run resumes.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_pipeline::{Pipeline, SinkStage, StageId};
use taskferry_sdk::{Cursor, Duration, Position, Resumption, RunContext, SinkState, hex};
use taskferry_state::StateDir;

use crate::baseline::Comparison;
use crate::chain;
use crate::expect;
use crate::manifest::Committed;
use crate::run_stats::RunStats;

/// The version of the file format. A run that finds another version starts over.
const LAYOUT: u32 = 2;

/// The progress of a run, which every sink has committed.
///
/// Renamed fields keep the names that earlier versions wrote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) layout: u32,
    /// The checksum of all other fields. After a disk error or a manual edit, a wrong cursor would silently skip jobs.
    pub(crate) checksum: String,
    /// The pipeline's digest.
    pub(crate) digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<String>,
    pub(crate) run_id: String,
    pub(crate) started_at: Timestamp,
    pub(crate) saved_at: Timestamp,
    pub(crate) state: CheckpointState,
    /// The cursor of the next page; `None` after the last.
    pub(crate) cursor: Option<String>,
    #[serde(rename = "account")]
    pub(crate) stats: RunStats,
    /// One for each sink.
    #[serde(rename = "marks")]
    pub(crate) sink_states: Vec<SinkState>,
    /// The number of fingerprints in the journal.
    #[serde(rename = "traces")]
    pub(crate) fingerprints: u64,
    pub(crate) dead_letters: Option<DeadLetterPosition>,
}

/// How a run continues from a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckpointState {
    /// The next run starts with the first page. This checkpoint is written before the sinks are opened, so the sinks may
    /// have received a part of the first page.
    Begun,
    /// The next run continues with the next page, or seals the sinks.
    Open,
    /// The next run publishes the sealed sinks.
    Sealed,
    /// The export violates `[expect]`. The next run resumes only if `[expect]` has changed.
    Refused,
    /// The next run does not resume, because the error would recur.
    #[serde(rename = "hopeless")]
    NotResumable,
}

/// The run's part of the dead-letter file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeadLetterPosition {
    pub(crate) path: PathBuf,
    /// The file's size in bytes before the run.
    pub(crate) before: u64,
    /// The file's size in bytes at the checkpoint.
    pub(crate) bytes: u64,
}

/// A run that is active or ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedRun {
    /// The run's id.
    pub run_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Pages that every sink has committed.
    pub pages: u64,
}

/// Returns the run in a state folder that the next run would resume. Replays do not count.
pub fn unfinished_run(folder: &Path) -> Option<UnfinishedRun> {
    let checkpoint: Checkpoint = taskferry_state::load(folder, "checkpoint").ok().flatten()?;
    let Checkpoint { run_id, started_at, state, stats, .. } = checkpoint;
    let is_over = matches!(state, CheckpointState::Refused | CheckpointState::NotResumable);
    (!is_over).then_some(UnfinishedRun { run_id, started_at, pages: stats.source.pages })
}

/// Where a run starts.
#[derive(Debug)]
pub(crate) enum StartPoint {
    /// At the first page; `abandoned` is a checkpoint that can't be resumed, with the reason.
    FirstPage { abandoned: Option<(Box<Checkpoint>, String)> },
    /// At the first page, because the checkpoint belongs to a finished run.
    AfterFinishedRun,
    /// At a checkpoint.
    Resume(Box<Checkpoint>),
}

impl StartPoint {
    /// Looks for a checkpoint that a run of `pipeline` can resume.
    pub(crate) fn find(
        pipeline: &Pipeline,
        state: &StateDir,
        run: &RunContext,
        baseline: &Comparison,
        fresh: bool,
    ) -> Self {
        let checkpoint = match state.load::<Checkpoint>(name_of(run)) {
            Ok(None) => return Self::FirstPage { abandoned: None },
            Ok(Some(checkpoint)) if checkpoint.is_valid() => Box::new(checkpoint),
            Err(error) if error.source.kind() != io::ErrorKind::InvalidData => {
                tracing::warn!("{error}: {}; the run starts at the first page", error.source);
                return Self::FirstPage { abandoned: None };
            }
            Ok(Some(_)) | Err(_) => {
                tracing::warn!(
                    "the checkpoint in the state folder is damaged, or another version of taskferry wrote it; the run starts at the first page"
                );
                return Self::FirstPage { abandoned: None };
            }
        };
        if !run.replay && baseline.last().is_some_and(|last| last.run_id == checkpoint.run_id) {
            return Self::AfterFinishedRun;
        }
        let reason = if fresh {
            Some("`--fresh` was given".to_owned())
        } else if let Some(stage) = not_resumable(pipeline) {
            Some(format!("the {stage} can't resume"))
        } else {
            checkpoint.reason_not_to_resume(pipeline, baseline, run)
        };
        match reason {
            Some(reason) => Self::FirstPage { abandoned: Some((checkpoint, reason)) },
            None => Self::Resume(checkpoint),
        }
    }
}

impl Checkpoint {
    /// A checkpoint in the current layout, saved now.
    pub(crate) fn new(
        digest: &str,
        run: &RunContext,
        stats: RunStats,
        sink_states: Vec<SinkState>,
    ) -> Self {
        Self {
            layout: LAYOUT,
            checksum: String::new(),
            digest: digest.to_owned(),
            shard: run.shard.map(|shard| shard.to_string()),
            run_id: run.run_id.clone(),
            started_at: run.started_at,
            saved_at: Timestamp::now(),
            state: CheckpointState::Open,
            cursor: None,
            stats,
            sink_states,
            fingerprints: 0,
            dead_letters: None,
        }
    }

    #[must_use]
    pub(crate) fn with_checksum(mut self) -> Self {
        self.checksum = String::new();
        // Serializing texts and numbers can't fail.
        let text = serde_json::to_vec(&self).unwrap_or_default();
        self.checksum = hex(Sha256::digest(text));
        self
    }

    fn is_valid(&self) -> bool {
        self.layout == LAYOUT && self.checksum == self.clone().with_checksum().checksum
    }

    /// The context of the run of this checkpoint. `attempt` is the context of the new attempt.
    pub(crate) fn run(&self, attempt: &RunContext) -> RunContext {
        let mut run = attempt.clone();
        (run.started_at, run.run_id) = (self.started_at, self.run_id.clone());
        run
    }

    /// Whether no page is committed, so that the sinks are opened as in a new run.
    pub(crate) fn is_beginning(&self) -> bool {
        self.state == CheckpointState::Begun
    }

    /// The committed pages; `None` if there are none.
    pub(crate) fn committed(&self) -> Option<Committed> {
        let (pages, next_cursor) = (self.stats.source.pages, self.cursor.clone());
        (!self.is_beginning()).then_some(Committed { pages, next_cursor })
    }

    /// The source's position; `None` for the first page.
    pub(crate) fn position(&self, fingerprints: Vec<u128>) -> Option<Position> {
        let cursor = self.cursor.as_deref().map(Cursor::new);
        let pages = self.stats.source.pages;
        (!self.is_beginning()).then(|| Position::new(pages, cursor, fingerprints))
    }

    /// Checks that every sink can resume.
    pub(crate) async fn check_sinks(
        &self,
        pipeline: &mut Pipeline,
        attempt: &RunContext,
    ) -> Result<(), String> {
        if self.is_beginning() {
            return Ok(());
        }
        let run = self.run(attempt);
        for (stage, state) in pipeline.sinks.iter_mut().zip(&self.sink_states) {
            stage.sink.can_resume(&run, state).await?;
        }
        Ok(())
    }

    /// The reason why a run of `pipeline` can't resume here.
    fn reason_not_to_resume(
        &self,
        pipeline: &Pipeline,
        baseline: &Comparison,
        attempt: &RunContext,
    ) -> Option<String> {
        let max_age = pipeline.state.resume_within;
        if self.digest != pipeline.digest || !self.stats.has_stages_of(&RunStats::of(pipeline)) {
            return Some(
                "the pipeline, an input file or the version of taskferry has changed".to_owned(),
            );
        }
        if self.shard != attempt.shard.map(|shard| shard.to_string()) {
            return Some("it belongs to another shard".to_owned());
        }
        if is_older_than(self.saved_at, Timestamp::now(), max_age) {
            return Some(format!("its checkpoint is older than `resume_within` ({max_age})"));
        }
        let expect = &pipeline.expect;
        match self.state {
            CheckpointState::NotResumable => {
                Some("it failed with an error that would occur again".to_owned())
            }
            CheckpointState::Refused => {
                let sinks = pipeline.sinks.iter().map(|sink| sink.name.as_str());
                let violations =
                    expect::violations(expect, &self.stats, sinks, self.started_at, baseline);
                (!violations.is_empty() && !expect.publish_anyway)
                    .then(|| "its export did not meet [expect]".to_owned())
            }
            CheckpointState::Begun | CheckpointState::Open if !expect.publish_anyway => {
                expect::max_age_exceeded(expect, self.started_at).map(|violation| violation.message)
            }
            CheckpointState::Begun | CheckpointState::Open | CheckpointState::Sealed => None,
        }
    }
}

/// Whether a timestamp is older than `max_age`. A timestamp that is more than `max_age` in the future also counts as
/// older, because the clock was set back.
pub(crate) fn is_older_than(timestamp: Timestamp, now: Timestamp, max_age: Duration) -> bool {
    now.duration_since(timestamp).unsigned_abs() > max_age.get()
}

/// The name of the run's checkpoint file. A replay has its own, so that it does not replace the checkpoint of an export.
pub(crate) fn name_of(run: &RunContext) -> &'static str {
    if run.replay { "replay" } else { "checkpoint" }
}

/// The name of the journal with the fingerprints of committed pages.
pub(crate) fn fingerprint_journal_of(run: &RunContext) -> String {
    format!("{}.traces", name_of(run))
}

/// The first stage that can't resume. The runs of a pipeline without such a stage write checkpoints.
pub(crate) fn not_resumable(pipeline: &Pipeline) -> Option<StageId> {
    let in_sink = |stage: &SinkStage| match stage.sink.resumption() {
        Resumption::Unsupported => Some(stage.id()),
        _ => chain::not_resumable(&stage.transforms),
    };
    chain::not_resumable(&pipeline.transforms).or_else(|| pipeline.sinks.iter().find_map(in_sink))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_from_the_past_or_the_future_expires() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let is_older = |second| {
            is_older_than(Timestamp::from_second(second).unwrap(), now, Duration::from_secs(60))
        };
        assert!(!is_older(999_940) && !is_older(1_000_060));
        assert!(is_older(999_939) && is_older(1_000_061));
    }
}
