//! Behavior of the sink against scripted receivers.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted may end it")]

mod conformance;
mod content;
mod delivery;
mod driver;
mod options;
mod refusals;
mod resume;
mod secrets;
