//! `--sandbox`: what becomes of a pipeline that is to run on made-up data.
//!
//! Every plugin says in its schema (`x-sandbox`, see [`Plugin`](taskferry_sdk::Plugin)) what its addresses and credentials
//! become. A source or a sink that says nothing is refused, because it could read from a tenant, or send made-up data to a
//! real receiver.

use std::path::Path;

use serde_json::Value;
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::{KeyPath, Problem};

use crate::schema::{StageSchema, stages};
use crate::tree::{Kind, Layer, Node};

/// The key in a schema.
const MARK: &str = "x-sandbox";
/// The folder in that of the state where the state of such runs is kept. No pipeline's folder begins with a dot.
const STATE: &str = ".sandbox";

/// What `--sandbox` makes of a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Options, and what they become; with nothing they are taken out.
    options: Vec<(KeyPath, Option<Value>)>,
    /// Stages that do not say what they do on made-up data.
    silent: Vec<(KeyPath, Role, &'static str)>,
}

impl Plan {
    /// Asks the plugins of all stages.
    pub(crate) fn of(tree: &Node, registry: &Registry) -> Self {
        let mut plan = Self::default();
        let stages = stages(tree, registry).into_iter();
        for StageSchema { path, role, type_name, schema, .. } in
            stages.filter(|stage| stage.role != Role::Transform)
        {
            let properties = schema.get("properties").and_then(Value::as_object);
            let mut speaks = role == Role::Sink && schema.get(MARK) == Some(&Value::Bool(true));
            for (key, property) in properties.into_iter().flatten() {
                let Some(becomes) = property.get(MARK) else { continue };
                speaks = true;
                let becomes = Some(becomes.clone()).filter(|value| !value.is_null());
                plan.options.push((path.key(key.as_str()), becomes));
            }
            if !speaks {
                plan.silent.push((path, role, type_name));
            }
        }
        plan
    }

    /// Replaces the options. What is served inside the process already stays as it is: `sandbox:?jobs=5000` says which sandbox
    /// it is to be.
    pub(crate) fn carry_out(&self, tree: &mut Node, registry: &Registry) -> Vec<Problem> {
        for (path, becomes) in &self.options {
            let now = tree.get(path).and_then(Node::as_str);
            match becomes {
                Some(_) if now.is_some_and(|url| registry.endpoints().serves(url)) => {}
                Some(value) => {
                    let value = Node::new(Layer::Default, Kind::Leaf(value.clone()));
                    // The stage is there, and its option is a key of its table.
                    _ = tree.put(path.segments(), value);
                }
                None => tree.take_out(path),
            }
        }
        let problem = |(path, role, type_name): &(KeyPath, Role, &str)| {
            let message = format!("the {role} `{type_name}` can't be run with `--sandbox`");
            let problem = Problem::at(path.key("type"), "pipeline::no_sandbox", message);
            problem.help("its plugin does not say what it does with made-up data; run it without, or put another one in its place")
        };
        self.silent.iter().map(problem).collect()
    }

    /// Adds to problems with variables that would not be needed how to do without them.
    pub(crate) fn advise(&self, problems: &mut [Problem], file: &str) {
        let replaced = |problem: &Problem| {
            let path = problem.path.segments();
            self.options.iter().any(|(option, _)| path.starts_with(option.segments()))
        };
        let unset = |problem: &&mut Problem| problem.code == "variable::unset" && replaced(problem);
        for problem in problems.iter_mut().filter(unset).filter(|_| self.silent.is_empty()) {
            let help = problem.help.take().unwrap_or_default();
            let advice = format!(
                "{help}; without a tenant, on made-up jobs: `taskferry run {file} --sandbox`"
            );
            problem.help = Some(advice);
        }
    }
}

/// Where the state of runs with `--sandbox` is kept, of a pipeline whose state is kept in `dir`: a trial must not become what
/// the next real run is compared with.
pub fn state_dir(dir: &str) -> String {
    Path::new(dir).join(STATE).to_string_lossy().into_owned()
}
