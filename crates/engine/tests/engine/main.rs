//! Runs of pipelines with scripted stages.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod garbage;
mod kinds;
mod observes;
mod resumes;
mod runs;
mod shards;
mod stages;
