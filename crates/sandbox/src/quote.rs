//! What clients sent, as messages show it.

use serde_json::Value;

/// A value that a client sent, as a description shows it.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{}`", shortened(&other.to_string())),
    }
}

/// Text that a client sent, short enough for a description.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    taskferry_sdk::shortened(text, LONGEST).into_owned()
}
