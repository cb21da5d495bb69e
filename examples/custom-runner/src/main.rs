//! The runner with one transform more.

use std::process::ExitCode;

use example_job_names::JoinJobNames;

fn main() -> ExitCode {
    taskferry::Runner::new().transform::<JoinJobNames>().version(env!("CARGO_PKG_VERSION")).main()
}
