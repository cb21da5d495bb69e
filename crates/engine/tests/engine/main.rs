//! Runs of pipelines with scripted stages.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod dead_letters;
mod expectations;
mod first_page;
mod garbage;
mod kinds;
mod observes;
mod resumes;
mod runs;
mod shards;
mod stages;
mod traces;
