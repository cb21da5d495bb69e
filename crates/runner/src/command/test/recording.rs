//! Adds a recorded test to the test file: records, and the output of the transforms.

use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_config::{
    Checked, Diagnostics, ExpectedRefusals, Layers, StageInfo, TestClock, TestInput, Unverified,
    did_you_mean, load_tests, test_file,
};
use taskferry_pipeline::{Pipeline, Registry, Role};
use taskferry_sdk::{LookupAnswers, Lookups, Record};

use super::execute::{TestRun, execute};
use super::pseudonyms::Pseudonyms;
use super::write::{self, Recorded};
use super::{outcome, report};
use crate::command::arguments::RecordingArguments;
use crate::command::diagnostics;
use crate::command_error::{CommandError, Ended};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::trace::RecordTrace;

/// A test that can be recorded: its name is free, and its stage exists.
pub(crate) struct Recording<'a> {
    registry: &'a Registry,
    file: PathBuf,
    target: PathBuf,
    name: String,
    stage: Option<String>,
    is_verbatim: bool,
    /// The line of the test to replace.
    old: Option<usize>,
    /// The lines at which the tests of the file begin.
    lines: Vec<usize>,
    /// The pipeline without anything from the environment, as tests run it.
    checked: Checked,
    /// The pipeline with its environment, for lookups.
    layers: Layers,
}

impl<'a> Recording<'a> {
    /// The recording of a test with this name. `layers` define the pipeline that sends the lookups.
    ///
    /// # Errors
    /// The pipeline or its tests have errors, another test has the name, or the stage does not exist.
    pub(crate) fn new(
        registry: &'a Registry,
        file: &Path,
        name: &str,
        stage: Option<&str>,
        arguments: &RecordingArguments,
        layers: Layers,
    ) -> Result<Self, CommandError> {
        let target = test_file(file);
        let cases = load_tests(file, &Layers::from_file(file), registry)
            .map_err(|found| refused(&found))?;
        let old = cases.iter().find(|case| case.name == name);
        let old = old.and_then(|old| old.position.as_ref());
        let old = old.map(|position| (Path::new(&position.file), position.line));
        check_name(name, old, &target, arguments.replace)?;
        let lines = write::lines_in(&target, &cases);
        let checked = isolated(registry, file)?;
        if let Some(stage) = stage {
            check_stage(stage, &checked.stages)?;
        }
        let (old, is_verbatim) = (old.map(|(_, line)| line), arguments.verbatim);
        Ok(Self {
            registry,
            file: file.to_owned(),
            target,
            name: name.to_owned(),
            stage: stage.map(str::to_owned),
            is_verbatim,
            old,
            lines,
            checked,
            layers: layers.placeholders(true),
        })
    }

    /// The input records of the recorded test, taken from traces: the records of the source, or the records that the tested
    /// transform received.
    pub(crate) fn input(&self, traces: &[RecordTrace]) -> Vec<Record> {
        match self.stage_info() {
            Some(stage) if stage.id.role == Role::Transform => {
                let steps = traces.iter().flat_map(|trace| &trace.steps);
                let own = steps.filter(|step| step.stage == stage.id);
                own.filter_map(|step| step.input.clone()).collect()
            }
            _ => traces.iter().map(|trace| trace.record.clone()).collect(),
        }
    }

    fn stage_info(&self) -> Option<&StageInfo> {
        self.checked.stages.iter().find(|stage| Some(&stage.id.name) == self.stage.as_ref())
    }

