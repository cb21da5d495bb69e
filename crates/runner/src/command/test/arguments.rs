//! The arguments of `taskferry test`.

use std::path::{Path, PathBuf};

use clap::Args;
use taskferry_config::Layers;

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// The pipeline files. Tests are in the pipeline file, or in `NAME.test.toml` beside `NAME.toml`
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Run only the tests whose name contains this text
    #[arg(long, value_name = "TEXT", conflicts_with = "record")]
    pub(crate) filter: Option<String>,
    /// Write the results to this file, as `JUnit` XML
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub(crate) junit: Option<PathBuf>,
    /// Print the results as JSON
    #[arg(long, conflicts_with = "record")]
    pub(crate) json: bool,
    /// Merge this file over the pipeline file. Repeatable
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Set one value of the pipeline, for example `transform.0.levels=["H1"]`. Repeatable
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "record")]
    pub(crate) set: Vec<String>,
    #[command(flatten)]
    pub(crate) job: RecordedJob,
    #[command(flatten)]
    pub(crate) recording: RecordingArguments,
}

/// The job in a recorded test.
#[derive(Debug, Args)]
pub(crate) struct RecordedJob {
    /// The `external_id` of the job to record
    #[arg(long, value_name = "JOB", requires = "record", allow_negative_numbers = true)]
    pub(crate) id: Option<String>,
    /// Read the job from this file, not from the source: NDJSON, a JSON array, one object, or a page
    #[arg(long, value_name = "FILE", requires = "record")]
    pub(crate) input: Option<PathBuf>,
    /// Record the output of this transform alone, or of the transforms of this sink. By default, record the
    /// output of all transforms of the pipeline
    #[arg(long, value_name = "STAGE", requires = "record")]
    pub(crate) stage: Option<String>,
    /// Read a generated job from a sandbox
    #[arg(long, requires = "record", conflicts_with = "input")]
    pub(crate) sandbox: bool,
}

/// How a test is recorded.
#[derive(Debug, Args)]
pub(crate) struct RecordingArguments {
    /// Record a test with this name in `NAME.test.toml`: the input, with ids and strings replaced, and the output of the
    /// transforms
    #[arg(long, value_name = "NAME")]
    pub(crate) record: Option<String>,
    /// Keep the ids and texts in the recorded test
    #[arg(long, requires = "record")]
    pub(crate) verbatim: bool,
    /// Replace the recorded test with the same name
    #[arg(long, requires = "record")]
    pub(crate) replace: bool,
}

impl TestArguments {
    /// A pipeline file with the layers over it. Each test adds its variables.
    pub(crate) fn layers(&self, file: &Path) -> Layers {
        Layers::with_overlays(file, &self.overlay, &self.set)
    }
}
