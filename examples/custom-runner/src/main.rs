//! The taskferry binary with the additional transform `join_job_names`.

use std::process::ExitCode;

use example_job_names::JoinJobNames;

fn main() -> ExitCode {
    taskferry::Runner::new().transform::<JoinJobNames>().version(env!("CARGO_PKG_VERSION")).main()
}
