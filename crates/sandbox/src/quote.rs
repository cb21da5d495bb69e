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

/// What the client sent, short enough to be shown in a description.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
