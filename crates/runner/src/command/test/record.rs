//! Records a test: reads one job, runs the transforms, and writes input and output as a test.

use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_config::{
    Checked, Layers, TestCase, TestInput, default_clock, load_tests, test_file,
};
use taskferry_engine::StopSignal;
use taskferry_pipeline::{Registry, Role, StageId};
use taskferry_sdk::{Record, nearest};

use super::execute::{execute, output};
use super::pseudonyms::Pseudonyms;
use super::write::{self, Recorded};
use super::{outcome, report};
use crate::command::arguments::{LayerArguments, RecordingArguments};
use crate::command::{mistakes, run};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::trace::{RecordTrace, Selection, trace};

/// Why a test was not recorded: the exit code, and a message if none was written.
struct Failed(Exit, Option<String>);

impl Failed {
    fn usage(message: impl Into<String>) -> Self {
        Self(Exit::USAGE, Some(message.into()))
    }
}

impl From<Exit> for Failed {
    fn from(exit: Exit) -> Self {
        Self(exit, None)
    }
}

/// Records the test `name` of one pipeline file.
pub(crate) async fn record(
    registry: &Registry,
    files: &[PathBuf],
    name: &str,
    arguments: &RecordingArguments,
) -> Exit {
    let [file] = files else {
        console::error("`--record` needs exactly one pipeline file");
        return Exit::USAGE;
    };
    match write_test(registry, file, name, arguments).await {
        Ok(exit) => exit,
        Err(Failed(exit, message)) => {
            if let Some(message) = message {
                console::error(&message);
            }
            exit
        }
    }
}

async fn write_test(
    registry: &Registry,
    file: &Path,
    name: &str,
    arguments: &RecordingArguments,
) -> Result<Exit, Failed> {
    let target = test_file(file);
    let cases = load_tests(file, registry).map_err(|found| {
        mistakes::write_all(&found, LogFormat::Text);
        Failed::from(Exit::USAGE)
    })?;
    let old = old_line(&cases, name, &target, arguments.replace)?;
    let job = match &arguments.input {
        Some(path) => from_file(path, arguments.id.as_deref())?,
        None => from_source(registry, file, arguments).await?,
    };
    let checked = isolated(registry, file)?;
    let stage = stage(&checked, arguments.stage.as_deref())?;
    let mut pseudonyms = Pseudonyms::new(&texts(&checked));
    let job = if arguments.verbatim { job } else { pseudonyms.record(&job) };
    let unverified = unverified(&checked);
    let input = TestInput::Records(vec![job.clone()]);
    let executed = execute(checked.pipeline, stage.as_ref(), &input, default_clock()).await;
    let executed = executed.map_err(Failed::usage)?;
    if let Some(error) = executed.error {
        return Err(Failed(Exit::TRANSFORM, Some(error)));
    }
    let outputs = executed.outputs.iter().map(Record::value).collect::<Result<Vec<_>, _>>();
    let outputs = outputs.map_err(|error| Failed::usage(error.full_message()))?;
    let recorded = Recorded {
        name,
        stage: arguments.stage.as_deref(),
        input: &job,
        outputs: &outputs,
        dropped: executed.dropped,
        refused: executed.refused.first().map(|(_, reason)| reason.as_str()),
    };
    let lines = write::lines_in(&target, &cases);
    write::write(&target, &recorded.to_toml(), old, &lines).map_err(|error| {
        Failed(Exit::SINK, Some(format!("can't write `{}`: {error}", target.display())))
    })?;
    let what = match (recorded.refused.is_some(), outputs.len()) {
        (true, _) => "the job is refused".to_owned(),
        (false, 0) => "the job is dropped".to_owned(),
        (false, 1) => "one record comes out".to_owned(),
        (false, count) => format!("{count} records come out"),
    };
    console::line(&format!("recorded `{name}` in {}: {what}", target.display()));
    console::line(&about_texts(arguments.verbatim, &pseudonyms));
    for warning in unverified {
        console::warning(&warning);
    }
    repeat(registry, file, name).await
}

/// Runs the recorded test: a pipeline that depends on anything else than the record gives another result.
async fn repeat(registry: &Registry, file: &Path, name: &str) -> Result<Exit, Failed> {
    let cases = load_tests(file, registry).map_err(|found| {
        mistakes::write_all(&found, LogFormat::Text);
        Failed::from(Exit::USAGE)
    })?;
    let Some(case) = cases.into_iter().find(|case| case.name == name) else {
        return Err(Failed::usage(format!("the recorded test `{name}` can't be found")));
    };
    let outcome = outcome::run(registry, file, case).await;
    report::outcome(&outcome);
    if outcome.is_ok() {
        return Ok(Exit::COMPLETE);
    }
    console::warning("the transforms return other records each time, for example because of `now`");
    Ok(Exit::UNMET)
}

