//! What a run leaves for the one that goes on with it.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use taskferry_pipeline::{Pipeline, SinkStage};
use taskferry_sdk::{Cursor, Duration, Position, Resumption, RunContext, SinkState, hex};
use taskferry_state::StateDir;

use crate::account::Account;
use crate::chain;
use crate::expect::{self, Comparison};
use crate::manifest::Committed;

/// The layout of the file. A checkpoint of another layout is of no use, and the run starts over.
const LAYOUT: u32 = 2;

/// How far a run is, durably: every sink has everything up to here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) layout: u32,
    /// Of all the rest: a disk may lie, and a cursor that was changed by hand leaves out jobs without a word.
    pub(crate) checksum: String,
    /// That of the pipeline.
    pub(crate) digest: String,
    /// The share of the export that the run takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<String>,
    pub(crate) run_id: String,
    pub(crate) started_at: Timestamp,
    pub(crate) saved_at: Timestamp,
    pub(crate) state: CheckpointState,
    /// The cursor of the next page; `None` after the last.
    pub(crate) cursor: Option<String>,
    pub(crate) account: Account,
    /// One for each sink.
    pub(crate) marks: Vec<SinkState>,
    /// How many traces of pages stand in their journal.
    pub(crate) traces: u64,
    pub(crate) dead_letters: Option<DeadLetterMark>,
}

/// What is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CheckpointState {
    /// To read the first page. No sink was opened when this was written, and from then on it may have been sent anything
    /// of that page.
    Begun,
    /// To read on, or to publish.
    Open,
    /// To publish what is sealed.
    Sealed,
    /// Nothing, as the export did not look as expected; unless other things are expected now.
    Refused,
    /// Nothing, as going on here would end as it did.
    Hopeless,
}

/// How far the file of dead letters belongs to the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeadLetterMark {
    pub(crate) path: PathBuf,
    /// Its size in bytes before the run.
    pub(crate) before: u64,
    /// Its size in bytes now.
    pub(crate) bytes: u64,
}

/// A run that has begun and is not over: it is active, or ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedRun {
    /// Which run.
    pub run_id: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How many pages all its sinks have.
    pub pages: u64,
}

/// The run whose state is kept in `folder`, if one is not over and another attempt would go on with it; a replay is none.
pub fn unfinished_run(folder: &std::path::Path) -> Option<UnfinishedRun> {
    let left: Checkpoint = taskferry_state::load(folder, "checkpoint").ok().flatten()?;
    let Checkpoint { run_id, started_at, state, account, .. } = left;
    let is_over = matches!(state, CheckpointState::Refused | CheckpointState::Hopeless);
    (!is_over).then_some(UnfinishedRun { run_id, started_at, pages: account.source.pages })
}

/// How a run begins.
#[derive(Debug)]
pub(crate) enum Beginning {
    /// At the first page.
    Fresh {
        /// What an earlier run left that is of no use any more, and why it is not.
        over: Option<(Box<Checkpoint>, String)>,
    },
    /// At the first page, and what stands there is of a run that was over: only its end was not noted.
    Over,
    /// Where an earlier attempt at the same run ended.
    Resumed(Box<Checkpoint>),
}

