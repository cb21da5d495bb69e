//! `taskferry test --record`: records a test with one job.

use std::path::{Path, PathBuf};

use taskferry_engine::StopSignal;
use taskferry_pipeline::Registry;
use taskferry_sdk::{LookupAnswers, Record};

use super::execute::output;
use super::recording::{Failed, Recording};
use crate::command::arguments::{LayerArguments, RecordedJob, RecordingArguments};
use crate::command::{record_file, run};
use crate::console;
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
) -> Exit {
    let [file] = files else {
        console::error("`--record` needs exactly one pipeline file");
        return Exit::USAGE;
    };
    let recorded = async {
        let layers = layers(job).layers(file);
        let stage = job.stage.as_deref();
        let recording = Recording::new(registry, file, name, stage, arguments, layers)?;
        let record = match &job.input {
            Some(path) => from_file(path, job.id.as_deref())?,
            None => from_source(registry, file, job).await?,
        };
        recording.add(&[record], LookupAnswers::new()).await
    };
    recorded.await.unwrap_or_else(Failed::write)
}

fn layers(job: &RecordedJob) -> LayerArguments {
    LayerArguments { overlay: Vec::new(), set: Vec::new(), sandbox: job.sandbox }
}

/// A record of a file.
fn from_file(path: &Path, id: Option<&str>) -> Result<Record, Failed> {
    let shown = path.display();
    let records = record_file::read(path).map_err(Failed::usage)?;
    let count = records.len();
    let record = match (id, records.as_slice()) {
        (Some(id), records) => records.iter().find(|record| record.id.as_deref() == Some(id)),
        (None, [only]) => Some(only),
        (None, _) => {
            return Err(Failed::usage(format!("`{shown}` has {count} records; add `--id JOB`")));
        }
    };
    record.map(|record| record.record.clone()).ok_or_else(|| {
        let id = id.unwrap_or_default();
        Failed::usage(format!(
            "none of the {count} records in `{shown}` has the `external_id` `{id}`"
        ))
    })
}

/// A record of the source. The transforms and sinks of the pipeline are not used.
async fn from_source(
    registry: &Registry,
    file: &Path,
    job: &RecordedJob,
) -> Result<Record, Failed> {
    let Some(id) = job.id.clone() else {
        return Err(Failed::usage("`--record` needs the job: add `--id JOB`, or `--input FILE`"));
    };
    let mut pipeline = run::load(registry, &layers(job), file, LogFormat::Text)?.pipeline;
    pipeline.transforms = Vec::new();
    pipeline.sinks = vec![output("output".to_owned())];
    let selection = Selection::of_id(&id);
    let mut traced = trace(pipeline, None, selection, None, StopSignal::never()).await;
    traced.records.pop().map(|found| found.record).ok_or_else(|| match traced.report.error {
        Some(failure) => {
            let message = failure.error().full_message();
            Failed(Exit(traced.report.manifest.exit_code), Some(message))
        }
        None => {
            Failed::usage(format!("the listing has no job `{id}`; {} jobs were read", traced.read))
        }
    })
}
