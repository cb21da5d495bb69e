//! Transform `jq`: one jq expression over each record, any number of results, each a record.
//!
//! The expression runs on jaq, another implementation of jq. `docs/jq.md` lists what differs. Numbers keep their spelling and objects the order of their keys, also when
//! `del(…)` or `|= empty` takes some out.
//!
//! **jq text is trusted operator code**: it can run for ever and use any amount of memory. `time_limit` and
//! `max_results` end what goes on for too long; when a single result never comes, the run stops. With
//! `isolation = "process"` the expression runs in a child process with a memory limit, which is killed instead,
//! and only the record fails. Neither the environment nor other records nor the process are within reach: `env`,
//! `$ENV`, `input`, `inputs` and `halt` are not defined, `debug` and `stderr` write to the debug log. An expression that calls
//! itself too often, or nests values too deep, costs only its record, also without isolation.
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

mod bounds;
mod config;
mod convert;
mod depth;
mod entries;
mod fields;
mod key_order;
mod known_fields;
mod matching;
mod mistake;
mod natives;
mod part;
mod patterns;
mod program;
mod protocol;
mod read;
mod regex;
mod removal;
mod size;
mod spine;
mod transform;
mod value;
mod walk;
mod worker;
mod workers;
mod write;

pub use config::{Isolation, Jq};
pub use worker::{WORKER_ARGUMENT, worker_main};
