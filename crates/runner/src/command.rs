//! The commands.

mod accept_removals;
mod arguments;
mod build;
mod check;
mod check_format;
mod checkout;
mod colors;
mod completions;
mod diagnostics;
mod diff;
mod doctor;
mod explain;
mod expression;
mod format;
mod graph;
mod json_lines;
mod merge;
mod new;
mod plugins;
mod preview;
mod progress;
mod published;
mod record_file;
mod replay;
mod reports;
mod run;
mod runs;
mod schema;
mod shard;
mod state_folder;
mod summary;
mod test;
mod text_table;
mod why;

use std::ffi::OsString;
use std::future::Future;
use std::path::Path;

use clap::Parser;
use taskferry_pipeline::Registry;
use taskferry_sdk::printable;
use tokio::runtime::Runtime;

use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use crate::resources;
use crate::sandbox;
use arguments::{Arguments, Command};

pub(crate) fn execute(registry: &Registry, arguments: &[OsString]) -> Exit {
    let program = program_name(arguments);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) if error.use_stderr() => {
            console::usage(&usage_error(arguments).unwrap_or(error).to_string());
            return Exit::USAGE;
        }
        Err(help_or_version) => {
            let ended = printed(help_or_version.print());
            return ended.unwrap_or_else(|error| error.write(LogFormat::Text));
        }
    };
    let log = arguments.command.log();
    let ended = match arguments.command {
        Command::Run(run) => on_runtime(run::run(registry, run)),
        Command::Replay(replay) => on_runtime(replay::replay(registry, replay)),
        Command::Runs(runs) => runs::runs(registry, &runs),
        Command::Merge(merge) => on_runtime(async move { merge::merge(&merge) }),
        Command::Preview(preview) => on_runtime(preview::preview(registry, preview)),
        Command::Why(why) => on_runtime(why::why(registry, why)),
        Command::Check(check) => check::check(registry, &check),
        Command::Doctor(doctor) => on_runtime(doctor::doctor(registry, doctor)),
        Command::Test(test) => on_runtime(test::test(registry, test)),
        Command::Explain(explain) => explain::explain(&explain),
        Command::Plugins(plugins) => plugins::plugins(registry, &plugins),
        Command::Build(arguments) => build::build(&arguments),
        Command::New(new) => new::new(registry, &new),
        Command::Graph(graph) => graph::graph(registry, &graph),
        Command::Schema(schema) => schema::schema(registry, &schema),
        Command::Sandbox(sandbox) => on_runtime(sandbox::sandbox(sandbox)),
        Command::Completions { shell } => completions::completions(shell, &program),
    };
    ended.unwrap_or_else(|error| error.write(log))
}

/// Parses the printable form of the arguments and returns the error, because the error message repeats the arguments.
fn usage_error(arguments: &[OsString]) -> Option<clap::Error> {
    let shown = |argument: &OsString| printable(&argument.to_string_lossy()).into_owned();
    Arguments::try_parse_from(arguments.iter().map(shown)).err()
}

/// The name of the binary. A binary with other plugins has another name.
fn program_name(arguments: &[OsString]) -> String {
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    name.map_or_else(|| "taskferry".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Runs a future to its end. Threads that still run then do not keep the process alive.
fn on_runtime(work: impl Future<Output = Ended>) -> Ended {
    let failed = |message: String| {
        console::error(&message);
        CommandError::from(Exit::SINK)
    };
    resources::check().map_err(failed)?;
    let runtime = Runtime::new().map_err(|error| {
        failed(format!(
            "can't start the worker threads: {error}; raise the limit on threads or memory (`ulimit -u`, `ulimit -v`) and run again"
        ))
    })?;
    let ended = runtime.block_on(async {
        let _signal = resources::survive_size_limits();
        work.await
    });
    // A shutdown would wait for transforms that never return.
    std::mem::forget(runtime);
    ended
}
