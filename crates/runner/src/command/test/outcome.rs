//! Runs one test, and compares the emitted records with the expected records.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;
use taskferry_config::{ExpectedRefusals, StageInfo, TestCase, TestClock, load_for_test, toml_key};
use taskferry_pipeline::Registry;
use taskferry_sdk::{Lookups, Record, shortened};

use super::compare::{Mismatch, mismatch};
use super::earlier_run::{EarlierRun, run_context};
use super::execute::{TestRun, execute, parse, selected};
use crate::command::expression::Expression;
use crate::command::format::count;
use crate::trace::RecordTrace;

/// The option with an expression that is true for all output records.
const EXPRESSION: &str = "expect_jq";

/// The maximum number of characters of a result that a message contains.
const MAX_CHARACTERS: usize = 200;

/// The result of a test.
pub(crate) struct Outcome {
    /// The pipeline file.
    pub(crate) file: PathBuf,
    pub(crate) case: TestCase,
    pub(crate) duration: Duration,
    pub(crate) failures: Vec<Failure>,
    /// The emitted records.
    pub(crate) outputs: Vec<Value>,
    /// The stages of the pipeline.
    pub(crate) stages: Vec<StageInfo>,
    /// The traces of the input records.
    pub(crate) records: Vec<RecordTrace>,
    /// Notes that are not failures.
    pub(crate) notes: Vec<String>,
}

/// One expectation that is not met.
pub(crate) struct Failure {
    /// What differs, in one line.
    pub(crate) message: String,
    /// The expected and the actual records.
    pub(crate) mismatch: Option<Mismatch>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), mismatch: None }
    }
}

impl Outcome {
    pub(crate) fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// The file and line of the test.
    pub(crate) fn place(&self) -> (String, usize) {
        match &self.case.position {
            Some(position) => (position.file.clone(), position.line),
            None => (self.file.display().to_string(), 1),
        }
    }
}

/// Runs a test of a pipeline file.
pub(crate) async fn run(registry: &Registry, file: &Path, case: TestCase) -> Outcome {
    let start = Instant::now();
    let mut outcome = Outcome {
        file: file.to_owned(),
        case,
        duration: Duration::ZERO,
        failures: Vec::new(),
        outputs: Vec::new(),
        stages: Vec::new(),
        records: Vec::new(),
        notes: Vec::new(),
    };
    let case = &outcome.case;
    let lookups = Lookups::prepared(case.lookups.clone());
    let executed = match load_for_test(case, registry) {
        Ok(checked) => {
            outcome.stages = checked.stages;
            match earlier_run(registry, case, &lookups).await {
                Ok(earlier) => {
                    let TestCase { stage, input, clock, .. } = case;
                    let (pipeline, stage) = (checked.pipeline, stage.as_ref());
                    execute(pipeline, stage, input, clock, &lookups, earlier.as_ref()).await
                }
                Err(message) => Err(message),
            }
        }
        Err(diagnostics) => Err(diagnostics.to_string()),
    };
    match executed {
        Ok(executed) => {
            let unanswered = unanswered(case, &lookups);
            // A lookup without an answer has refused its record.
            outcome.failures = if unanswered.is_empty() {
                failures(registry, case, &executed)
            } else {
                unanswered
            };
            outcome.notes = unused(&lookups);
            outcome.outputs = executed.outputs.iter().map(value).collect();
            outcome.records = executed.records;
        }
        Err(message) => outcome.failures.push(Failure::new(message)),
    }
    outcome.duration = start.elapsed();
    outcome
}

/// Runs the records of `before`, if there are any.
async fn earlier_run(
    registry: &Registry,
    case: &TestCase,
    lookups: &Lookups,
) -> Result<Option<EarlierRun>, String> {
    let Some(records) = &case.before else { return Ok(None) };
    let pipeline =
        load_for_test(case, registry).map_err(|diagnostics| diagnostics.to_string())?.pipeline;
    let records = records.iter().map(|record| parse(&record.to_string()));
    let records = records.collect::<Result<_, _>>()?;
    let pipeline = selected(pipeline, case.stage.as_ref());
    EarlierRun::of(pipeline, records, &case.clock, lookups).await.map(Some)
}

/// The lookups that the test does not answer, with the lines that answer them: one failure for each stage.
fn unanswered(case: &TestCase, lookups: &Lookups) -> Vec<Failure> {
    let mut by_stage: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stage, key) in lookups.unanswered() {
        by_stage.entry(stage).or_default().push(format!("{}: \"…\"", Value::from(key)));
    }
    let failure = |(stage, answers): (String, Vec<String>)| {
        let (key, answers) = (toml_key(&stage), answers.join(",\n"));
        let what = format!("the test has no answer for keys that `{stage}` looks up");
        Failure::new(if case.lookups.contains_key(&stage) {
            format!("{what}; add them to `lookups.{key}`, with null for an unknown key:\n{answers}")
        } else {
            format!(
                "{what}; add the answers, with null for an unknown key:\nlookups.{key} = '''\n{{\n{answers}\n}}\n'''"
            )
        })
    };
    by_stage.into_iter().map(failure).collect()
}

