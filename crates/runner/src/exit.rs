//! Exit codes. The engine chooses those of runs.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use taskferry_engine::Interrupt;

use crate::console;
use crate::resources;

/// The exit code of the process.
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
        "invalid command line or pipeline file, or an unusable path for state, summary or metrics",
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
    /// A signal ended the process.
    pub(crate) fn interrupted(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Interrupted => Self(130),
            Interrupt::Terminated => Self(143),
        }
    }

    /// The exit code of a command that only writes to standard output. Reports the error.
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

/// Writes the message of a panic to the log, or to standard error before the log is set up. Adds the backtrace if
/// `RUST_BACKTRACE` is set.
pub(crate) fn report_panic(panic: &PanicHookInfo<'_>) {
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

/// The exit code after a panic.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> Exit {
    if resources::is_out_of_resources(panic) {
        console::error(
            "no more threads, open files or memory are available; raise the limit (`ulimit -a` lists all limits) and run again",
        );
        return Exit::SINK;
    }
    console::error("this is a defect in taskferry; please report it with the lines above");
    Exit::DEFECT
}
