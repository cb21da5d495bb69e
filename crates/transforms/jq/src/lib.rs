//! Transform `jq`: one jq expression over each record, any number of results, each a record.
//!
//! The expression is parsed by jaq, another implementation of jq, and run by an evaluator over the index of the record: what it does
//! not look at is not read, and what it does not change is written back as the bytes that it is. `docs/jq.md` lists what differs from jq.
//!
//! - `syntax` takes the text apart, `compile` and `names` resolve its names, `expr` is what comes out of that.
//! - `value` holds the values, `paths` follows and changes them, `result` writes them.
//! - `eval` runs expressions; `builtins`, `natives` and `library.jq` are the functions of jq; `limits` ends what goes on for too long.
//! - `known_fields` says for `check` which fields an expression reads and makes.
//! - `worker`, `workers` and `protocol` are `isolation = "process"`.
//!
//! **jq text is trusted operator code**: it can run for ever and use any amount of memory. `time_limit` and
//! `max_results` end what goes on for too long; when a single result never comes, the run stops. With `isolation = "process"` the expression runs in a child process with a memory
//! limit, which is killed instead, and only the record fails. Neither the environment nor other records nor the process are within
//! reach: `env`, `$ENV` and `halt` are not defined, there are no `inputs`, `debug` and `stderr` write to the debug log. An
//! expression that calls itself too often, or nests values too deep, costs only its record, also without isolation.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_transform_jq::Jq;
//!
//! let options = json!({"filter": ".tasks[] | {task, source: $source}", "args": {"source": "export"}});
//! let mut jq = TransformTest::new::<Jq>(&options).unwrap();
//! assert_eq!(
//!     jq.apply(r#"{"tasks": [{"task": "Plan", "hours": 1.10}, {"task": "Do"}]}"#)?,
//!     [r#"{"task":"Plan","source":"export"}"#, r#"{"task":"Do","source":"export"}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```
//!
//! A binary that offers `isolation = "process"` runs [`worker_main`] and nothing else when its first argument is
//! [`WORKER_ARGUMENT`].

mod builtins;
mod compile;
mod config;
mod constant;
mod env;
mod eval;
mod expr;
mod item;
mod known_fields;
mod limits;
mod mistake;
mod names;
mod natives;
mod paths;
mod patterns;
mod program;
mod protocol;
mod regex;
mod result;
mod size;
mod syntax;
mod transform;
mod value;
mod walk;
mod worker;
mod workers;

pub use config::{Isolation, Jq};
pub use worker::{WORKER_ARGUMENT, worker_main};
