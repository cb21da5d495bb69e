//! Tests in a program with its own `main` function: the tests start the same program again as a runner or as another tool.

use std::process::ExitCode;

use libtest_mimic::Arguments;
pub use libtest_mimic::Trial;

/// The functions as tests.
#[macro_export]
macro_rules! trials {
    ($($test:ident),* $(,)?) => {
        vec![$($crate::Trial::test(concat!(module_path!(), "::", stringify!($test)), || {
            $test();
            Ok(())
        })),*]
    };
}

/// Runs the tests that the arguments of this program select.
pub fn run_trials(tests: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}
