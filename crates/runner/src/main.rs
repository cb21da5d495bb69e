//! The `taskferry` binary: the runner with the built-in plugins.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Transforms allocate many small values; jq expressions run a quarter to a third faster with this one.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    taskferry::Runner::new().main()
}
