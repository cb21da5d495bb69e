//! Functions that are not written in jq.

pub(crate) mod collections;
pub(crate) mod convert;
pub(crate) mod format;
pub(crate) mod json;
pub(crate) mod matching;
pub(crate) mod numbers;
pub(crate) mod sorting;
pub(crate) mod strings;
pub(crate) mod time;

use crate::builtins::Table;
use crate::value::Value;

/// All of them, by what they work on.
pub(crate) const TABLES: [Table; 9] = [
    collections::FUNCTIONS,
    convert::FUNCTIONS,
    format::FUNCTIONS,
    matching::FUNCTIONS,
    numbers::FUNCTIONS,
    sorting::FUNCTIONS,
    strings::FUNCTIONS,
    time::FUNCTIONS,
    LOG,
];

const LOG: Table = &[
    ("debug", 0, |value, _| Ok(logged("debug", value))),
    ("stderr", 0, |value, _| Ok(logged("stderr", value))),
];

fn logged<'r>(function: &str, value: Value<'r>) -> Value<'r> {
    tracing::debug!(function, %value, "jq");
    value
}
