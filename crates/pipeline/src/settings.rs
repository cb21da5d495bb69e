//! What a pipeline file says about the run as a whole, beside its stages.

use schemars::JsonSchema;
use serde::Deserialize;

use taskferry_sdk::{Duration, PathTemplate};

/// Where a pipeline's state is kept from run to run, and how a run goes on with one that ended early.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateOptions {
    /// The folder for checkpoints, locks and manifests, relative to the working directory; each pipeline has a
    /// folder of its own in it.
    pub dir: String,
    /// How old a checkpoint may be for a run to go on there; with an older one it starts over. Also how long ago the last run may
    /// have ended for `run --if-incomplete` to do nothing.
    pub resume_within: Duration,
    /// How far apart checkpoints are while pages come faster than that: a run that is killed repeats the pages behind the last
    /// one. `"0s"` writes one after every page, as is done in any case where a sink sends what can't be taken back.
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

/// What an export must look like to be believed. One that does not is not published, and the run ends with exit
/// code 8.
///
/// It is looked at when the listing is complete: files have not got their names yet, but what goes to a webhook or to
/// standard output is there by then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectOptions {
    /// How many jobs the source must return at least.
    pub min_jobs: Option<u64>,
    /// By how many percent the number of jobs may be lower than in the last complete run that read the same listing, from 0 to
    /// 100.
    #[schemars(range(max = 100))]
    pub max_drop_percent: Option<u8>,
    /// How long ago the run may have begun when its output is published. The listing is live: an export that was
    /// interrupted and resumed, or read slowly, mixes what was true at different times.
    pub max_age: Option<Duration>,
    /// Whether the output is published even so; the exit code stays 8.
    pub publish_anyway: bool,
}

/// Where records go that a stage refuses with `on_error = "dead_letter"`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterOptions {
    /// The file, relative to the working directory: one record a line, with the stage, the error and the origin.
    ///
    /// `{pipeline}`, `{date}`, `{time}`, `{run_id}` and `{shard}` are filled in. Without a dead letter there is no file.
    pub path: PathTemplate,
}
