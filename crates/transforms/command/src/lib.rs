//! Transform `command`: a program in any language transforms the records.
//!
//! The program reads records from its standard input and writes answers to its standard output, one JSON document a line.
//! `docs/plugins/command.md` describes the protocol.
//!
//! - `config` and `plugin` read and check the options, `program` finds the program and its files.
//! - `protocol` writes requests and reads answers.
//! - `process` is one running program, `stderr` its messages.
//! - `worker` sends records to a process, and starts it again after a failure. `pool` distributes records over workers,
//!   `shared` is the state that all workers use.
//! - `transform` is the transform, and its check for `taskferry doctor`.
//!
//! A record counts as processed when the program has answered it. A record that was sent but not answered is sent again.

mod config;
mod failure;
mod plugin;
mod pool;
mod process;
mod program;
mod protocol;
mod shared;
mod stderr;
mod transform;
mod worker;

pub use config::Command;
