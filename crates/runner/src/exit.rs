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
    /// All went well.
    pub(crate) const COMPLETE: Self = Self(0);
    /// Something is wrong with taskferry itself.
    pub(crate) const DEFECT: Self = Self(1);
    /// The command or the pipeline file is wrong.
    pub(crate) const USAGE: Self = Self(2);
    /// Something could not be delivered: here, the summary, the metrics, or what a command prints. Also that the system gives too few threads or files.
    pub(crate) const SINK: Self = Self(5);
    /// Another run of the pipeline is active.
    pub(crate) const BUSY: Self = Self(7);
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
