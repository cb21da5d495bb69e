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
    pub(crate) const SOURCE: Self = Self(3);
    pub(crate) const TRANSFORM: Self = Self(4);
    /// Also: the summary, the metrics or the output of a command could not be written, or threads, files or memory ran out.
    pub(crate) const SINK: Self = Self(5);
    pub(crate) const BUSY: Self = Self(7);
    pub(crate) const UNMET: Self = Self(8);
    /// `preview` or `why` found no such record.
    pub(crate) const NOT_FOUND: Self = Self(9);
}

#[derive(Debug)]
pub(crate) struct ExitCodeEntry {
    pub(crate) exit: Exit,
    /// The meaning in one line.
    pub(crate) meaning: &'static str,
    /// When it occurs, and what to do.
    pub(crate) explanation: &'static str,
}

/// All exit codes, those of runs included. `docs/running.md` lists them.
const ALL: &[ExitCodeEntry] = &[
    ExitCodeEntry {
        exit: Exit::COMPLETE,
        meaning: "complete",
        explanation: "Every record was delivered, or skipped by `on_error = \"skip\"` and counted. For other commands, nothing is \
                      wrong.",
    },
    ExitCodeEntry {
        exit: Exit::DEFECT,
        meaning: "a defect in taskferry",
        explanation: "taskferry, or a custom source or sink, has a defect. Please report defects in taskferry with the output of \
                      the command. The next run resumes.",
    },
    ExitCodeEntry {
        exit: Exit::USAGE,
        meaning: "invalid command line or pipeline file, or an unusable path for state, summary or metrics",
        explanation: "Nothing was run. Correct what the messages name. `taskferry explain NAME` explains each message. From \
                      `merge`: the manifests do not belong together. From `build`: a plugin can't be included.",
    },
    ExitCodeEntry {
        exit: Exit::SOURCE,
        meaning: "the source failed",
        explanation: "The credentials, the network or the server failed despite retries, a response was invalid, or the server \
                      repeated pages. No file was published. Correct the problem in the last message, and run again. The next run \
                      resumes.",
    },
    ExitCodeEntry {
        exit: Exit::TRANSFORM,
        meaning: "a transform failed",
        explanation: "A transform refused a record with `on_error = \"fail\"` (the default), or panicked. The message names the \
                      page, the record and the job. Correct the transform, or write `on_error = \"dead_letter\"` to export the \
                      other records. The next run resumes.",
    },
    ExitCodeEntry {
        exit: Exit::SINK,
        meaning: "a sink failed",
        explanation: "An output, the summary, the metrics or the state could not be written, a receiver refused the records, or \
                      threads, files or memory ran out. Correct the problem in the last message, and run again. The next run \
                      resumes.",
    },
    ExitCodeEntry {
        exit: Exit(6),
        meaning: "complete, and some records are in the dead-letter file",
        explanation: "The other records were delivered. Read the reasons in the dead-letter file, correct the pipeline, and \
                      deliver the records with `taskferry replay FILE DEAD_LETTERS`.",
    },
    ExitCodeEntry {
        exit: Exit::BUSY,
        meaning: "another run of this pipeline is active",
        explanation: "Only one run of a pipeline can be active. Wait for the other run. A different pipeline needs a different \
                      `name`.",
    },
    ExitCodeEntry {
        exit: Exit::UNMET,
        meaning: "the export does not meet `[expect]`, removals were withheld, or a test failed",
        explanation: "The message of the run names the reason:\n\
                      \n\
                      - `min_jobs`, `max_drop_percent`: too few jobs, for example because the credentials see only a part of the \
                      jobs.\n\
                      - `min_records`: too few records for a sink, for example because a transform drops too many records.\n\
                      - `drift`: other fields than in the last complete run.\n\
                      - `max_age`: the run took too long.\n\
                      - `changes`: too many records are missing, so the transform withheld the removals.\n\
                      - `merge`: the shares are not a complete export.\n\
                      - `test`: the output shows the differences.\n\
                      \n\
                      If the export does not meet an option of `[expect]`, nothing was published unless `publish_anyway = true`. If \
                      the export is right, run once with the `--set` option in the message, for example \
                      `--set expect.max_drop_percent=100`. Later runs are compared with this export.\n\
                      \n\
                      If removals were withheld, all other records were published. Find out why the records are missing. Then \
                      accept the removals with the command in the message, or run again when the records are back.",
    },
    ExitCodeEntry {
        exit: Exit::NOT_FOUND,
        meaning: "`preview` or `why` found no such record",
        explanation: "The source has no record with the id of `--id`, the expression of `--where` is false for all records that were \
                      read, or the job has no task of `--task`. `why` lists the possible reasons.",
    },
    ExitCodeEntry {
        exit: Exit(130),
        meaning: "interrupted by SIGINT",
        explanation: "Ctrl-C interrupted the run. No file was published. The next run resumes.",
    },
    ExitCodeEntry {
        exit: Exit(143),
        meaning: "interrupted by SIGTERM or SIGHUP",
        explanation: "Another process, for example a scheduler with a time limit, interrupted the run. No file was published. The \
                      next run resumes.",
    },
];

pub(crate) fn all() -> &'static [ExitCodeEntry] {
    ALL
}

/// An exit code that taskferry returns.
pub(crate) fn find(code: u8) -> Option<&'static ExitCodeEntry> {
    ALL.iter().find(|entry| entry.exit == Exit(code))
}

/// The exit codes, for `--help`.
pub(crate) fn help() -> String {
    let line = |entry: &ExitCodeEntry| format!("\n  {:<4} {}", entry.exit.0, entry.meaning);
    format!("Exit codes:{}", ALL.iter().map(line).collect::<String>())
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
