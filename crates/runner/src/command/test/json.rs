//! The results of tests as one JSON document.

use serde_json::{Value, json};

use super::outcome::Outcome;

/// Changes when a member is removed or gets another meaning.
const SCHEMA_VERSION: u32 = 1;

/// The results, for JSON.
pub(crate) fn document(outcomes: &[Outcome]) -> Value {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
    json!({
        "schema_version": SCHEMA_VERSION,
        "passed": outcomes.len() - failed,
        "failed": failed,
        "tests": outcomes.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(outcome: &Outcome) -> Value {
    let (file, line) = outcome.place();
    let failures = outcome.failures.iter().map(|it| json!({"message": it.message}));
    let mut test = json!({
        "pipeline": outcome.file.display().to_string(),
        "file": file,
        "line": line,
        "name": outcome.case.name,
        "ok": outcome.is_ok(),
        "seconds": outcome.duration.as_secs_f64(),
        "failures": failures.collect::<Vec<_>>(),
    });
    if !outcome.notes.is_empty() {
        test["notes"] = json!(outcome.notes);
    }
    if !outcome.is_ok() {
        test["output"] = json!(outcome.outputs);
    }
    test
}
