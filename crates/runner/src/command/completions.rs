//! `taskferry completions`.

use clap::CommandFactory;
use clap_complete::Shell;

use super::arguments::Arguments;
use crate::command_error::{Ended, printed};
use crate::console;

/// Prints a completion script for the binary with this name.
pub(crate) fn completions(shell: Shell, program: &str) -> Ended {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), program, &mut script);
    printed(console::data(&String::from_utf8_lossy(&script)))
}