    /// Runs the transforms on records, adds the test to the file, and runs it once. `answers` are known answers to lookups. Other
    /// keys are looked up in the services.
    ///
    /// # Errors
    /// There is no record, a record can't be read, a transform fails, or the file can't be written.
    pub(crate) async fn add(self, input: &[Record], answers: LookupAnswers) -> Ended {
        if input.is_empty() {
            return Err(CommandError::usage("no record reaches the stage, so no test is recorded"));
        }
        let original = values(input)?;
        let answers = self.answers(&original, answers).await?;
        let mut pseudonyms = Pseudonyms::new(&texts(&self.checked));
        let (input, lookups) = if self.is_verbatim {
            (original.clone(), answers.clone())
        } else {
            let input = original.iter().map(|record| pseudonyms.record(record)).collect();
            (input, pseudonyms.answers(&answers))
        };
        let lookups = Lookups::prepared(lookups);
        let executed = self.execute(self.isolated()?, &input, &lookups).await?;
        if let Some((stage, key)) = lookups.unanswered().first() {
            return Err(CommandError::usage(format!(
                "the record does not contain the key `{key}` of the lookup `{stage}`, so the key can't be replaced consistently; record the test with `--verbatim`"
            )));
        }
        let outputs = values(&executed.outputs)?;
        if !self.is_verbatim {
            let prepared = Lookups::prepared(answers);
            let verbatim = self.execute(self.isolated()?, &original, &prepared).await?;
            if shape(&verbatim)? != shape(&executed)? {
                return Err(CommandError::usage(format!(
                    "the transforms depend on the replaced strings: the result with replacement is {}, the result without replacement is {}; record the test with `--verbatim`",
                    result(input.len(), &executed),
                    result(input.len(), &verbatim)
                )));
            }
        }
        let Self { registry, file, target, name, .. } = &self;
        let recorded = Recorded {
            name,
            stage: self.stage.as_deref(),
            input: &input,
            lookups: &lookups.answers(),
            outputs: &outputs,
            dropped: executed.known_dropped(),
            refused: expected_refusals(&executed),
        };
        write::write(target, &recorded.to_toml(), self.old, &self.lines)
            .map_err(|error| CommandError::cannot_write(target, &error))?;
        let result = result(input.len(), &executed);
        console::line(&format!("recorded `{name}` in {}: {result}", target.display()));
        console::line(&about_texts(self.is_verbatim, &pseudonyms));
        for warning in &unverified(&self.checked.unverified, recorded.lookups) {
            console::warning(warning);
        }
        repeat(registry, file, name).await
    }

    /// The answers to all lookups for these records.
    ///
    /// # Errors
    /// A service refuses a key. A test can contain only answers, no refusals.
    async fn answers(
        &self,
        input: &[Value],
        known: LookupAnswers,
    ) -> Result<LookupAnswers, CommandError> {
        let lookups = Lookups::prepared(known);
        self.execute(self.isolated()?, input, &lookups).await?;
        if lookups.unanswered().is_empty() {
            return Ok(lookups.answers());
        }
        let checked = taskferry_config::load(&self.layers, self.registry);
        let pipeline = checked.map_err(|found| refused(&found))?.pipeline;
        let lookups = Lookups::recorded();
        let executed = self.execute(pipeline, input, &lookups).await?;
        let answers = lookups.answers();
        let prepared = Lookups::prepared(answers.clone());
        self.execute(self.isolated()?, input, &prepared).await?;
        match prepared.unanswered().first() {
            None => Ok(answers),
            Some((stage, key)) => Err(refused_lookup(stage, key, &executed)),
        }
    }

    async fn execute(
        &self,
        pipeline: Pipeline,
        input: &[Value],
        lookups: &Lookups,
    ) -> Result<TestRun, CommandError> {
        let stage = self.stage_info().map(|stage| &stage.id);
        let (input, clock) = (TestInput::Records(input.to_vec()), TestClock::default());
        let executed = execute(pipeline, stage, &input, &clock, lookups, None).await;
        match executed? {
            TestRun { error: Some(error), .. } => Err(CommandError::new(Exit::TRANSFORM, error)),
            executed => Ok(executed),
        }
    }

    fn isolated(&self) -> Result<Pipeline, CommandError> {
        isolated(self.registry, &self.file).map(|checked| checked.pipeline)
    }
}

fn refused(found: &Diagnostics) -> CommandError {
    diagnostics::refused(found, LogFormat::Text)
}

/// The pipeline without anything from the environment, as tests run it.
fn isolated(registry: &Registry, file: &Path) -> Result<Checked, CommandError> {
    let layers = Layers::from_file(file).placeholders(true);
    taskferry_config::load(&layers, registry).map_err(|found| refused(&found))
}

/// The error about a key that has no answer, with the reason why its record was refused.
fn refused_lookup(stage: &str, key: &str, executed: &TestRun) -> CommandError {
    // With several refusals, the reason may belong to another key.
    let mut reasons = executed.refused.iter().filter(|(refused_by, _)| refused_by == stage);
    let reason = match (reasons.next(), reasons.next()) {
        (Some((_, reason)), None) => format!(": {reason}"),
        _ => String::new(),
    };
    CommandError::new(
        Exit::TRANSFORM,
        format!(
            "the service of `{stage}` refuses `{key}`{reason}; a test contains answers only, so nothing is recorded: correct the \
             key or the service, or record another job"
        ),
    )
}

/// The properties that must be equal with and without replacement: the numbers of records, and the structure of the outputs,
/// without strings and numbers.
fn shape(executed: &TestRun) -> Result<(u64, usize, Vec<Value>), CommandError> {
    let outputs = values(&executed.outputs)?.iter().map(without_texts).collect();
    Ok((executed.known_dropped(), executed.refused.len(), outputs))
}

