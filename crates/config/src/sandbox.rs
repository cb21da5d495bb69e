//! `--sandbox`: runs a pipeline on generated data.
//!
//! The schema of a plugin declares the values of its addresses and credentials in the sandbox (`x-sandbox`, see
//! [`Plugin`](taskferry_sdk::Plugin)). A source or sink without a declaration is refused, because it could read from a tenant or
//! send generated data to a real receiver.

use std::path::Path;

use serde_json::Value;
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::{KeyPath, Problem};

use crate::files::PipelineFiles;
use crate::interpolate::with_variables;
use crate::layers::Layers;
use crate::schema::stages;
use crate::tree::{Kind, Layer, Node};

/// Declares, in the schema of an option, its value in the sandbox.
const MARK: &str = "x-sandbox";
/// The folder in the state folder for runs with `--sandbox`. The folder of a pipeline never begins with a dot.
const STATE: &str = ".sandbox";

/// The changes that `--sandbox` makes to a pipeline.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Options with their new values; `None` removes the option.
    options: Vec<(KeyPath, Option<Value>)>,
    /// Stages without a declaration.
    undeclared: Vec<(KeyPath, Role, &'static str)>,
}

impl Plan {
    pub(crate) fn of(tree: &Node, registry: &Registry) -> Self {
        let mut plan = Self::default();
        for stage in stages(tree, registry).iter().filter(|stage| stage.role != Role::Transform) {
            let marked = stage.options().filter_map(|(key, schema)| Some((key, schema.get(MARK)?)));
            let options: Vec<_> = marked
                .map(|(key, value)| {
                    (stage.path.key(key), Some(value.clone()).filter(|value| !value.is_null()))
                })
                .collect();
            let unchanged =
                stage.role == Role::Sink && stage.schema.get(MARK) == Some(&Value::Bool(true));
            if options.is_empty() && !unchanged {
                plan.undeclared.push((stage.path.clone(), stage.role, stage.type_name));
            }
            plan.options.extend(options);
        }
        plan
    }

    /// Replaces the options. A `sandbox:` URL stays, even if it comes from a variable: `sandbox:?jobs=5000` selects a sandbox.
    pub(crate) fn apply(
        &self,
        tree: &mut Node,
        layers: &Layers,
        files: &PipelineFiles,
        registry: &Registry,
    ) -> Vec<Problem> {
        for (path, value) in &self.options {
            let current = tree.get(path).and_then(|node| with_variables(node, layers, files));
            match value {
                Some(_) if current.is_some_and(|url| registry.endpoints().serves(&url)) => {}
                Some(value) => {
                    let value = Node::new(Layer::Default, Kind::Scalar(value.clone()));
                    // The table of the stage exists, so this cannot fail.
                    _ = tree.insert(path.segments(), value);
                }
                None => tree.remove(path),
            }
        }
        let problem = |(path, role, type_name): &(KeyPath, Role, &str)| {
            let message = format!("the {role} `{type_name}` does not support `--sandbox`");
            let help = "run without `--sandbox`, or remove the stage: its plugin defines no behavior for sandbox runs";
            Problem::at(path.key("type"), "unsupported-sandbox", message).help(help)
        };
        self.undeclared.iter().map(problem).collect()
    }

    /// Suggests `--sandbox` for unset variables that a sandbox does not need.
    pub(crate) fn suggest(&self, problems: &mut [Problem], file: &str) {
        if !self.undeclared.is_empty() {
            return;
        }
        for problem in problems.iter_mut().filter(|problem| problem.code == "unset-variable") {
            let path = problem.path.segments();
            if self.options.iter().any(|(option, _)| path.starts_with(option.segments())) {
                let help = problem.help.take().unwrap_or_default();
                problem.help = Some(format!(
                    "{help}; to try the pipeline without a tenant: `taskferry run {file} --sandbox`"
                ));
            }
        }
    }
}

/// The state folder of runs with `--sandbox` for a pipeline with the state folder `dir`. Real runs are never compared with runs
/// on generated data.
pub fn state_dir(dir: &str) -> String {
    Path::new(dir).join(STATE).to_string_lossy().into_owned()
}
