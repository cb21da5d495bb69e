//! Errors that several options share.

use std::fmt;

use taskferry_http::{is_this_machine, parse_address};
use taskferry_sdk::{KeyPath, Part, Problem, is_secret_name};
use url::Url;

/// Reports an empty value, for example of an environment variable that is not set.
pub(crate) fn empty(path: &KeyPath) -> Problem {
    let key = path.last_key().unwrap_or_default();
    let what = words(key);
    let help = if is_secret_name(key) {
        format!("write the {what} into the variable or the file that this option names")
    } else {
        format!("set the environment variable of this option, or write the {what} here")
    };
    Problem::at(path.clone(), "empty-value", format!("`{key}` is empty")).help(help)
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
    if text.trim().is_empty() {
        return Err(vec![empty(path)]);
    }
    let url = parse_address(text, example, "write credentials in [source.auth]")
        .map_err(|problem| vec![problem.under(path)])?;
    if url.scheme() == "http" && !url.host_str().is_some_and(is_this_machine) {
        let message = "the URL begins with `http:`, so credentials would be sent unencrypted";
        let help = "write `https://`; `http://` is allowed only for this machine";
        return Err(vec![Problem::at(path.clone(), "unencrypted-url", message).help(help)]);
    }
    Ok(url)
}
