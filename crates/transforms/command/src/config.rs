//! The options.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_sdk::{ByteCount, Duration, Secret};

/// Sends each record to a program, in any language, which answers with any number of records.
///
/// The program runs until the run ends. For each record, the program reads a line of JSON from standard input, and writes a line
/// to standard output: see `docs/plugins/command.md`. The answer must not depend on other records, because any process can
/// receive any record, and a record without an answer is sent again. Lines on standard error appear in the log. The working
/// directory is the folder of the pipeline file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "a user writes this name")]
pub struct Command {
    /// The program and its arguments, without a shell: `["python3", "count_tasks.py"]`. A name without `/` is looked up in `PATH`;
    /// a path starts at the folder of the pipeline file.
    #[schemars(extend("minItems" = 1))]
    pub(crate) command: Vec<String>,
    /// The number of processes. Several processes help only if the program is the bottleneck.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 64), extend("x-same-output" = true))]
    pub(crate) workers: usize,
    /// The maximum time for one record. A slower program is killed, and `on_error` applies to the record.
    #[serde(default = "default_timeout")]
    #[schemars(extend("x-same-output" = true))]
    pub(crate) timeout: Duration,
    /// The maximum time from the start of the program to its first line.
    #[serde(default = "default_start_timeout")]
    #[schemars(extend("x-same-output" = true))]
    pub(crate) start_timeout: Duration,
    /// The maximum length of an answer.
    #[serde(default = "default_max_answer_bytes")]
    pub(crate) max_answer_bytes: ByteCount,
    /// Environment variables for the program: `env = { API_TOKEN = "${LOOKUP_TOKEN}" }`. Of taskferry's own variables, the
    /// program receives only `PATH`, `HOME`, `USER`, `LANG`, `LC_ALL`, `LC_CTYPE`, `TZ` and `TMPDIR`. `PYTHONUNBUFFERED` and
    /// `PYTHONUTF8` are 1. Messages mask values of 6 or more characters.
    #[serde(default)]
    // The schema does not mark the values as secrets, because secrets are not part of the digest, and a run would then resume
    // with other values. Values whose names look like secrets are masked and excluded by name.
    #[schemars(with = "BTreeMap<String, String>")]
    pub(crate) env: BTreeMap<String, Secret>,
    /// Other files that affect the output, such as modules that the script imports. An interrupted run starts over if one of
    /// these files, or a file in `command`, has changed.
    #[serde(default)]
    pub(crate) files: Vec<PathBuf>,
}

fn one() -> usize {
    1
}

fn default_timeout() -> Duration {
    Duration::from_secs(5)
}

fn default_start_timeout() -> Duration {
    Duration::from_secs(30)
}

fn default_max_answer_bytes() -> ByteCount {
    ByteCount::new(16 << 20)
}
