//! The manifest: what a run did, and how it ended.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_pipeline::{Pipeline, Role, SinkStage, StageFailure, TransformStage};
use taskferry_sdk::{
    DeliveredFile, Delivery, ErrorKind, FrequentValue, Origin, RunContext, Shard, ShardRange,
    SinkState,
};

pub use crate::expect::Violation;

use crate::drift::{Drift, FieldSummary};
use crate::fields::FieldCounts;
use crate::run_stats::{SinkStats, SourceStats, TransformStats};
use crate::stop::Interrupt;

/// The result of a run.
#[derive(Debug)]
pub struct RunReport {
    /// What the run did.
    pub manifest: Manifest,
    /// Why it failed.
    pub error: Option<StageFailure>,
    /// The fields of the records, for the comparison with later runs.
    pub(crate) fields: FieldCounts,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The export is complete and published.
    Complete,
    /// A stage failed. Nothing was published, unless the failure occurred during publishing.
    Failed,
    /// The run was stopped. Nothing was published.
    Interrupted,
    /// The export is complete but violates `[expect]`. It is published only with `publish_anyway`.
    Suspicious,
}

/// The version of the format of manifests. It changes if a field is removed, is renamed, or gets another meaning. Fields may be
/// added without a new version, so readers must ignore unknown fields.
pub const SCHEMA_VERSION: u32 = 1;

/// What a run did. `--summary` writes the manifest as JSON.
///
/// Counts include only pages that every sink has committed, in all attempts at the run. Therefore, the counts of
/// consecutive stages match. Each input record of a transform is filtered, refused, or emitted as one or more records.
/// Each input record of a sink is delivered or refused.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent key of the JSON")]
pub struct Manifest {
    /// The version of this format. Manifests from before version 1 lack it.
    #[schemars(extend("const" = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// The pipeline's name.
    pub pipeline: String,
    /// The run's id.
    pub run_id: String,
    /// The pipeline's digest: it differs if the output could differ.
    pub digest: String,
    /// The name of the experiment, in a run with `--set`.
    pub experiment: Option<String>,
    /// Whether the run published and sent nothing, and kept no state.
    pub dry_run: bool,
    /// Whether the run replayed dead letters.
    pub replay: bool,
    /// Whether a sandbox made the records.
    pub sandbox: bool,
    /// The shard of the export; `null` for the whole export.
    pub shard: Option<ShardSummary>,
    /// How the run ended.
    pub status: Status,
    /// The exit code for the status.
    pub exit_code: u8,
    /// When the first attempt began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When the run ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
    /// The checkpoint that the run resumed; `null` for a new run.
    pub resumed_from: Option<Committed>,
    /// The pages that every sink has committed; `null` for none.
    pub committed: Option<Committed>,
    /// Whether the next run resumes this one.
    pub resumable: bool,
    /// The source.
    pub source: SourceSummary,
    /// The transforms, in order.
    pub transforms: Vec<TransformSummary>,
    /// The sinks, in order.
    pub sinks: Vec<SinkSummary>,
    /// Dead letters of all stages.
    pub dead_letters: u64,
    /// The file with the dead letters.
    pub dead_letter_file: Option<PathBuf>,
    /// Removals that transforms did not emit, because they are suspiciously many. The other records are delivered. The first manifests
    /// of version 1 lack it.
    #[schemars(skip_serializing_if = "u64::is_zero")]
    pub withheld_removals: u64,
    /// How the fields of the records differ from the last complete run of the same listing; `null` without such a run.
    pub drift: Option<Drift>,
    /// Violations of `[expect]`.
    pub violations: Vec<Violation>,
    /// Warnings about the pipeline and the run.
    pub warnings: Vec<String>,
    /// Why the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Failure>,
}

/// The shard of an export.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShardSummary {
    /// Its number, from 1.
    pub index: u32,
    /// The number of shards.
    pub count: u32,
    /// What the run read, if it read the whole shard.
    #[serde(flatten)]
    pub range: ShardRange,
    /// The `min_jobs` of the whole export, which `merge` checks.
    pub min_jobs: Option<u64>,
}

