//! Settings of a pipeline file that apply to the whole run.

use schemars::JsonSchema;
use serde::Deserialize;

use taskferry_sdk::{Duration, PathTemplate};

/// Where the pipeline's state is stored, and when a run resumes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StateOptions {
    /// The folder for checkpoints, locks and manifests, relative to the working directory. Each pipeline has its own folder in
    /// it.
    pub dir: String,
    /// The maximum age of a checkpoint. With an older one, the run starts over. Also the maximum age of a finished run for which
    /// `run --if-incomplete` does nothing.
    pub resume_within: Duration,
    /// The minimum time between two checkpoints. After a crash, the next run repeats the pages after the last checkpoint. `"0s"`
    /// saves a checkpoint after every page; so do pipelines with a sink that can't undo a write, whatever the interval.
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

/// Checks of a complete export. An export that violates them is not published, and the run ends with exit code 8.
///
/// The checks run when the listing is complete. Files are not published yet, but batches have been sent to webhooks and written to
/// standard output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectOptions {
    /// The minimum number of jobs.
    pub min_jobs: Option<u64>,
    /// The maximum drop in the number of jobs since the last complete run of the same listing, in percent, from 0 to 100.
    #[schemars(range(max = 100))]
    pub max_drop_percent: Option<u8>,
    /// The maximum time from the start of the run to publishing. Jobs change during a run, so a slow or resumed export mixes data
    /// from different times.
    pub max_age: Option<Duration>,
    /// Publishes the export even if it violates the checks. The exit code is still 8.
    pub publish_anyway: bool,
}

/// The file for records that a stage with `on_error = "dead_letter"` refuses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterOptions {
    /// The path, relative to the working directory. The file has one record per line, with the stage, the error and the origin. It
    /// is created with the first dead letter.
    ///
    /// The placeholders are `{pipeline}`, `{date}`, `{time}`, `{run_id}` and `{shard}`.
    pub path: PathTemplate,
}
