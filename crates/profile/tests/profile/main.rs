//! Task profiles, and mappings of skills.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod check;
mod layouts;
mod mapping;
mod model;
