//! The taskferry binary with the additional transform `join_job_names`.

use std::process::ExitCode;

fn main() -> ExitCode {
    taskferry::Runner::new()
        .plugins(example_job_names::register)
        .version(env!("CARGO_PKG_VERSION"))
        .main()
}
