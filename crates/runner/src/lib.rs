//! The command line, for the binary `taskferry` and for binaries with additional plugins.
//!
//! A binary with one additional transform. It has all commands of `taskferry`:
//!
//! ```no_run
//! # use schemars::JsonSchema;
//! # use serde::Deserialize;
//! # use taskferry::sdk::*;
//! # #[derive(Debug, Deserialize, JsonSchema)]
//! # struct Upper {}
//! # impl Plugin for Upper { const TYPE: &'static str = "upper"; }
//! # impl TransformPlugin for Upper {
//! #     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> { Ok(AnyTransform::stateless(Upper {})) }
//! # }
//! # impl Transform for Upper {
//! #     fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
//! #         out.emit(record);
//! #         Ok(())
//! #     }
//! # }
//! fn main() -> std::process::ExitCode {
//!     taskferry::Runner::new().transform::<Upper>().version(env!("CARGO_PKG_VERSION")).main()
//! }
//! ```

mod builtin;
mod command;
mod command_error;
mod console;
mod exit;
mod explanations;
mod interrupts;
mod logging;
mod resources;
#[cfg_attr(not(feature = "sandbox"), path = "no_sandbox.rs")]
mod sandbox;
mod trace;
mod wrap;

/// The memory allocator of the `taskferry` binary, for other binaries: jq expressions run a quarter to a third faster with it.
///
/// ```no_run
/// #[global_allocator]
/// static ALLOCATOR: taskferry::Allocator = taskferry::Allocator;
/// # fn main() {}
/// ```
pub use mimalloc::MiMalloc as Allocator;
pub use taskferry_sdk as sdk;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use taskferry_pipeline::Registry;
use taskferry_sdk::{Plugins, SinkPlugin, SourcePlugin, TransformPlugin};

/// The command line with a set of plugins.
#[derive(Debug)]
pub struct Runner {
    registry: Registry,
}

impl Default for Runner {
    fn default() -> Self {
        Self::new()
    }
}

impl Runner {
    /// A runner with the built-in plugins.
    pub fn new() -> Self {
        Self { registry: builtin::registry() }
    }

    /// Adds the plugins of a crate, which exports a function [`register`](Plugins):
    ///
    /// ```
    /// # mod drop_short_tasks { pub fn register(_: &mut impl taskferry::sdk::Plugins) {} }
    /// let runner = taskferry::Runner::new().plugins(drop_short_tasks::register);
    /// ```
    #[must_use]
    pub fn plugins(mut self, register: impl FnOnce(&mut Self)) -> Self {
        register(&mut self);
        self
    }

    /// Adds a source.
    #[must_use]
    pub fn source<P: SourcePlugin>(mut self) -> Self {
        self.registry.source::<P>();
        self
    }

    /// Adds a transform.
    #[must_use]
    pub fn transform<P: TransformPlugin>(mut self) -> Self {
        self.registry.transform::<P>();
        self
    }

    /// Adds a sink.
    #[must_use]
    pub fn sink<P: SinkPlugin>(mut self) -> Self {
        self.registry.sink::<P>();
        self
    }

    /// Sets the version of your own plugins: `env!("CARGO_PKG_VERSION")`. A run does not resume a run of another version,
    /// because its records could differ.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        let program = format!("{} with {version}", self.registry.program());
        self.registry.set_program(program);
        self
    }

    /// Executes the command in the arguments of the process, and returns its exit code. Two plugins with the same type name
    /// are an error.
    pub fn main(self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let worker =
            arguments.get(1).is_some_and(|first| first == taskferry_transform_jq::WORKER_ARGUMENT);
        if worker {
            return taskferry_transform_jq::worker_main();
        }
        std::panic::set_hook(Box::new(exit::report_panic));
        if !self.registry.conflicts().is_empty() {
            return builtin::report_conflicts(&self.registry).into();
        }
        let run = AssertUnwindSafe(|| command::execute(&self.registry, &arguments));
        std::panic::catch_unwind(run).unwrap_or_else(|panic| exit::panicked(&*panic)).into()
    }
}

impl Plugins for Runner {
    fn source<P: SourcePlugin>(&mut self) -> &mut Self {
        self.registry.source::<P>();
        self
    }

    fn transform<P: TransformPlugin>(&mut self) -> &mut Self {
        self.registry.transform::<P>();
        self
    }

    fn sink<P: SinkPlugin>(&mut self) -> &mut Self {
        self.registry.sink::<P>();
        self
    }
}
