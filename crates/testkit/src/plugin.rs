//! Drives a plugin without a pipeline.

use serde_json::Value;
use taskferry_sdk::testing::{self, Files};
use taskferry_sdk::{BuildContext, Plugin, Problem, RunContext};

/// Builds a plugin from its options, without any input files.
pub fn build<P: Plugin, T>(
    options: &Value,
    build: impl FnOnce(&P, &BuildContext<'_>) -> Result<T, Vec<Problem>>,
) -> Result<T, Vec<Problem>> {
    testing::build(options, &Files::new(), build)
}

/// A run of the pipeline `jobs` that started at a fixed time.
pub fn run_context(run_id: &str) -> RunContext {
    RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), run_id)
}

/// `options` with the keys of `changes` set.
pub fn merged(mut options: Value, changes: &Value) -> Value {
    for (key, value) in changes.as_object().expect("a table of options") {
        options[key] = value.clone();
    }
    options
}
