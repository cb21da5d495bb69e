//! `taskferry-json` reads what `serde_json` reads, and edits change only the given values.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod edit;
mod reading;
mod spelling;
mod suite;
mod writing;
