//! The plugin `job_titles` as users run it: with a tenant, and with a service. The runner is this program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod job_titles;
mod recordings;
mod runs;
mod world;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    if std::env::var_os(job_titles::RUNNER).is_some() {
        return job_titles::run();
    }
    let mut tests: Vec<Trial> = runs::tests();
    tests.extend(answers::tests());
    tests.extend(recordings::tests());
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
