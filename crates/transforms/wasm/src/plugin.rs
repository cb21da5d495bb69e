//! Checks the options and builds the transform.

use serde_json::Value;
use taskferry_sdk::{AnyTransform, BuildContext, KeyPath, Plugin, Problem, TransformPlugin};

use crate::config::Wasm;
use crate::guest::Limits;
use crate::transform::{Setup, WasmTransform};

/// The smallest memory that a program in Rust starts with.
const MIN_MEMORY: u64 = 2 << 20;

impl Plugin for Wasm {
    const TYPE: &'static str = "wasm";
}

impl TransformPlugin for Wasm {
    /// Without `cache`, compiles the component and passes the options to it, within the limits of a record.
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
        let module = self.read(context).map_err(|problem| problems.push(problem));
        let Ok(module) = module else { return Err(problems) };
        if !problems.is_empty() {
            return Err(problems);
        }
        let setup = Setup {
            module,
            options: Value::Object(self.options.clone()).to_string(),
            limits: Limits { time: self.time_limit, memory: self.memory_limit },
            cache: self.cache.clone(),
        };
        // Compiling writes to the folder, which must not happen before the run.
        let pool = match &self.cache {
            None => Some(setup.start().map_err(|problem| vec![problem])?),
            Some(_) => None,
        };
        Ok(AnyTransform::stateless(WasmTransform { setup, pool }))
    }
}

impl Wasm {
    fn read(&self, context: &BuildContext<'_>) -> Result<Vec<u8>, Problem> {
        context
            .files()
            .read(&self.module)
            .map_err(|error| context.unreadable_file("module", &self.module, "the file", &error))
    }
}
