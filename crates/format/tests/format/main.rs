//! The output formats.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod cells;
mod csv;
mod json;
mod options;
mod stream;
