//! What a server says when it says no.

use serde_json::Value;
use taskferry_http::Answer;
use taskferry_sdk::Secret;

use crate::fields::unmarked;

/// How many errors of a list are shown.
const SHOWN_ERRORS: usize = 5;

/// What the server said, in one line: status, and TechWolf's error list (seen), the two texts of an OAuth error, or
/// whatever can be read in the body.
pub(crate) fn describe(answer: &Answer, secrets: &[&Secret]) -> String {
    let said = answer.said();
    if answer.status.is_redirection() && answer.location.is_some() {
        return said;
    }
    match explanation(answer, secrets).or_else(|| answer.excerpt(&answer.body, secrets)) {
        Some(explanation) => format!("{said}: {explanation}"),
        None => format!("{said} and did not say why"),
    }
}

/// The texts of `[{title, description}]`, `{error, error_description}` and their like.
fn explanation(answer: &Answer, secrets: &[&Secret]) -> Option<String> {
    let errors = match serde_json::from_slice(unmarked(&answer.body)).ok()? {
        Value::Array(errors) => errors,
        error => vec![error],
    };
    let texts: Vec<String> =
        errors.iter().filter_map(|error| one_error(error, answer, secrets)).collect();
    let mut shown = texts.iter().take(SHOWN_ERRORS).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = texts.len().checked_sub(SHOWN_ERRORS).filter(|more| *more > 0) {
        shown = format!("{shown}; and {more} more");
    }
    (!shown.is_empty()).then_some(shown)
}

fn one_error(error: &Value, answer: &Answer, secrets: &[&Secret]) -> Option<String> {
    let text = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| error.get(key)?.as_str());
        answer.excerpt(found?.as_bytes(), secrets)
    };
    // The title repeats the status as a rule: `400 Bad Request`.
    let title = text(["title", "error"]).filter(|title| *title != answer.status.to_string());
    match (title, text(["description", "error_description"])) {
        (Some(title), Some(description)) => Some(format!("{title}: {description}")),
        (title, description) => title.or(description),
    }
}
