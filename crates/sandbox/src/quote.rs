//! Shortens and quotes client input for messages.

use serde_json::Value;

/// A JSON value of a client: text and numbers as they are, other values by their type.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{}`", shortened(&other.to_string())),
    }
}

/// Text of a client, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MAX_LENGTH: usize = 80;
    taskferry_sdk::shortened(text, MAX_LENGTH).into_owned()
}
