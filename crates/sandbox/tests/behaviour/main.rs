//! Behavior of a running sandbox as clients see it.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod assertions;
mod catalog;
mod client;
mod clients;
mod database;
mod dataset;
mod description;
mod documentation;
mod employees;
mod endpoints;
mod export;
mod fault_syntax;
mod faults;
mod filters;
mod generator;
mod lifecycle;
mod listing;
mod paging;
mod profile;
mod refusals;
mod settings;
mod tenants;
mod timeouts;
mod token;
mod url;
mod vendors;
mod webhook;