impl Checkpoint {
    /// A checkpoint of the current layout, saved now.
    pub(crate) fn new(
        digest: &str,
        run: &RunContext,
        account: Account,
        marks: Vec<SinkState>,
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
            account,
            marks,
            traces: 0,
            dead_letters: None,
        }
    }

    /// The same with its checksum, as it is saved.
    #[must_use]
    pub(crate) fn sealed(mut self) -> Self {
        self.checksum = String::new();
        // Texts and numbers can always be written.
        let text = serde_json::to_vec(&self).unwrap_or_default();
        self.checksum = hex(Sha256::digest(text));
        self
    }

    /// Whether it is as it was saved, by a program that knows this layout.
    fn is_sound(&self) -> bool {
        self.layout == LAYOUT && self.checksum == self.clone().sealed().checksum
    }

    /// The run that it belongs to, of which `asked` is the next attempt.
    pub(crate) fn run(&self, asked: &RunContext) -> RunContext {
        let mut run = asked.clone();
        (run.started_at, run.run_id) = (self.started_at, self.run_id.clone());
        run
    }

    /// Whether the run has come no further than its beginning: everything is opened as for a new one.
    pub(crate) fn is_beginning(&self) -> bool {
        self.state == CheckpointState::Begun
    }

    /// How far it is, for the account of a run.
    pub(crate) fn committed(&self) -> Committed {
        Committed { pages: self.account.source.pages, next_cursor: self.cursor.clone() }
    }

    /// Where the source goes on; `None` for the first page.
    pub(crate) fn position(&self, traces: Vec<u128>) -> Option<Position> {
        let cursor = self.cursor.as_deref().map(Cursor::new);
        let pages = self.account.source.pages;
        (!self.is_beginning()).then(|| Position::new(pages, cursor, traces))
    }

    /// Whether all sinks can go on here.
    ///
    /// # Errors
    /// Why the first of those that can't can not.
    pub(crate) async fn check_sinks(
        &self,
        pipeline: &mut Pipeline,
        asked: &RunContext,
    ) -> Result<(), String> {
        if self.is_beginning() {
            return Ok(());
        }
        let run = self.run(asked);
        for (stage, mark) in pipeline.sinks.iter_mut().zip(&self.marks) {
            stage.sink.can_resume(&run, mark).await?;
        }
        Ok(())
    }

    /// Why a run of `pipeline` can't go on here; `None` if it can.
    fn is_of_no_use(
        &self,
        pipeline: &Pipeline,
        baseline: &Comparison,
        asked: &RunContext,
    ) -> Option<String> {
        let within = pipeline.state.resume_within;
        if self.digest != pipeline.digest || !self.account.has_shape_of(&Account::of(pipeline)) {
            return Some("the pipeline, a file it reads or taskferry has changed".to_owned());
        }
        if self.shard != asked.shard.map(|shard| shard.to_string()) {
            return Some("it is that of another share of the export".to_owned());
        }
        if is_too_old(self.saved_at, Timestamp::now(), within) {
            return Some(format!("it stopped longer ago than `resume_within` ({within})"));
        }
        let expect = &pipeline.expect;
        match self.state {
            CheckpointState::Hopeless => {
                return Some("it would end again as it did".to_owned());
            }
            CheckpointState::Refused => {
                let refused = expect::violations(expect, &self.account, self.started_at, baseline);
                if !refused.is_empty() && !expect.publish_anyway {
                    return Some("its export did not look as expected".to_owned());
                }
            }
            CheckpointState::Begun | CheckpointState::Open if !expect.publish_anyway => {
                if let Some(old) = expect::too_old(expect, self.started_at) {
                    return Some(old.message);
                }
            }
            CheckpointState::Begun | CheckpointState::Open | CheckpointState::Sealed => {}
        }
        None
    }
}

/// Of a checkpoint from the future nobody knows how old it is: the clock was set back by as much, at least.
pub(crate) fn is_too_old(saved_at: Timestamp, now: Timestamp, within: Duration) -> bool {
    now.duration_since(saved_at).unsigned_abs() > within.get()
}

/// What the checkpoint of a run is called. That of a replay has a name of its own: it is another run, and does not end
/// the one that may be resumed.
pub(crate) fn name_of(run: &RunContext) -> &'static str {
    if run.replay { "replay" } else { "checkpoint" }
}

/// The file with the fingerprints of pages that a checkpoint has passed.
pub(crate) fn fingerprints_of(checkpoint: &str) -> String {
    format!("{checkpoint}.traces")
}

/// Whether a run of `pipeline` leaves checkpoints at all.
pub(crate) fn is_resumable(pipeline: &Pipeline) -> bool {
    let can_resume = |stage: &SinkStage| {
        stage.sink.resumption() != Resumption::Unsupported && chain::can_resume(&stage.transforms)
    };
    chain::can_resume(&pipeline.transforms) && pipeline.sinks.iter().all(can_resume)
}

/// Looks for a checkpoint to go on at. What can't be read is of no use, and is said.
pub(crate) fn begin(
    pipeline: &Pipeline,
    state: &StateDir,
    run: &RunContext,
    name: &str,
    baseline: &Comparison,
    fresh: bool,
) -> Beginning {
    let checkpoint = match state.load::<Checkpoint>(name) {
        Ok(None) => return Beginning::Fresh { over: None },
        Ok(Some(checkpoint)) if checkpoint.is_sound() => Box::new(checkpoint),
        Ok(Some(_)) | Err(_) => {
            tracing::warn!("the checkpoint can't be read, and the run starts over");
            return Beginning::Fresh { over: None };
        }
    };
    if !run.replay && baseline.last().is_some_and(|last| last.run_id == checkpoint.run_id) {
        return Beginning::Over;
    }
    let why = if fresh {
        Some("as asked".to_owned())
    } else if is_resumable(pipeline) {
        checkpoint.is_of_no_use(pipeline, baseline, run)
    } else {
        Some("a stage can't go on where it stopped".to_owned())
    };
    match why {
        Some(why) => Beginning::Fresh { over: Some((checkpoint, why)) },
        None => Beginning::Resumed(checkpoint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_jumps_makes_a_checkpoint_old_whichever_way() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let after = |second| {
            is_too_old(Timestamp::from_second(second).unwrap(), now, Duration::from_secs(60))
        };
        assert!(!after(999_940) && !after(1_000_060));
        assert!(after(999_939) && after(1_000_061));
    }
}
