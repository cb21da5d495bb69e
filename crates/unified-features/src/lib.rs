//! Enables, in every build, the features of third-party crates that the tests need.
//!
//! Its `Cargo.toml` is all of it. Only the crate `taskferry` depends on it, so that plugin crates are not affected.
