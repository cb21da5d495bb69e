//! Messages about refused requests.

use serde_json::Value;
use taskferry_http::Response;
use taskferry_sdk::Secret;

use crate::fields::without_byte_order_mark;

/// The maximum number of errors of a list to show.
const MAX_ERRORS: usize = 5;

/// Describes an unsuccessful response in one line: its status, and TechWolf's error list (seen), an OAuth error, or the text of
/// the body.
pub(crate) fn describe(response: &Response, secrets: &[&Secret]) -> String {
    let status = response.summary();
    if response.status.is_redirection() && response.location.is_some() {
        return status;
    }
    match explanation(response, secrets).or_else(|| response.excerpt(&response.body, secrets)) {
        Some(explanation) => format!("{status}: {explanation}"),
        None => format!("{status} without an explanation"),
    }
}

/// The texts of `[{title, description}]`, `{error, error_description}` and similar bodies.
fn explanation(response: &Response, secrets: &[&Secret]) -> Option<String> {
    let errors = match serde_json::from_slice(without_byte_order_mark(&response.body)).ok()? {
        Value::Array(errors) => errors,
        error => vec![error],
    };
    let texts: Vec<String> =
        errors.iter().filter_map(|error| error_text(error, response, secrets)).collect();
    let mut shown = texts.iter().take(MAX_ERRORS).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = texts.len().checked_sub(MAX_ERRORS).filter(|more| *more > 0) {
        shown = format!("{shown}; and {more} more");
    }
    (!shown.is_empty()).then_some(shown)
}

fn error_text(error: &Value, response: &Response, secrets: &[&Secret]) -> Option<String> {
    let text = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| error.get(key)?.as_str());
        response.excerpt(found?.as_bytes(), secrets)
    };
    // Most titles only repeat the status: `400 Bad Request`.
    let title = text(["title", "error"]).filter(|title| *title != response.status.to_string());
    match (title, text(["description", "error_description"])) {
        (Some(title), Some(description)) => Some(format!("{title}: {description}")),
        (title, description) => title.or(description),
    }
}