/// The answers of the test that no record needs.
fn unused(lookups: &Lookups) -> Vec<String> {
    let unused = lookups.unused().into_iter();
    unused
        .map(|(stage, key)| {
            format!(
                "the test contains an answer for the key `{key}`, which `{stage}` does not look up"
            )
        })
        .collect()
}

fn value(record: &Record) -> Value {
    record.value().unwrap_or(Value::Null)
}

fn failures(registry: &Registry, case: &TestCase, executed: &TestRun) -> Vec<Failure> {
    if let Some(error) = &executed.error {
        return vec![Failure::new(error.clone())];
    }
    let mut failures = refusals(case.expect_refused.as_ref(), &executed.refused);
    failures.extend(case.expect_dropped.and_then(|expected| dropped(expected, case, executed)));
    if let Some(expected) = &case.expect {
        let actual: Vec<Value> = executed.outputs.iter().map(value).collect();
        if let Some(mismatch) = mismatch(expected, &actual, case.comparison) {
            let (expected, found) = (expected.len() as u64, actual.len());
            let message = if expected == found as u64 {
                "the records differ from `expect`".to_owned()
            } else {
                format!("expected {}, found {found}", count(expected, "record"))
            };
            failures.push(Failure { message, mismatch: Some(mismatch) });
        }
    }
    if let Some(expression) = &case.expect_jq {
        failures.extend(violations(registry, expression, &case.clock, &executed.outputs));
    }
    failures
}

fn dropped(expected: u64, case: &TestCase, executed: &TestRun) -> Option<Failure> {
    let message = match &executed.dropped {
        Ok(found) if *found == expected => return None,
        Ok(found) => format!(
            "expected {} of `input` dropped, found {found} of {}",
            count(expected, "record"),
            case.input.len()
        ),
        Err(transform) => format!(
            "`expect_dropped` can't be checked: `{transform}` emits records at the end, which may contain the missing records of \
             `input`; write `expect` instead"
        ),
    };
    Some(Failure::new(message))
}

fn refusals(expected: Option<&ExpectedRefusals>, found: &[(String, String)]) -> Vec<Failure> {
    let shown = |(stage, reason): &(String, String)| {
        Failure::new(format!("`{stage}` refuses a record: {reason}"))
    };
    match expected {
        None => found.iter().map(shown).collect(),
        Some(ExpectedRefusals::Count(expected)) if *expected != found.len() as u64 => {
            let message =
                format!("expected {} refused, found {}", count(*expected, "record"), found.len());
            std::iter::once(Failure::new(message)).chain(found.iter().map(shown)).collect()
        }
        Some(ExpectedRefusals::Count(_)) => Vec::new(),
        Some(ExpectedRefusals::Reason(text)) if found.is_empty() => {
            vec![Failure::new(format!("no record is refused, expected the reason `{text}`"))]
        }
        Some(ExpectedRefusals::Reason(text)) => {
            let others = found.iter().filter(|(_, reason)| !reason.contains(text.as_str()));
            others.map(shown).collect()
        }
    }
}

/// The records for which the expression is not `true`.
fn violations(
    registry: &Registry,
    expression: &str,
    clock: &TestClock,
    outputs: &[Record],
) -> Vec<Failure> {
    if outputs.is_empty() {
        return vec![Failure::new("the transforms emit no record, so `expect_jq` can't be true")];
    }
    let run = run_context(EXPRESSION, "test", clock, &Lookups::default());
    let expression = match Expression::new(EXPRESSION, expression, registry, &run) {
        Ok(expression) => expression,
        Err(message) => return vec![Failure::new(message)],
    };
    let judged = outputs.iter().enumerate().filter_map(|(index, record)| {
        let verdict = match expression.results(record) {
            Ok(results) => {
                let results: Vec<String> = results.iter().map(Record::to_json).collect();
                if !results.is_empty() && results.iter().all(|result| result == "true") {
                    return None;
                }
                let results =
                    if results.is_empty() { "nothing".to_owned() } else { results.join(", ") };
                format!("returns {}", shortened(&results, MAX_CHARACTERS))
            }
            Err(reason) => format!("fails: {reason}"),
        };
        Some(Failure::new(format!(
            "`expect_jq` {verdict} for record {} of {}",
            index + 1,
            outputs.len()
        )))
    });
    judged.collect()
}