/// The progress that every sink has committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Committed {
    /// Committed pages.
    pub pages: u64,
    /// The cursor of the next page; `null` after the last page.
    pub next_cursor: Option<String>,
}

/// What the source read.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SourceSummary {
    /// The source's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Pages read.
    pub pages: u64,
    /// Records read.
    pub records: u64,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Requests sent, including token requests and failed ones.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// The fields of the records, by path. All records of the first 100 pages are counted, and then one record in 16.
    // `merge` writes manifests without it if the manifests of the shards lack it.
    #[schemars(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldSummary>,
}

/// What a transform did.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct TransformSummary {
    /// The transform's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Records received.
    pub records_in: u64,
    /// Records emitted.
    pub records_out: u64,
    /// Records accepted without output.
    pub filtered: u64,
    /// Records refused.
    pub failed: u64,
    /// Refused records among the dead letters.
    pub dead_letters: u64,
    /// The transform's own counters, by name.
    pub counters: BTreeMap<String, u64>,
    /// The most frequent values that the transform counted, by name.
    pub frequent: BTreeMap<String, Vec<FrequentValue>>,
}

/// What a sink delivered.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SinkSummary {
    /// The sink's name.
    pub name: String,
    /// The plugin's type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// The sink's own transforms, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<TransformSummary>,
    /// Records received, after the sink's own transforms.
    pub records_in: u64,
    /// Records committed.
    pub records: u64,
    /// Records refused.
    pub failed: u64,
    /// Refused records among the dead letters.
    pub dead_letters: u64,
    /// Bytes delivered.
    pub bytes: u64,
    /// Requests sent.
    pub requests: u64,
    /// Retries among them.
    pub retries: u64,
    /// The sink's state at its last commit; `null` if it committed nothing.
    #[serde(rename = "mark")]
    #[schemars(with = "serde_json::Value")]
    pub state: Option<SinkState>,
    /// Published files.
    pub files: Vec<DeliveredFile>,
    /// Whether the sink has published its output or delivered its last batch.
    pub published: bool,
}

/// Why a run failed.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Failure {
    /// The role and name of the stage.
    pub stage: Option<String>,
    /// What happened.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
    /// The origin of the record that failed.
    pub origin: Option<FailureOrigin>,
}

/// The origin of a record that made a run fail.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailureOrigin {
    /// Number of the page, from 1.
    pub page: u64,
    /// The cursor with which the page was requested.
    pub cursor: Option<String>,
    /// The record's position in the page, from 0.
    pub index: usize,
    /// The job's `external_id`.
    pub job: Option<String>,
}

impl Manifest {
    /// The manifest of a run that starts now: everything known before, with zero counts.
    pub(crate) fn new(pipeline: &Pipeline, run: &RunContext) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            pipeline: run.pipeline.clone(),
            run_id: run.run_id.clone(),
            digest: pipeline.digest.clone(),
            experiment: pipeline.experiment.clone(),
            dry_run: run.dry_run,
            replay: run.replay,
            sandbox: run.sandbox,
            shard: run.shard.map(ShardSummary::new),
            status: Status::Complete,
            exit_code: 0,
            started_at: run.started_at,
            finished_at: run.started_at,
            resumed_from: None,
            committed: None,
            resumable: false,
            source: SourceSummary {
                name: pipeline.source.name.clone(),
                type_name: pipeline.source.type_name,
                ..SourceSummary::default()
            },
            transforms: TransformSummary::all(&pipeline.transforms),
            sinks: pipeline.sinks.iter().map(SinkSummary::new).collect(),
            dead_letters: 0,
            dead_letter_file: None,
            withheld_removals: 0,
            drift: None,
            violations: Vec::new(),
            warnings: Vec::new(),
            error: None,
        }
    }

    /// Sets the status and the exit code, which is a contract with scripts.
    pub(crate) fn set_status(
        &mut self,
        error: Option<&StageFailure>,
        interrupt: Option<Interrupt>,
    ) {
        (self.status, self.exit_code) = match (error, interrupt) {
            (Some(error), _) => (Status::Failed, failure_code(error)),
            (None, Some(Interrupt::Interrupted)) => (Status::Interrupted, 130),
            (None, Some(Interrupt::Terminated)) => (Status::Interrupted, 143),
            (None, None) if !self.violations.is_empty() => (Status::Suspicious, 8),
            (None, None) if self.withheld_removals > 0 => (Status::Complete, 8),
            (None, None) if self.dead_letters > 0 => (Status::Complete, 6),
            (None, None) => (Status::Complete, 0),
        };
    }
}

