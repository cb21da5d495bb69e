//! What a run leaves behind: who did how much, and how it ended.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taskferry_pipeline::{Role, StageFailure};
use taskferry_sdk::{DeliveredFile, Delivery, ErrorKind, FrequentValue, Shard, Share, SinkState};

pub use crate::expect::Violation;

use crate::account::{SinkCount, SourceCount, TransformCount};
use crate::outline::{SinkOutline, StageOutline};
use crate::stop::Interrupt;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The listing was read to its end and everything was delivered.
    Complete,
    /// A stage failed; nothing was published.
    Failed,
    /// The run was asked to stop; nothing was published.
    Interrupted,
    /// The listing was read to its end and everything was delivered, but it does not look as `[expect]` says. Nothing
    /// was published, unless `publish_anyway` said so.
    Suspicious,
}

/// The account of one run, written by `--summary` as JSON.
///
/// What is counted are pages that every sink has made durable, in all attempts at the run. So the numbers always
/// add up: what goes into a stage is what came out of the one before, and of what goes into a transform, each record is
/// `filtered`, `failed`, or came out as one or more of `records_out`; of what goes into a sink, each is among its
/// `records` or `failed`.
#[derive(Debug, Clone, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and stands so in the JSON"
)]
pub struct Manifest {
    /// The pipeline's name.
    pub pipeline: String,
    /// Unique to the run.
    pub run_id: String,
    /// What tells the pipeline from one whose output could differ.
    pub digest: String,
    /// The name of the experiment, of a pipeline that `--set` changes; `null` of the pipeline as its file has it.
    pub experiment: Option<String>,
    /// Whether nothing was published or sent, and no state kept.
    pub dry_run: bool,
    /// Whether it sent dead letters on instead of an export.
    pub replay: bool,
    /// Whether what it read is made up, by the sandbox.
    pub sandbox: bool,
    /// Which share of the export it took; `null` for the whole.
    pub shard: Option<ShardSummary>,
    /// How it ended.
    pub status: Status,
    /// The exit code that says the same.
    pub exit_code: u8,
    /// When it began, in its first attempt.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Where it went on, as an earlier attempt had stopped there; `null` for a run from the start.
    pub resumed_from: Option<Committed>,
    /// How far all sinks have come together; `null` if no page is committed.
    pub committed: Option<Committed>,
    /// Whether the next run of the pipeline goes on where this one has ended.
    pub resumable: bool,
    /// What was read.
    pub source: SourceSummary,
    /// What each transform did, in order.
    pub transforms: Vec<TransformSummary>,
    /// What each sink delivered, in order.
    pub sinks: Vec<SinkSummary>,
    /// Records that went to the dead letters.
    pub dead_letters: u64,
    /// The file that they went to.
    pub dead_letter_file: Option<PathBuf>,
    /// What is not as `[expect]` says.
    pub violations: Vec<Violation>,
    /// What deserves a look although the run ended well.
    pub warnings: Vec<String>,
    /// What made it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// The share of an export that a run took.
#[derive(Debug, Clone, Serialize)]
pub struct ShardSummary {
    /// Which share it is, from 1.
    pub index: u32,
    /// How many there are.
    pub count: u32,
    /// What it read, once it has read all of it.
    #[serde(flatten)]
    pub share: Share,
    /// How many jobs all shares together must have at least, which no run of one can tell: `merge` does.
    pub min_jobs: Option<u64>,
}

impl ShardSummary {
    pub(crate) fn new(shard: Shard, read: Option<Share>) -> Self {
        let (index, count) = (shard.index(), shard.count());
        Self { index, count, share: read.unwrap_or_default(), min_jobs: None }
    }
}

/// How far all sinks have come together: every record up to here is durable in each of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Committed {
    /// Pages that are committed.
    pub pages: u64,
    /// The cursor with which to go on; `null` after the last page.
    pub next_cursor: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, Serialize)]
pub struct SourceSummary {
    /// The source's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Pages read.
    pub pages: u64,
    /// Records in them.
    pub records: u64,
    /// Their size in bytes, after decompression.
    pub bytes: u64,
    /// Requests sent, those for tokens and those that failed included.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
}

/// What one transform did.
#[derive(Debug, Clone, Serialize)]
pub struct TransformSummary {
    /// The transform's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Records it was given.
    pub records_in: u64,
    /// Records it emitted.
    pub records_out: u64,
    /// Records of which it made nothing, as it should.
    pub filtered: u64,
    /// Records it refused: left out, or sent to the dead letters.
    pub failed: u64,
    /// Those among them that went to the dead letters.
    pub dead_letters: u64,
    /// What it counts itself, by name.
    pub counters: BTreeMap<String, u64>,
    /// The most frequent values of what it counts by value, by name.
    pub frequent: BTreeMap<String, Vec<FrequentValue>>,
}

