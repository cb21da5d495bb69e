//! What the sink promises, seen from outside: against a receiver that answers as each test wants it to.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted may end it")]

mod content;
mod delivery;
mod driver;
mod options;
mod refusals;
mod resume;
mod secrets;
