//! The plugin of the template that `taskferry new` writes, as users run it: with a tenant, and with a service. The runner is this
//! program.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
#[path = "../../../../examples/templates/transform-async/src/config.rs"]
#[allow(unreachable_pub, reason = "the template is a library")]
#[rustfmt::skip]
mod config;
mod recordings;
mod runs;
#[path = "../../../../examples/templates/transform-async/src/transform.rs"]
#[allow(clippy::pedantic, reason = "authors of plugins use the default lints")]
#[rustfmt::skip]
mod transform;
mod world;

use std::process::ExitCode;

use taskferry_sdk::Plugins;
use taskferry_testkit::run_trials;

/// This program is the runner if this variable is set.
const RUNNER: &str = "JOB_TITLES_RUNNER";

fn main() -> ExitCode {
    if std::env::var_os(RUNNER).is_some() {
        let runner = taskferry::Runner::new().plugins(register);
        return runner.version(env!("CARGO_PKG_VERSION")).main();
    }
    let mut tests = runs::tests();
    tests.extend(answers::tests());
    tests.extend(recordings::tests());
    run_trials(tests)
}

fn register(plugins: &mut impl Plugins) {
    plugins.transform::<config::MyPlugin>();
}
