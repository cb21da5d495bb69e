//! Behavior of the sink against scripted receivers.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod conformance;
mod content;
mod delivery;
mod driver;
mod options;
mod refusals;
mod resume;
mod secrets;