/// The line of the test that is replaced.
fn old_line(
    cases: &[TestCase],
    name: &str,
    target: &Path,
    replace: bool,
) -> Result<Option<usize>, Failed> {
    if name.trim().is_empty() {
        return Err(Failed::usage("the name of a test must not be empty"));
    }
    let Some(old) = cases.iter().find(|case| case.name == name) else { return Ok(None) };
    let Some(position) = &old.position else { return Ok(None) };
    let (file, line) = (&position.file, position.line);
    if Path::new(file) != target {
        return Err(Failed::usage(format!(
            "the test `{name}` is in {file}:{line}, where `--record` does not write; choose another name, or remove it there"
        )));
    }
    if !replace {
        return Err(Failed::usage(format!(
            "there is already a test `{name}` in {file}:{line}; choose another name, or add `--replace`"
        )));
    }
    Ok(Some(line))
}

/// The pipeline without anything from the environment, as tests run it.
fn isolated(registry: &Registry, file: &Path) -> Result<Checked, Failed> {
    let layers = Layers::from_file(file).placeholders(true);
    taskferry_config::load(&layers, registry).map_err(|found| {
        mistakes::write_all(&found, LogFormat::Text);
        Exit::USAGE.into()
    })
}

fn stage(checked: &Checked, name: Option<&str>) -> Result<Option<StageId>, Failed> {
    let Some(name) = name else { return Ok(None) };
    let all = || checked.stages.iter().filter(|stage| stage.id.role != Role::Source);
    if let Some(stage) = all().find(|stage| stage.id.name == name) {
        return Ok(Some(stage.id.clone()));
    }
    let names: Vec<&str> = all().map(|stage| stage.id.name.as_str()).collect();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the transforms and sinks are `{}`", names.join("`, `")),
    };
    Err(Failed::usage(format!("the pipeline has no transform or sink `{name}`; {help}")))
}

/// The texts of the files that the pipeline reads.
fn texts(checked: &Checked) -> Vec<String> {
    let texts = checked.files.inputs().filter_map(|path| std::fs::read_to_string(path).ok());
    texts.collect()
}

/// Warnings about placeholders in transforms, which the recorded records may depend on.
fn unverified(checked: &Checked) -> Vec<String> {
    let in_transform = checked.unverified.iter().filter(|it| {
        let option = it.option.to_string();
        option.starts_with("transform") || option.contains(".transform[")
    });
    let warning = |it: &taskferry_config::Unverified| {
        format!(
            "a placeholder stands for `{}` in `{}`; set it in `[test.env]` and record the test again with `--replace`",
            it.variable, it.option
        )
    };
    in_transform.map(warning).collect()
}

fn about_texts(verbatim: bool, pseudonyms: &Pseudonyms) -> String {
    if verbatim {
        return "  ids and texts are those of the record (`--verbatim`); check that you may share them"
            .to_owned();
    }
    match pseudonyms.replaced() {
        (0, _) => "  no text was replaced".to_owned(),
        (count, fields) => format!(
            "  {count} ids and texts were replaced in: {}; numbers, dates, levels and what the files of the pipeline mention stay",
            fields.join(", ")
        ),
    }
}

/// A record of a file with JSON.
fn from_file(path: &Path, id: Option<&str>) -> Result<Value, Failed> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failed::usage(format!("can't read `{shown}`: {error}")))?;
    let read = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let records = read.collect::<Result<Vec<_>, _>>();
    let mut records = records.map_err(|error| {
        Failed::usage(format!("`{shown}` is not JSON, one record a line: {error}"))
    })?;
    if let [Value::Array(items)] = &mut records[..] {
        records = std::mem::take(items);
    }
    let count = records.len();
    let record = match id {
        Some(id) => {
            records.into_iter().find(|it| it.get("external_id").is_some_and(|own| own == id))
        }
        None if count == 1 => records.pop(),
        None => {
            return Err(Failed::usage(format!("`{shown}` has {count} records; add `--id JOB`")));
        }
    };
    record.ok_or_else(|| {
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
    arguments: &RecordingArguments,
) -> Result<Value, Failed> {
    let Some(id) = arguments.id.clone() else {
        return Err(Failed::usage("`--record` needs the job: add `--id JOB`, or `--input FILE`"));
    };
    let layers =
        LayerArguments { overlay: Vec::new(), set: Vec::new(), sandbox: arguments.sandbox };
    let mut pipeline = run::load(registry, &layers, file, LogFormat::Text)?.pipeline;
    pipeline.transforms = Vec::new();
    pipeline.sinks = vec![output("output".to_owned())];
    let wanted = id.clone();
    let selection = Selection {
        keep: Box::new(move |record: &RecordTrace| is_job(record, &wanted)),
        is_enough: Box::new(|found: &[RecordTrace]| !found.is_empty()),
        max_pages: u64::MAX,
    };
    let mut traced = trace(pipeline, None, selection, None, StopSignal::never()).await;
    let Some(found) = traced.records.pop() else {
        return Err(match traced.report.error {
            Some(failure) => {
                let message = failure.error().full_message();
                Failed(Exit(traced.report.manifest.exit_code), Some(message))
            }
            None => Failed::usage(format!(
                "the listing has no job `{id}`; {} jobs were read",
                traced.read
            )),
        });
    };
    found.record.value().map_err(|error| Failed::usage(error.full_message()))
}

fn is_job(record: &RecordTrace, id: &str) -> bool {
    if record.origin.job.as_deref() == Some(id) {
        return true;
    }
    let own = record.record.root().ok().and_then(|root| root.get("external_id")?.as_str());
    own.is_some_and(|own| own == id)
}
