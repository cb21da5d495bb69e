//! `taskferry test`: runs the tests of pipelines, and records them.

pub(super) mod arguments;
mod compare;
mod earlier_run;
mod execute;
mod json;
mod junit;
mod outcome;
mod pseudonyms;
mod record;
pub(super) mod recording;
mod report;
mod write;

use std::path::Path;

use taskferry_config::{TestCase, is_same_file, load_tests, pipeline_files, test_file};
use taskferry_pipeline::Registry;

use super::arguments::TestArguments;
use super::diagnostics;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use outcome::Outcome;

/// Runs the tests of pipeline files, or records one.
pub(crate) async fn test(registry: &Registry, mut arguments: TestArguments) -> Ended {
    arguments.files = pipeline_files(&arguments.files);
    if let Some(name) = &arguments.recording.record {
        let TestArguments { files, job, recording, .. } = &arguments;
        return record::record(registry, files, name, job, recording).await;
    }
    if let Some(conflict) = arguments.junit.as_deref().and_then(|path| input_at(path, &arguments)) {
        let message = format!("`--junit` would overwrite {conflict}; choose another path");
        return Err(CommandError::usage(message));
    }
    let (mut outcomes, mut has_errors) = (Vec::new(), false);
    for file in &arguments.files {
        match load_tests(file, &arguments.layers(file), registry) {
            Ok(cases) => outcomes.extend(run_all(registry, file, cases, &arguments).await),
            Err(found) => {
                diagnostics::write_all(&found, LogFormat::Text);
                has_errors = true;
            }
        }
    }
    report::summary(&outcomes);
    let exit =
        write_files(&arguments, &outcomes).unwrap_or_else(|error| error.write(LogFormat::Text));
    if has_errors {
        return Ok(Exit::USAGE);
    }
    if outcomes.is_empty() {
        return Err(CommandError::usage(no_tests(&arguments)));
    }
    Ok(if outcomes.iter().any(|outcome| !outcome.is_ok()) { Exit::UNMET } else { exit })
}

/// Writes the results as `JUnit` XML and as JSON, if that was asked for.
fn write_files(arguments: &TestArguments, outcomes: &[Outcome]) -> Ended {
    if let Some(path) = &arguments.junit {
        std::fs::write(path, junit::document(outcomes))
            .map_err(|error| CommandError::cannot_write(path, &error))?;
    }
    if arguments.json {
        return printed(console::document(&json::document(outcomes)));
    }
    Ok(Exit::COMPLETE)
}

/// Runs the selected tests of one pipeline file, and writes their results.
async fn run_all(
    registry: &Registry,
    file: &Path,
    cases: Vec<TestCase>,
    arguments: &TestArguments,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let selected = arguments.filter.as_deref().unwrap_or_default();
    for case in cases.into_iter().filter(|case| case.name.contains(selected)) {
        let outcome = outcome::run(registry, file, case).await;
        report::outcome(&outcome);
        outcomes.push(outcome);
    }
    outcomes
}

/// The pipeline file, or the test file, at a path.
fn input_at(path: &Path, arguments: &TestArguments) -> Option<String> {
    let inputs = arguments.files.iter().flat_map(|file| [file.clone(), test_file(file)]);
    let mut inputs = inputs.filter(|input| is_same_file(input, path));
    inputs.next().map(|input| format!("`{}`", input.display()))
}

fn no_tests(arguments: &TestArguments) -> String {
    match &arguments.filter {
        Some(text) => format!("no test has a name that contains `{text}`"),
        None => "there are no tests; write a table `[[test]]`, or record one: \
                 `taskferry test FILE --record NAME --id JOB`"
            .to_owned(),
    }
}