fn failure_code(failure: &StageFailure) -> u8 {
    match failure.stage().map(|stage| stage.role) {
        Some(Role::Transform) => 4,
        _ if failure.error().kind() == ErrorKind::Defect => 1,
        Some(Role::Source) => 3,
        // A failure without a stage is caused by the environment, for example a thread that can't be started.
        Some(Role::Sink) | None => 5,
    }
}

impl From<&StageFailure> for Failure {
    fn from(failure: &StageFailure) -> Self {
        let error = failure.error();
        Self {
            stage: failure.stage().map(ToString::to_string),
            message: error.full_message(),
            hint: error.hint_text().map(str::to_owned),
            origin: failure.origin().map(FailureOrigin::from),
        }
    }
}

impl From<&Origin> for FailureOrigin {
    fn from(origin: &Origin) -> Self {
        Self {
            page: origin.page,
            cursor: origin.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()),
            index: origin.index,
            job: origin.job.as_deref().map(str::to_owned),
        }
    }
}

impl ShardSummary {
    fn new(shard: Shard) -> Self {
        let (index, count) = (shard.index(), shard.count());
        Self { index, count, range: ShardRange::default(), min_jobs: None }
    }
}

impl SourceSummary {
    pub(crate) fn set_stats(&mut self, stats: &SourceStats) {
        (self.pages, self.records, self.bytes) = (stats.pages, stats.records, stats.bytes);
        (self.requests, self.retries) = (stats.requests, stats.retries);
        self.fields = FieldSummary::all(&stats.fields);
    }
}

impl TransformSummary {
    fn all(stages: &[TransformStage]) -> Vec<Self> {
        let summary = |stage: &TransformStage| Self {
            name: stage.name.clone(),
            type_name: stage.type_name,
            ..Self::default()
        };
        stages.iter().map(summary).collect()
    }

    pub(crate) fn set_stats(&mut self, stats: &TransformStats) {
        self.records_in = stats.records_in;
        self.records_out = stats.records_out;
        self.filtered = stats.filtered;
        self.failed = stats.skipped + stats.dead_letters;
        self.dead_letters = stats.dead_letters;
        let counters = &stats.counters;
        self.counters = counters.counts().map(|(name, count)| (name.to_owned(), count)).collect();
        let names = counters.names_with_values();
        self.frequent = names.map(|name| (name.to_owned(), counters.frequent(name))).collect();
    }
}

impl SinkSummary {
    fn new(stage: &SinkStage) -> Self {
        Self {
            name: stage.name.clone(),
            type_name: stage.type_name,
            transforms: TransformSummary::all(&stage.transforms),
            ..Self::default()
        }
    }

    pub(crate) fn set_stats(&mut self, stats: &SinkStats) {
        for (summary, stats) in self.transforms.iter_mut().zip(&stats.transforms) {
            summary.set_stats(stats);
        }
        self.records_in = stats.records_in;
        self.records = stats.delivered;
        self.failed = stats.skipped + stats.dead_letters;
        self.dead_letters = stats.dead_letters;
    }

    pub(crate) fn set_delivery(&mut self, delivery: Delivery) {
        self.bytes = delivery.bytes;
        (self.requests, self.retries) = (delivery.requests, delivery.retries);
        self.files = delivery.files;
    }
}

/// The current time in whole milliseconds.
pub(crate) fn current_millisecond() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
