//! The tables that are about the run as a whole: `[state]`, `[expect]` and `[dead_letter]`.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use taskferry_pipeline::{DeadLetterOptions, ExpectOptions, StateOptions};
use taskferry_sdk::{KeyPath, Problem, read_options};

use crate::files::tilde;
use crate::sandbox::state_dir;
use crate::tree::{Node, string};

/// What these tables say.
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
            let problem =
                Problem::at(path, "value::range", "`max_drop_percent` must be from 0 to 100");
            problems.push(problem.help("write a number from 0 to 100"));
        }
        let shared = |options: &DeadLetterOptions| !options.path.as_str().contains("{run_id}");
        if dead_letter.as_ref().is_some_and(shared) {
            let path = KeyPath::of("dead_letter").key("path");
            let message = "all runs would write their dead letters to one file";
            let problem = Problem::at(path, "value::shared", message);
            problems.push(
                problem.help("put `{run_id}` into the path: `out/{pipeline}-{run_id}.dead.ndjson`"),
            );
        }
        Self { state, expect, dead_letter }
    }
}

/// The name of a pipeline, and where its state is kept.
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
    if state.dir.trim().is_empty() {
        let path = KeyPath::of("state").key("dir");
        let problem = Problem::at(path, "value::empty", "`dir` is empty");
        problems.push(problem.help("write the name of a folder, `.taskferry` for example"));
    }
    problems.extend(tilde(Path::new(&state.dir), &KeyPath::of("state").key("dir")));
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
    let node = top.get(key)?;
    let path = KeyPath::of(key);
    let found = |found: Vec<Problem>| {
        problems.extend(found.into_iter().map(|problem| problem.under(&path)));
    };
    read_options(&node.to_value(), &[]).map_err(found).ok()
}