/// What one sink delivered.
#[derive(Debug, Clone, Serialize)]
pub struct SinkSummary {
    /// The sink's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// What its own transforms did, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<TransformSummary>,
    /// Records it was given, after its own transforms.
    pub records_in: u64,
    /// Records committed.
    pub records: u64,
    /// Records it refused: left out, or sent to the dead letters.
    pub failed: u64,
    /// Those among them that went to the dead letters.
    pub dead_letters: u64,
    /// Bytes delivered.
    pub bytes: u64,
    /// Requests sent, for sinks that send them.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
    /// How far it has come, in its own words; `null` if it committed nothing.
    pub mark: Option<SinkState>,
    /// Files published.
    pub files: Vec<DeliveredFile>,
    /// Whether it has published, or delivered its last batch.
    pub published: bool,
}

/// What made a run fail.
#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    /// The stage: its role and its name.
    pub stage: Option<String>,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The record it is about.
    pub origin: Option<FailureOrigin>,
}

/// The record that made a run fail.
#[derive(Debug, Clone, Serialize)]
pub struct FailureOrigin {
    /// Number of its page, from 1.
    pub page: u64,
    /// The cursor with which the page was asked for.
    pub cursor: Option<String>,
    /// Its position in the page, from 0.
    pub index: usize,
    /// The job's `external_id`.
    pub job: Option<String>,
}

impl From<&StageFailure> for Failure {
    fn from(failure: &StageFailure) -> Self {
        let error = failure.error();
        let origin = failure.origin().map(|origin| FailureOrigin {
            page: origin.page,
            cursor: origin.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()),
            index: origin.index,
            job: origin.job.as_deref().map(str::to_owned),
        });
        Self {
            stage: failure.stage().map(ToString::to_string),
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
            origin,
        }
    }
}

impl SourceSummary {
    pub(crate) fn new(outline: StageOutline, count: &SourceCount) -> Self {
        Self {
            name: outline.name,
            type_name: outline.type_name,
            pages: count.pages,
            records: count.records,
            bytes: count.bytes,
            requests: count.requests,
            retries: count.retries,
        }
    }
}

impl TransformSummary {
    pub(crate) fn all(outlines: Vec<StageOutline>, counts: &[TransformCount]) -> Vec<Self> {
        let summary = |(outline, count): (StageOutline, &TransformCount)| Self {
            name: outline.name,
            type_name: outline.type_name,
            records_in: count.records_in,
            records_out: count.records_out,
            filtered: count.filtered,
            failed: count.skipped + count.dead_letters,
            dead_letters: count.dead_letters,
            counters: count
                .counters
                .counts()
                .map(|(name, count)| (name.to_owned(), count))
                .collect(),
            frequent: count
                .counters
                .names_with_values()
                .map(|name| (name.to_owned(), count.counters.frequent(name)))
                .collect(),
        };
        outlines.into_iter().zip(counts).map(summary).collect()
    }
}

impl SinkSummary {
    pub(crate) fn new(
        outline: SinkOutline,
        count: &SinkCount,
        delivery: Delivery,
        mark: Option<SinkState>,
        published: bool,
    ) -> Self {
        Self {
            name: outline.stage.name,
            type_name: outline.stage.type_name,
            transforms: TransformSummary::all(outline.transforms, &count.transforms),
            records_in: count.records_in,
            records: count.delivered,
            failed: count.skipped + count.dead_letters,
            dead_letters: count.dead_letters,
            bytes: delivery.bytes,
            requests: delivery.requests,
            retries: delivery.retries,
            mark,
            files: delivery.files,
            published,
        }
    }
}

/// How a run ended, as far as its exit code is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending<'a> {
    pub(crate) error: Option<&'a StageFailure>,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) suspicious: bool,
    pub(crate) dead_letters: u64,
}

impl Ending<'_> {
    pub(crate) fn status(self) -> Status {
        match self {
            Self { error: Some(_), .. } => Status::Failed,
            Self { interrupt: Some(_), .. } => Status::Interrupted,
            Self { suspicious: true, .. } => Status::Suspicious,
            _ => Status::Complete,
        }
    }

    /// A contract: see `docs/running.md`.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self { error: Some(error), .. } => match error.stage().map(|stage| stage.role) {
                Some(Role::Transform) => 4,
                _ if error.error().kind() == ErrorKind::Defect => 1,
                Some(Role::Source) => 3,
                // Without a stage it is the machine: there is no thread, for example.
                Some(Role::Sink) | None => 5,
            },
            Self { interrupt: Some(Interrupt::Interrupted), .. } => 130,
            Self { interrupt: Some(Interrupt::Terminated), .. } => 143,
            Self { suspicious: true, .. } => 8,
            Self { dead_letters: 1.., .. } => 6,
            _ => 0,
        }
    }
}
