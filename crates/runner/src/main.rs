//! The `taskferry` binary: the runner with the built-in plugins.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: taskferry::Allocator = taskferry::Allocator;

fn main() -> ExitCode {
    taskferry::Runner::new().main()
}
