//! The binary as users run it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beginnings;
mod canaries;
mod common_keys;
mod crashes;
mod credentials;
mod cursors;
mod deploy;
mod disks;
mod documentation;
mod drift;
mod employees;
mod endings;
mod experiments;
mod explain;
mod families;
mod faults;
mod fields;
mod graph;
mod incomplete;
mod limits;
mod manifests;
mod mistakes;
mod mistakes_in_stages;
mod mistakes_in_toml;
mod new_pipeline;
mod output;
mod outputs;
mod pipelines;
mod planted;
mod proxies;
mod receivers;
mod records;
mod reference;
mod resumes;
mod rows;
mod rows_page;
mod sandbox;
mod sandbox_command;
mod schema;
mod shards;
mod signals;
mod telemetry;
mod terminal;
mod trials;
