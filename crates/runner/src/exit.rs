//! Exit codes that do not come from a run. Those of runs are the engine's.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use crate::console;
use crate::resources;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exit(pub(crate) u8);

impl Exit {
    pub(crate) const COMPLETE: Self = Self(0);
    pub(crate) const DEFECT: Self = Self(1);
    pub(crate) const USAGE: Self = Self(2);
    /// Also: the summary, the metrics or the output of a command could not be written, or threads, files or memory ran out.
    pub(crate) const SINK: Self = Self(5);
    pub(crate) const BUSY: Self = Self(7);
}

/// All exit codes, those of runs included, and their meanings. `docs/running.md` explains them.
const MEANINGS: [(Exit, &str); 11] = [
    (Exit::COMPLETE, "complete"),
    (Exit::DEFECT, "a defect in taskferry"),
    (
        Exit::USAGE,
        "the command, the pipeline file, or a path for state, summary or metrics can't be used",
    ),
    (Exit(3), "the source failed"),
    (Exit(4), "a transform failed"),
    (Exit::SINK, "a sink failed"),
    (Exit(6), "complete, and some records are in the dead-letter file"),
    (Exit::BUSY, "another run of this pipeline is active"),
    (Exit(8), "the export does not meet `[expect]`"),
    (Exit(130), "interrupted by SIGINT"),
    (Exit(143), "interrupted by SIGTERM or SIGHUP"),
];

/// The exit codes, for `--help`.
pub(crate) fn help() -> String {
    let line = |(exit, meaning): &(Exit, &str)| format!("\n  {:<4} {meaning}", exit.0);
    format!("Exit codes:{}", MEANINGS.iter().map(line).collect::<String>())
}

impl Exit {
    /// What came of writing to standard output, where that is all there is to do. Says what went wrong.
    pub(crate) fn printed(result: &io::Result<()>) -> Self {
        let Err(error) = result else { return Self::COMPLETE };
        console::error(&format!("can't write to standard output: {error}"));
        Self::SINK
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Says what a panic says, in a line of the log where there is one; with `RUST_BACKTRACE`, also where it came from.
pub(crate) fn tell_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let text = format!("thread `{}` {panic}", thread.name().unwrap_or("unnamed"));
    if tracing::dispatcher::has_been_set() {
        tracing::error!("{text}");
    } else {
        console::error(&text);
    }
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        console::write(&backtrace.to_string());
    }
}

/// A panic reached the top.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Exit {
    if resources::ran_out(panic) {
        console::error(
            "the system has no thread, file or memory left; raise the limit (`ulimit -a`) and run again",
        );
        return Exit::SINK;
    }
    console::error("this is a defect in taskferry; please report it with the lines above");
    Exit::DEFECT
}
