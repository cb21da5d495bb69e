//! Settings of a pipeline file that apply to the whole run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use taskferry_sdk::{Duration, PathTemplate};

/// Where the pipeline's state is stored, and when a run resumes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateOptions {
    /// The folder for the state of pipelines, relative to the working directory. Each pipeline has its own subfolder.
    pub dir: String,
    /// The maximum age of a checkpoint. With an older checkpoint, the run starts over. `run --if-incomplete` does nothing if the
    /// last run is complete and ended within this time.
    pub resume_within: Duration,
    /// The minimum time between two checkpoints. After a crash, the next run repeats the pages after the last
    /// checkpoint. `"0s"` saves a checkpoint after every page. A pipeline with a webhook always saves a checkpoint
    /// after every page.
    pub commit_interval: Duration,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self {
            dir: ".taskferry".to_owned(),
            resume_within: Duration::from_secs(24 * 60 * 60),
            commit_interval: Duration::from_millis(250),
        }
    }
}

/// Checks of a complete export. An export that violates a check is not published, and the run ends with exit code 8.
///
/// The checks run before files are published, but after webhooks and standard output have received the records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectOptions {
    /// The minimum number of jobs.
    pub min_jobs: Option<u64>,
    /// The minimum number of records that each sink receives, after the transforms. Not checked with `--shard`.
    pub min_records: Option<u64>,
    /// The maximum drop in the number of jobs since the last complete run of the same listing, in percent, from 0 to 100.
    #[schemars(range(max = 100))]
    pub max_drop_percent: Option<u8>,
    /// The maximum time from the start of the run to publishing. Jobs change during a run, so a slow or resumed export mixes data
    /// from different times.
    pub max_age: Option<Duration>,
    /// The action if fields of the records differ from the last complete run of the same listing: fields that are new, missing,
    /// of another type, or empty more often or less often than before. `warn` (default), `ignore`, or `fail`. The manifest lists the
    /// differences in any case.
    pub drift: DriftAction,
    /// Publishes the export even if it violates a check. The exit code is still 8.
    pub publish_anyway: bool,
}

/// The action if the fields of the records have changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftAction {
    /// Nothing.
    Ignore,
    /// A warning.
    #[default]
    Warn,
    /// The export is not published.
    Fail,
}

/// The file for records that a stage with `on_error = "dead_letter"` refuses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterOptions {
    /// The path, relative to the working directory. It must contain `{run_id}`. The other placeholders are `{pipeline}`,
    /// `{date}`, `{time}` (the start of the run, in UTC) and `{shard}`. The file is created with the first dead letter.
    pub path: PathTemplate,
}

/// A test of the pipeline: `[[test]]` in the pipeline file `NAME.toml`, or in `NAME.test.toml` beside it.
///
/// `taskferry test` passes the records of `input` through the transforms, and compares the output. A test sends no request,
/// writes no output, and sees only the environment variables in `env`.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestOptions {
    /// The name of the test.
    pub name: String,
    /// The records that the first transform receives: a list of tables, JSON text, or the path of a file with JSON, NDJSON or
    /// dead letters. A dead letter starts at the stage that refused the record. A relative path starts at the folder of the file
    /// with the test.
    pub input: Value,
    /// The records of an earlier complete run, as in `input`: the transform `changes` compares with them. By default there was no
    /// earlier run.
    pub before: Option<Value>,
    /// The answers of HTTP services to the transform NAME, by key: a table `[test.lookups.NAME]`, JSON text, or the path of a
    /// file with JSON. In JSON, `null` means that the service does not have the key. A lookup without an answer fails the test.
    #[serde(default)]
    pub lookups: BTreeMap<String, Value>,
    /// The transforms that run: by default, all transforms of the pipeline. The name of a transform selects only this transform.
    /// The name of a sink selects all transforms of the pipeline and of the sink.
    pub stage: Option<String>,
    /// All output records, in order: a list of tables, JSON text, or the path of a file.
    pub expect: Option<Value>,
    /// How records are compared with `expect`: `exact` (default), `subset` (the fields in `expect` only), or `unordered` (in any
    /// order).
    #[serde(rename = "match")]
    pub comparison: Option<Comparison>,
    /// A jq expression that is `true` for every output record. The test needs at least one output record.
    pub expect_jq: Option<String>,
    /// The number of records of `input` without output, except refused records.
    pub expect_dropped: Option<u64>,
    /// The number of refused records, or a text that the reason of every refusal contains. By default, no record may be refused.
    pub expect_refused: Option<Value>,
    /// The start of the run. By default `2000-01-01T00:00:00Z`.
    pub clock: Option<String>,
    /// The environment variables of the test: `[test.env]`. A placeholder replaces a variable that is not set.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
}

/// How a test compares records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The same records with the same fields, in order.
    #[default]
    Exact,
    /// The same number of records, in order. Only the expected fields are compared.
    Subset,
    /// The same records with the same fields, in any order.
    Unordered,
}
