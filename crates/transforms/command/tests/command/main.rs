//! Behavior of `command` with programs that work, and with hostile ones. The programs are this one, or shell scripts.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod driver;
mod hostile;
mod options;
mod program;
mod working;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().is_some_and(|first| first == program::ARGUMENT) {
        return program::main(&arguments.next().unwrap());
    }
    let mut tests: Vec<Trial> = working::tests();
    tests.extend(hostile::tests());
    tests.extend(options::tests());
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// The functions as tests.
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        vec![$(libtest_mimic::Trial::test(concat!(module_path!(), "::", stringify!($test)), || {
            $test();
            Ok(())
        })),*]
    };
}
pub(crate) use trials;
