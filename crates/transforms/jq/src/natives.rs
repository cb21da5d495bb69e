//! Functions that are written in Rust.

pub(crate) mod collections;
pub(crate) mod convert;
pub(crate) mod format;
pub(crate) mod json;
pub(crate) mod matching;
pub(crate) mod numbers;
pub(crate) mod sorting;
pub(crate) mod strings;
pub(crate) mod time;

use crate::builtins::{Function, FunctionTable};
use crate::value::Value;

const TABLES: [FunctionTable; 9] = [
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

/// All native functions.
pub(crate) fn functions() -> impl Iterator<Item = &'static (&'static str, usize, Function)> {
    TABLES.iter().flat_map(|table| table.iter())
}

const LOG: FunctionTable = &[
    ("debug", 0, |value, _| Ok(logged("debug", value))),
    ("stderr", 0, |value, _| Ok(logged("stderr", value))),
];

fn logged<'r>(function: &str, value: Value<'r>) -> Value<'r> {
    tracing::debug!(function, %value, "jq");
    value
}