fn without_texts(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::from(""),
        Value::Number(_) => Value::from(0),
        Value::Array(items) => items.iter().map(without_texts).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(key, field)| (key.clone(), without_texts(field)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

fn values(records: &[Record]) -> Result<Vec<Value>, CommandError> {
    let values = records.iter().map(Record::value);
    values.map(|value| value.map_err(|error| CommandError::usage(error.full_message()))).collect()
}

/// Runs the recorded test, to detect a pipeline that depends on anything other than the records.
async fn repeat(registry: &Registry, file: &Path, name: &str) -> Ended {
    let cases =
        load_tests(file, &Layers::from_file(file), registry).map_err(|found| refused(&found))?;
    let Some(case) = cases.into_iter().find(|case| case.name == name) else {
        return Err(CommandError::usage(format!("the recorded test `{name}` can't be found")));
    };
    let outcome = outcome::run(registry, file, case).await;
    report::outcome(&outcome);
    if outcome.is_ok() {
        return Ok(Exit::COMPLETE);
    }
    console::warning(
        "the transforms are not deterministic: a second run of the recorded test returned other records",
    );
    Ok(Exit::UNMET)
}

/// Refuses a name that another test has, unless the test is replaced.
fn check_name(
    name: &str,
    old: Option<(&Path, usize)>,
    target: &Path,
    replace: bool,
) -> Result<(), CommandError> {
    if name.trim().is_empty() {
        return Err(CommandError::usage("the name of a test must not be empty"));
    }
    let Some((file, line)) = old else { return Ok(()) };
    let at = format!("{}:{line}", file.display());
    if file != target {
        return Err(CommandError::usage(format!(
            "the test `{name}` is in {at}, a file that `--record` does not change; choose another name, or remove the test from that file"
        )));
    }
    if !replace {
        return Err(CommandError::usage(format!(
            "there is already a test `{name}` in {at}; choose another name, or add `--replace`"
        )));
    }
    Ok(())
}

fn check_stage(name: &str, stages: &[StageInfo]) -> Result<(), CommandError> {
    let all = stages.iter().filter(|stage| stage.id.role != Role::Source);
    let names: Vec<&str> = all.map(|stage| stage.id.name.as_str()).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let all = || format!("the transforms and sinks are `{}`", names.join("`, `"));
    let help = did_you_mean(name, &names, all);
    Err(CommandError::usage(format!("the pipeline has no transform or sink `{name}`; {help}")))
}

/// The texts of the files that the pipeline reads.
fn texts(checked: &Checked) -> Vec<String> {
    let texts = checked.files.inputs().filter_map(|path| std::fs::read_to_string(path).ok());
    texts.collect()
}

/// Warnings about placeholders in transforms, because the recorded output may depend on them. There is no warning about the
/// service of a lookup, because the test contains its answers.
fn unverified(placeholders: &[Unverified], lookups: &LookupAnswers) -> Vec<String> {
    let in_transform = placeholders.iter().filter(|it| {
        let option = it.option.to_string();
        let is_service = !lookups.is_empty() && option.contains(".lookup.");
        !is_service && (option.starts_with("transform") || option.contains(".transform["))
    });
    let warning = |it: &Unverified| {
        format!(
            "the variable `{}` in `{}` is not set and was replaced by a placeholder; set the variable in `[test.env]` and record the test again with `--replace`",
            it.variable, it.option
        )
    };
    in_transform.map(warning).collect()
}

/// The reason of all refusals, or their number if the reasons differ.
fn expected_refusals(executed: &TestRun) -> Option<ExpectedRefusals> {
    let ((_, first), others) = executed.refused.split_first()?;
    Some(if others.iter().all(|(_, reason)| reason == first) {
        ExpectedRefusals::Reason(first.clone())
    } else {
        ExpectedRefusals::Count(executed.refused.len() as u64)
    })
}

/// Describes the output of the transforms.
fn result(input: usize, executed: &TestRun) -> String {
    let output = executed.outputs.len();
    let more = [(executed.known_dropped(), "dropped"), (executed.refused.len() as u64, "refused")];
    let more = more.iter().filter(|(count, _)| *count > 0);
    let more = more.map(|(count, what)| format!("{count} {what}"));
    let all = [format!("{input} in"), format!("{output} out")].into_iter().chain(more);
    all.collect::<Vec<_>>().join(", ")
}

fn about_texts(is_verbatim: bool, pseudonyms: &Pseudonyms) -> String {
    if is_verbatim {
        return "  ids and strings were not replaced (`--verbatim`); check that you may share them"
            .to_owned();
    }
    match pseudonyms.replaced() {
        (0, _) => "  no text was replaced".to_owned(),
        (count, fields) => format!(
            "  {count} ids and strings were replaced in: {}; numbers, dates, levels and strings that occur in the files of the pipeline were not replaced",
            fields.join(", ")
        ),
    }
}
