//! `taskferry test --record`: records a test with one job.

use std::path::{Path, PathBuf};

use taskferry_engine::StopSignal;
use taskferry_pipeline::Registry;
use taskferry_sdk::{LookupAnswers, Record};

use super::execute::output;
use super::recording::Recording;
use crate::command::arguments::{LayerArguments, RecordedJob, RecordingArguments};
use crate::command::diagnostics::load;
use crate::command::record_file;
use crate::command_error::{CommandError, Ended};
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::trace::{Selection, trace};

/// Records the test `name` of one pipeline file.
pub(crate) async fn record(
    registry: &Registry,
    files: &[PathBuf],
    name: &str,
    job: &RecordedJob,
    arguments: &RecordingArguments,
) -> Ended {
    let [file] = files else {
        return Err(CommandError::usage("`--record` needs exactly one pipeline file"));
    };
    let layers = layers(job).layers(file);
    let stage = job.stage.as_deref();
    let recording = Recording::new(registry, file, name, stage, arguments, layers)?;
    let record = match &job.input {
        Some(path) => from_file(path, job.id.as_deref())?,
        None => from_source(registry, file, job).await?,
    };
    recording.add(&[record], LookupAnswers::new()).await
}

fn layers(job: &RecordedJob) -> LayerArguments {
    LayerArguments { overlay: Vec::new(), set: Vec::new(), sandbox: job.sandbox }
}

/// A record of a file.
fn from_file(path: &Path, id: Option<&str>) -> Result<Record, CommandError> {
    let shown = path.display();
    let records = record_file::read(path)?;
    let count = records.len();
    let record = match (id, records.as_slice()) {
        (Some(id), records) => records.iter().find(|record| record.id.as_deref() == Some(id)),
        (None, [only]) => Some(only),
        (None, _) => {
            return Err(format!("`{shown}` has {count} records; add `--id JOB`").into());
        }
    };
    record.map(|record| record.record.clone()).ok_or_else(|| {
        let id = id.unwrap_or_default();
        format!("none of the {count} records in `{shown}` has the `external_id` `{id}`").into()
    })
}

/// A record of the source. The transforms and sinks of the pipeline are not used.
async fn from_source(
    registry: &Registry,
    file: &Path,
    job: &RecordedJob,
) -> Result<Record, CommandError> {
    let Some(id) = job.id.clone() else {
        let message = "`--record` needs the job: add `--id JOB`, or `--input FILE`";
        return Err(CommandError::usage(message));
    };
    let mut pipeline = load(&layers(job).layers(file), registry, LogFormat::Text)?.pipeline;
    pipeline.transforms = Vec::new();
    pipeline.sinks = vec![output("output".to_owned())];
    let selection = Selection::of_id(&id);
    let mut traced = trace(pipeline, None, selection, None, StopSignal::never()).await;
    traced.records.pop().map(|found| found.record).ok_or_else(|| match traced.report.error {
        Some(failure) => {
            let exit = Exit(traced.report.manifest.exit_code);
            CommandError::new(exit, failure.error().full_message())
        }
        None => format!("the listing has no job `{id}`; {} jobs were read", traced.read).into(),
    })
}
