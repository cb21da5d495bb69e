//! What a run leaves behind: who did how much, and how it ended.

use jiff::Timestamp;
use serde::Serialize;
use taskferry_core::{
    DeliveredFile, Delivery, ErrorKind, Mark, Role, SourceStatistics, StageError,
};

use crate::progress::{Progress, SinkProgress, TransformProgress};
use crate::stop::Interrupt;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The listing was read to its end and everything was delivered.
    Complete,
    /// A stage failed; nothing was published.
    Failed,
    /// The run was asked to stop; nothing was published.
    Interrupted,
}

/// The account of one run, written by `--summary` as JSON.
#[derive(Debug, Clone, Serialize)]
pub struct Manifest {
    /// The pipeline's name.
    pub pipeline: String,
    /// Unique to the run.
    pub run_id: String,
    /// How it ended.
    pub status: Status,
    /// The exit code that says the same.
    pub exit_code: u8,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The cursor at which it went on where an earlier run had stopped; `null` for a run from the start.
    pub resumed_from: Option<String>,
    /// How far all sinks have come together; `null` if no page is committed.
    pub committed: Option<Committed>,
    /// What was read.
    pub source: SourceSummary,
    /// What each transform did, in order.
    pub transforms: Vec<TransformSummary>,
    /// What each sink delivered, in order.
    pub sinks: Vec<SinkSummary>,
    /// Records that went to the dead letters.
    pub dead_letters: u64,
    /// What deserves a look although the run ended well.
    pub warnings: Vec<String>,
    /// What made it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
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
    /// Records it refused.
    pub failed: u64,
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
    /// Records committed.
    pub records: u64,
    /// Bytes delivered; 0 unless the sink finished.
    pub bytes: u64,
    /// Requests sent, for sinks that send them.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
    /// How far it has come, in its own words; `null` if it committed nothing.
    pub mark: Option<Mark>,
    /// Files published.
    pub files: Vec<DeliveredFile>,
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

impl From<&StageError> for Failure {
    fn from(error: &StageError) -> Self {
        let origin = error.origin().map(|origin| FailureOrigin {
            page: origin.page,
            cursor: origin.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()),
            index: origin.index,
            job: origin.job.as_deref().map(str::to_owned),
        });
        Self {
            stage: error.stage().map(ToString::to_string),
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
            origin,
        }
    }
}

impl SourceSummary {
    pub(crate) fn new(
        name: String,
        type_name: &'static str,
        progress: &Progress,
        statistics: SourceStatistics,
    ) -> Self {
        let source = &progress.source;
        Self {
            name,
            type_name,
            pages: source.pages(),
            records: source.records(),
            bytes: source.bytes(),
            requests: statistics.requests,
            retries: statistics.retries,
        }
    }
}

impl From<&TransformProgress> for TransformSummary {
    fn from(progress: &TransformProgress) -> Self {
        Self {
            name: progress.name.clone(),
            type_name: progress.type_name,
            records_in: progress.records_in(),
            records_out: progress.records_out(),
            failed: progress.failed(),
        }
    }
}

impl SinkSummary {
    pub(crate) fn new(progress: &SinkProgress, delivery: Delivery, mark: Option<Mark>) -> Self {
        Self {
            name: progress.name.clone(),
            type_name: progress.type_name,
            transforms: progress.transforms.iter().map(TransformSummary::from).collect(),
            records: progress.records(),
            bytes: delivery.bytes,
            requests: delivery.requests,
            retries: delivery.retries,
            mark,
            files: delivery.files,
        }
    }
}

/// The exit code of a run that ended like this. A contract: see the table in the README.
pub fn exit_code(error: Option<&StageError>, interrupt: Option<Interrupt>) -> u8 {
    match (error, interrupt) {
        (Some(error), _) => match error.stage().map(|stage| stage.role) {
            Some(Role::Transform) => 4,
            Some(_) if error.kind() == ErrorKind::Defect => 1,
            Some(Role::Source) => 3,
            Some(Role::Sink) => 5,
            None => 1,
        },
        (None, Some(Interrupt::Interrupted)) => 130,
        (None, Some(Interrupt::Terminated)) => 143,
        (None, None) => 0,
    }
}
