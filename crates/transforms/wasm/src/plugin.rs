//! Checks the options and builds the transform.

use std::sync::Mutex;

use serde_json::Value;
use taskferry_sdk::{AnyTransform, BuildContext, KeyPath, Plugin, Problem, TransformPlugin};

use crate::clock;
use crate::component::{compile, engine, problem};
use crate::config::Wasm;
use crate::guest::{Guest, Limits, Unusable};
use crate::transform::WasmTransform;

/// The smallest memory that a program in Rust starts with.
const MIN_MEMORY: u64 = 2 << 20;

impl Plugin for Wasm {
    const TYPE: &'static str = "wasm";
}

impl TransformPlugin for Wasm {
    /// Compiles the component and passes the options to it, within the limits of a record.
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = Vec::new();
        if self.time_limit.get().is_zero() {
            let problem =
                Problem::at(KeyPath::of("time_limit"), "invalid-value", "`time_limit` is 0");
            problems.push(problem.help("write for example \"1s\""));
        }
        if self.memory_limit.get() < MIN_MEMORY {
            let message = format!("{} is too little for a component", self.memory_limit);
            let problem = Problem::at(KeyPath::of("memory_limit"), "invalid-value", message);
            problems.push(problem.help("write at least \"2 MiB\""));
        }
        let bytes = self.read(context).map_err(|problem| problems.push(problem));
        let Ok(bytes) = bytes else { return Err(problems) };
        if !problems.is_empty() {
            return Err(problems);
        }
        self.start(&bytes).map(AnyTransform::stateless).map_err(|problem| vec![problem])
    }
}

impl Wasm {
    fn read(&self, context: &BuildContext<'_>) -> Result<Vec<u8>, Problem> {
        context.files().read(&self.module).map_err(|error| {
            let resolved = context.files().resolve(&self.module);
            let message = format!("can't read the file `{}`: {error}", self.module.display());
            let help = format!("the path resolves to {}", resolved.display());
            Problem::at(KeyPath::of("module"), "unreadable-file", message).help(help)
        })
    }

    fn start(&self, bytes: &[u8]) -> Result<WasmTransform, Problem> {
        let engine = engine(self.cache.as_deref())?;
        let component = compile(&engine, bytes)?;
        clock::start(&engine)
            .map_err(|error| problem("module", format!("can't start a thread: {error}")))?;
        let options = Value::Object(self.options.clone()).to_string();
        let limits = Limits { time: self.time_limit, memory: self.memory_limit };
        let guest =
            Guest::new(&engine, &component, &options, limits).map_err(
                |unusable| match unusable {
                    Unusable::Component(message) => problem("module", message),
                    Unusable::Options(reason) => {
                        problem("options", format!("the component refuses the options: {reason}"))
                    }
                },
            )?;
        let idle = Mutex::new(vec![guest]);
        Ok(WasmTransform { engine, component, options, limits, idle })
    }
}
