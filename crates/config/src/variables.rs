//! Environment variables: which of them set options, and which only look as if they did.

use std::sync::Arc;

use taskferry_pipeline::Registry;

use taskferry_sdk::{Severity, nearest};

use crate::keys::{TOP, option_paths};
use crate::mask::hide_value;
use crate::mistake::Mistake;
use crate::text::{Place, Text};

pub(crate) const PREFIX: &str = "TASKFERRY_";
/// Variables with the prefix that are no part of a pipeline.
const NOT_OURS: [&str; 1] = ["TASKFERRY_LOG"];

/// The value that a file or a variable holds. Editors, `echo` and `kubectl` end it with a line break, and some programs begin
/// UTF-8 text with a byte order mark; neither is part of the secret in it.
pub(crate) fn value_in(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n'])
}

/// Whether a variable sets an option. One word names a key at the top; any other single word may be another program's
/// variable.
pub(crate) fn sets_option(name: &str) -> bool {
    let Some(key) = name.strip_prefix(PREFIX).filter(|_| !NOT_OURS.contains(&name)) else {
        return false;
    };
    key.contains("__") || TOP.contains(&key.to_lowercase().as_str())
}

/// Warns of variables that begin like an option, with one underscore where two belong, or are spelt nearly like one.
pub(crate) fn warnings(variables: &[(String, String)], registry: &Registry) -> Vec<Mistake> {
    let unset = variables.iter().filter(|(name, _)| {
        name.starts_with(PREFIX) && !NOT_OURS.contains(&name.as_str()) && !sets_option(name)
    });
    let unset: Vec<_> = unset.collect();
    if unset.is_empty() {
        return Vec::new();
    }
    let options = option_paths(registry);
    unset.into_iter().filter_map(|(name, value)| warning(name, value, &options)).collect()
}

fn warning(name: &str, value: &str, options: &[Vec<String>]) -> Option<Mistake> {
    let key = name.strip_prefix(PREFIX)?.to_lowercase();
    let first = key.split('_').next()?;
    let meant = meant(&key, options).map(|meant| format!("{PREFIX}{}", meant.to_uppercase()));
    let meant = meant.or_else(|| nearest(name, NOT_OURS).map(str::to_owned));
    if meant.is_none() && !TOP.contains(&first) {
        return None;
    }
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write two underscores between the steps to an option: `TASKFERRY_SOURCE__LIMIT`"
            .to_owned(),
    };
    let text = format!("{name}={value}");
    let text = Text::new("environment", &hide_value(&text, name.len() + 1));
    let message = format!("the variable `{name}` sets no option");
    let mistake = Mistake::nowhere("variable::unknown", message).help(help);
    let place = Place::new(Arc::new(text), 0..name.len());
    Some(Mistake { severity: Severity::Warning, ..mistake.at(place) })
}

/// The option that a name with single underscores, or a misspelt one, most likely means.
fn meant(key: &str, options: &[Vec<String>]) -> Option<String> {
    let position: String = key.chars().filter(char::is_ascii_digit).collect();
    let plain = |text: &str| text.replace("__", "_");
    let known: Vec<String> = options
        .iter()
        .map(|path| match path.split_first() {
            Some((role, rest))
                if !position.is_empty() && matches!(role.as_str(), "sink" | "transform") =>
            {
                format!("{role}__{position}__{}", rest.join("__"))
            }
            _ => path.join("__"),
        })
        .collect();
    let exact = known.iter().find(|name| plain(name) == plain(key));
    let near = || nearest(key, known.iter().map(String::as_str));
    exact.map(String::as_str).or_else(near).map(str::to_owned)
}
