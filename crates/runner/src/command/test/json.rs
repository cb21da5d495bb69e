//! The results of tests as one JSON document.

use serde::Serialize;
use serde_json::Value;

use super::outcome::Outcome;

/// Changes when a member is removed or gets another meaning.
const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    passed: usize,
    failed: usize,
    tests: Vec<Test<'a>>,
}

#[derive(Serialize)]
struct Test<'a> {
    pipeline: String,
    file: String,
    line: usize,
    name: &'a str,
    ok: bool,
    seconds: f64,
    failures: Vec<Failure<'a>>,
    /// What is worth attention, but no failure.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
    /// The records that came out, of a test that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a [Value]>,
}

#[derive(Serialize)]
struct Failure<'a> {
    message: &'a str,
}

/// The results, for JSON.
pub(crate) fn document(outcomes: &[Outcome]) -> impl Serialize {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
    Document {
        schema_version: SCHEMA_VERSION,
        passed: outcomes.len() - failed,
        failed,
        tests: outcomes.iter().map(test).collect(),
    }
}

fn test(outcome: &Outcome) -> Test<'_> {
    let Outcome { file: pipeline, case, duration, failures, notes, outputs, .. } = outcome;
    let (file, line) = outcome.place();
    Test {
        pipeline: pipeline.display().to_string(),
        file,
        line,
        name: &case.name,
        ok: outcome.is_ok(),
        seconds: duration.as_secs_f64(),
        failures: failures.iter().map(|it| Failure { message: &it.message }).collect(),
        notes,
        output: (!outcome.is_ok()).then_some(outputs.as_slice()),
    }
}
