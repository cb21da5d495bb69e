//! Transform `jq`: applies a jq expression to each record. Each result of the expression becomes a record.
//!
//! The parser comes from jaq, another implementation of jq. The evaluator works on the index of the record: it reads only the
//! values that the expression uses, and unchanged values keep their bytes. `docs/jq.md` lists the differences from jq.
//!
//! - `syntax` parses the text, `compile` and `names` resolve its names, `expr` is the compiled form.
//! - `value` holds the values, `paths` reads and changes them by path, `result` writes them.
//! - `eval` evaluates expressions; `builtins`, `natives` and `library.jq` are the functions of jq; `limits` holds the limits.
//! - `known_fields` finds the fields that an expression reads and creates, for `taskferry check`.
//! - `worker`, `workers` and `protocol` implement `isolation = "process"`.
//!
//! **Expressions are trusted**: an expression can run without end, and use any amount of memory. `time_limit` and
//! `max_results` are checked between two results. If the expression never reaches the next result, the run ends. With
//! `isolation = "process"`, the expression runs in a child process with a memory limit. Then, only the child process is
//! killed, and only the record is refused. Recursion or values that are too deep refuse only the record, with or without
//! isolation.
//!
//! An expression has no access to the environment, to other records or to the process: `env`, `$ENV` and `halt` are not
//! defined, `inputs` is empty, `debug` and `stderr` write to the debug log.
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
//! A binary that supports `isolation = "process"` runs only [`worker_main`] when its first argument is
//! [`WORKER_ARGUMENT`].

mod builtins;
mod clock;
mod compile;
mod config;
mod constant;
mod dropped_fields;
mod env;
mod eval;
mod expr;
mod filter_error;
mod item;
mod known_fields;
mod limits;
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
mod worker;
mod workers;

pub use config::{Isolation, Jq};
pub use worker::{WORKER_ARGUMENT, worker_main};
