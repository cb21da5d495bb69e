//! Headers in options.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use taskferry_sdk::{KeyPath, Part, Problem, Secret};

/// Checks the headers in the option at `path`, whose values are secrets. `own` are the headers that the stage itself sets, in lower
/// case, and `owner` is the stage in messages: `the sink`.
///
/// ```
/// use taskferry_http::check_headers;
/// use taskferry_sdk::{KeyPath, Secret};
///
/// let headers = [("Authorization".to_owned(), Secret::new("k1")), ("host".to_owned(), Secret::new("a.example"))];
/// let mut problems = Vec::new();
/// let checked = check_headers(&headers.into(), &KeyPath::of("headers"), &["host"], "the sink", &mut problems);
/// assert!(checked["authorization"].is_sensitive());
/// assert_eq!(problems[0].message, "`host` is set by the sink; remove it from `headers`");
/// ```
pub fn check_headers(
    headers: &BTreeMap<String, Secret>,
    path: &KeyPath,
    own: &[&str],
    owner: &str,
    problems: &mut Vec<Problem>,
) -> HeaderMap {
    let mut checked = HeaderMap::new();
    for (name, value) in headers {
        let path = path.key(name.clone());
        let mut wrong = |part: Part, code, message: String| {
            problems.push(Problem::at(path.clone(), code, message).part(part));
        };
        let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
            wrong(Part::Key, "invalid-header", format!("`{name}` is not a valid header name"));
            continue;
        };
        if own.contains(&header.as_str()) {
            let message = format!("`{header}` is set by {owner}; remove it from `headers`");
            wrong(Part::Key, "reserved-header", message);
        }
        if checked.contains_key(&header) {
            wrong(Part::Key, "duplicate-header", format!("duplicate header `{header}`"));
        }
        if let Ok(mut value) = HeaderValue::from_str(value.expose()) {
            value.set_sensitive(true);
            checked.insert(header, value);
        } else {
            let message = "the header value contains invalid characters, such as a line break";
            wrong(Part::Value, "invalid-header", message.to_owned());
        }
    }
    checked
}
