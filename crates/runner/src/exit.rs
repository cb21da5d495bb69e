//! Exit codes. The engine chooses the exit codes of runs.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
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
    pub(crate) const SOURCE: Self = Self(3);
    pub(crate) const TRANSFORM: Self = Self(4);
    /// Also: the summary, the metrics or the output of a command could not be written, or threads, files or memory ran out.
    pub(crate) const SINK: Self = Self(5);
    pub(crate) const BUSY: Self = Self(7);
    pub(crate) const UNMET: Self = Self(8);
    /// `preview` or `why` found no such record.
    pub(crate) const NOT_FOUND: Self = Self(9);

    /// This code, or `other` if this code is 0.
    pub(crate) fn or(self, other: Self) -> Self {
        if self == Self::COMPLETE { other } else { self }
    }

    /// A signal ended the process.
    pub(crate) fn interrupted(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Interrupted => Self(130),
            Interrupt::Terminated => Self(143),
        }
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
