//! What a server says when it says no.

use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use serde_json::Value;
use taskferry_core::{Secret, StageError};
use taskferry_retry::excerpt;
use url::Url;

/// How many errors of a list are shown.
const SHOWN_ERRORS: usize = 5;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// How long it asks to wait.
    pub(crate) wait: Option<Duration>,
    /// Where it points to.
    pub(crate) location: Option<Url>,
    /// Of an answer that tells of an error, the beginning.
    pub(crate) body: Bytes,
}

impl Answer {
    /// What the server said, in one line: status, and TechWolf's error list (seen), the two texts of an
    /// OAuth error, or whatever can be read in the body.
    pub(crate) fn describe(&self, secrets: &[&Secret]) -> String {
        let status = self.status;
        let reason = status.canonical_reason().map(|reason| format!(" {reason}"));
        let text = format!("the server answered {}{}", status.as_u16(), reason.unwrap_or_default());
        if status.is_redirection()
            && let Some(location) = &self.location
        {
            let origin = location.origin().ascii_serialization();
            return format!("{text}, which leads to {origin} and is not followed");
        }
        match explanation(&self.body, status, secrets).or_else(|| excerpt(&self.body, secrets)) {
            Some(explanation) => format!("{text}: {explanation}"),
            None => format!("{text} and did not say why"),
        }
    }

    /// Adds how long the server asks to wait.
    pub(crate) fn with_wait(&self, error: StageError) -> StageError {
        match self.wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        }
    }
}

/// The texts of `[{title, description}]`, `{error, error_description}` and their like.
fn explanation(body: &[u8], status: StatusCode, secrets: &[&Secret]) -> Option<String> {
    let errors = match serde_json::from_slice(body).ok()? {
        Value::Array(errors) => errors,
        error => vec![error],
    };
    let texts: Vec<String> =
        errors.iter().filter_map(|error| one_error(error, status, secrets)).collect();
    let mut shown = texts.iter().take(SHOWN_ERRORS).cloned().collect::<Vec<_>>().join("; ");
    if let Some(more) = texts.len().checked_sub(SHOWN_ERRORS).filter(|more| *more > 0) {
        shown = format!("{shown}; and {more} more");
    }
    (!shown.is_empty()).then_some(shown)
}

fn one_error(error: &Value, status: StatusCode, secrets: &[&Secret]) -> Option<String> {
    let text = |keys: [&str; 2]| {
        let found = keys.iter().find_map(|key| error.get(key)?.as_str());
        excerpt(found?.as_bytes(), secrets)
    };
    // The title repeats the status as a rule: `400 Bad Request`.
    let title = text(["title", "error"]).filter(|title| *title != status.to_string());
    match (title, text(["description", "error_description"])) {
        (Some(title), Some(description)) => Some(format!("{title}: {description}")),
        (title, description) => title.or(description),
    }
}
