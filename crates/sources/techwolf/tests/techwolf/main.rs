//! Behavior of the source against scripted tenants.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod cache;
mod changing;
mod conformance;
mod cursors;
mod doctor;
mod employees;
mod families;
mod faults;
mod faults_on_demand;
mod keys;
mod listing;
mod options;
mod page_size;
mod pages;
mod partition;
mod sandbox;
mod secrets;
mod shapes;
mod shards;
mod tenant;
mod tokens;
