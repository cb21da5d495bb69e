//! The options of a pipeline file.

use serde_json::{Value, json};
use taskferry_sdk::{NoFiles, Problem, SinkPlugin, testing};
use taskferry_sink_stdout::StdoutOptions;

fn problems(options: &Value) -> Vec<Problem> {
    testing::build(options, &NoFiles, StdoutOptions::build).err().unwrap_or_default()
}

#[test]
fn options_are_optional() {
    assert_eq!(problems(&json!({})), []);
    assert_eq!(problems(&json!({"format": "csv", "columns": ["a"], "escape_formulas": false})), []);
}

#[test]
fn every_error_is_reported() {
    let found = problems(&json!({"columns": ["a"], "escape_formulas": true}));
    let paths: Vec<String> = found.iter().map(|problem| problem.path.to_string()).collect();
    assert_eq!(paths, ["columns", "escape_formulas"]);
    assert_eq!(problems(&json!({"format": "xml"}))[0].code, "unknown-choice");
}
