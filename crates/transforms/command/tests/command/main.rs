//! Behavior of `command` with programs that work, and with hostile ones. The programs are this test program, or shell scripts.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod conformance;
mod driver;
mod hostile;
mod options;
mod program;
mod working;

use std::process::ExitCode;

use taskferry_testkit::run_trials;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_some_and(|first| first == program::ARGUMENT) {
        return program::main(&arguments.next().unwrap());
    }
    let mut tests = working::tests();
    tests.extend(hostile::tests());
    tests.extend(options::tests());
    tests.extend(conformance::tests());
    run_trials(tests)
}
