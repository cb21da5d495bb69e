//! The tables that configure the run as a whole: `[state]`, `[expect]` and `[dead_letter]`.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use taskferry_pipeline::{DeadLetterOptions, ExpectOptions, StateOptions};
use taskferry_sdk::{KeyPath, Problem, read_options};

use crate::files::tilde;
use crate::sandbox::state_dir;
use crate::tree::{Node, string};

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) state: StateOptions,
    pub(crate) expect: ExpectOptions,
    pub(crate) dead_letter: Option<DeadLetterOptions>,
}

impl Settings {
    pub(crate) fn read(
        top: &BTreeMap<String, Node>,
        sandbox: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let state = state(top, sandbox, problems);
        let expect: ExpectOptions = table(top, "expect", problems).unwrap_or_default();
        let dead_letter: Option<DeadLetterOptions> = table(top, "dead_letter", problems);
        if expect.max_drop_percent.is_some_and(|percent| percent > 100) {
            let path = KeyPath::of("expect").key("max_drop_percent");
            let message = "`max_drop_percent` must be from 0 to 100";
            problems.push(Problem::at(path, "invalid-value", message));
        }
        let shared = |options: &DeadLetterOptions| !options.path.as_str().contains("{run_id}");
        if dead_letter.as_ref().is_some_and(shared) {
            let path = KeyPath::of("dead_letter").key("path");
            let message = "`path` must contain `{run_id}`, so that each run writes its own file";
            let help = "for example `out/{pipeline}-{run_id}.dead.ndjson`";
            problems.push(Problem::at(path, "missing-run-id", message).help(help));
        }
        Self { state, expect, dead_letter }
    }
}

/// The name of a pipeline and its state options.
pub(crate) fn name_and_state(
    tree: &Node,
    sandbox: bool,
    problems: &mut Vec<Problem>,
) -> (String, StateOptions) {
    let nothing = BTreeMap::new();
    let top = tree.as_table().unwrap_or(&nothing);
    let name = string(top, &KeyPath::root(), "name").unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    (name.unwrap_or_default(), state(top, sandbox, problems))
}

fn state(top: &BTreeMap<String, Node>, sandbox: bool, problems: &mut Vec<Problem>) -> StateOptions {
    let mut state: StateOptions = table(top, "state", problems).unwrap_or_default();
    let path = KeyPath::of("state").key("dir");
    if state.dir.trim().is_empty() {
        let problem = Problem::at(path.clone(), "empty-value", "`dir` must not be empty");
        problems.push(problem.help("name a folder, for example `.taskferry`"));
    }
    problems.extend(tilde(Path::new(&state.dir), &path));
    if sandbox {
        state.dir = state_dir(&state.dir);
    }
    state
}

fn table<T: DeserializeOwned + JsonSchema>(
    top: &BTreeMap<String, Node>,
    key: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let path = KeyPath::of(key);
    match read_options(&top.get(key)?.to_value(), &[]) {
        Ok(options) => Some(options),
        Err(found) => {
            problems.extend(found.into_iter().map(|problem| problem.under(&path)));
            None
        }
    }
}
