//! Mistakes that several options share.

use std::fmt;

use taskferry_http::is_this_machine;
use taskferry_sdk::{KeyPath, Part, Problem};
use url::Url;

/// An empty value, for example of a variable that is not set.
pub(crate) fn empty(path: &KeyPath) -> Problem {
    let key = path.last_key().unwrap_or_default();
    Problem::at(path.clone(), "empty-value", format!("`{key}` is empty")).help(format!(
        "set the environment variable of this option, or write the {} here",
        words(key)
    ))
}

fn words(key: &str) -> impl fmt::Display {
    key.replace('_', " ").replace("url", "URL")
}

pub(crate) fn missing(table: &KeyPath, key: &str) -> Problem {
    Problem::at(table.clone(), "missing-key", format!("the key `{key}` is missing"))
        .part(Part::Key)
        .label(format!("needs `{key}`"))
        .help(format!("add `{key} = …` to this table"))
}

/// Returns the value, or moves its problems to `problems`.
pub(crate) fn keep<T>(result: Result<T, Vec<Problem>>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|more| problems.extend(more)).ok()
}

/// Parses an `http` or `https` URL without user and password. `http` is for this machine only.
pub(crate) fn http_url(path: &KeyPath, text: &str, example: &str) -> Result<Url, Vec<Problem>> {
    let problem = |code, message: String, help: String| {
        vec![Problem::at(path.clone(), code, message).help(help)]
    };
    if text.trim().is_empty() {
        return Err(vec![empty(path)]);
    }
    let url = Url::parse(text).map_err(|error| {
        let help = format!("write for example \"{example}\"");
        problem("invalid-url", format!("this is not a URL: {error}"), help)
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("the scheme `{}:` is not supported", url.scheme());
        let help =
            format!("write an address that starts with `https://`, for example \"{example}\"");
        return Err(problem("unsupported-scheme", message, help));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let message = "the URL contains a user or a password".to_owned();
        let help = "remove the text before `@`; write credentials in [source.auth]";
        return Err(problem("credentials-in-url", message, help.to_owned()));
    }
    if url.scheme() == "http" && !url.host_str().is_some_and(is_this_machine) {
        let message =
            "the URL starts with `http:`, so credentials would be sent unencrypted".to_owned();
        let help = "write `https://`; `http://` is allowed only for this machine";
        return Err(problem("unencrypted-url", message, help.to_owned()));
    }
    Ok(url)
}
