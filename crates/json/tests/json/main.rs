//! What `taskferry-json` promises: it reads what `serde_json` reads, and changes what is to be changed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod edit;
mod reading;
mod spelling;
mod suite;
mod writing;
