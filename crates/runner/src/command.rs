//! The commands.

mod account_file;
mod accounts;
mod arguments;
mod check;
mod completions;
mod listing;
mod merge;
mod mistakes;
mod plugins;
mod progress;
#[cfg(feature = "sandbox")]
mod ready_file;
mod replay;
mod run;
mod runs;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(feature = "sandbox")]
mod sandbox_arguments;
#[cfg(feature = "sandbox")]
mod sandbox_options;
mod shard;
mod state;
mod table;

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;

use clap::Parser;
use taskferry_pipeline::Registry;
use taskferry_sdk::printable;
use tokio::runtime::Runtime;

use crate::console;
use crate::exit::Exit;
#[cfg(not(feature = "sandbox"))]
use crate::no_sandbox as sandbox;
use crate::resources;
use arguments::{Arguments, Command};

/// Does what the arguments say.
pub(crate) fn execute(registry: &Registry, arguments: &[OsString]) -> Exit {
    let program = program_name(arguments);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(answer) => {
            if answer.use_stderr() {
                console::usage(&mistake(arguments).unwrap_or(answer).to_string());
                return Exit::USAGE;
            }
            // Help and version are answers.
            return Exit::printed(&answer.print());
        }
    };
    match arguments.command {
        Command::Run(run) => on_runtime(run::run(registry, run)),
        Command::Replay(replay) => on_runtime(replay::replay(registry, replay)),
        Command::Runs(runs) => runs::runs(registry, &runs),
        Command::Merge(merge) => on_runtime(async move { merge::merge(&merge) }),
        Command::Check(check) => check::check(registry, &check),
        Command::Plugins(plugins) => plugins::plugins(registry, &plugins),
        Command::Sandbox(sandbox) => on_runtime(sandbox::sandbox(sandbox)),
        Command::Completions { shell } => completions::completions(shell, &program),
    }
}

/// What is wrong with the arguments, said of them as they can be shown: a mistake repeats what was typed, or what a
/// pattern of the shell has found.
fn mistake(arguments: &[OsString]) -> Option<clap::Error> {
    let shown = |argument: &OsString| printable(&argument.to_string_lossy()).into_owned();
    Arguments::try_parse_from(arguments.iter().map(shown)).err()
}

/// What the binary is called: one with plugins of its own has a name of its own.
fn program_name(arguments: &[OsString]) -> String {
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    name.map_or_else(|| "taskferry".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Runs to the end, then leaves behind whatever still hangs: a transform that never returns must not keep
/// the process.
fn on_runtime(work: impl Future<Output = Exit>) -> Exit {
    if let Err(lacking) = resources::check() {
        console::error(&lacking);
        return Exit::SINK;
    }
    match Runtime::new() {
        Ok(runtime) => {
            let exit = runtime.block_on(async {
                let _signal = resources::survive_size_limits();
                work.await
            });
            // Not shut down: what still hangs would stumble over it on its way out. The process ends now.
            std::mem::forget(runtime);
            exit
        }
        Err(error) => {
            console::error(&format!("can't start: {error}"));
            Exit::SINK
        }
    }
}
