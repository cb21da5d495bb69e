//! Environment variables that set options, and warnings about similar variables that set no option.

use std::sync::Arc;

use taskferry_pipeline::Registry;
use taskferry_sdk::{Severity, nearest};

use crate::diagnostic::Diagnostic;
use crate::keys::{TESTS, TOP_LEVEL, option_paths};
use crate::mask::mask_value;
use crate::text::{Text, TextSpan};

pub(crate) const PREFIX: &str = "TASKFERRY_";
/// A variable with the prefix that does not set any option.
const LOG: &str = "TASKFERRY_LOG";

/// The value in the text of a file or a variable. Editors, `echo` and `kubectl` add a line break at the end, and some programs
/// a byte order mark at the start; neither is part of a secret.
pub(crate) fn trim_value(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches(['\r', '\n'])
}

/// Whether a variable sets an option. A name with `__` sets an option, and the name of a top-level key sets this key. A variable
/// with any other name may belong to another program.
pub(crate) fn sets_option(name: &str) -> bool {
    let Some(key) = name.strip_prefix(PREFIX).filter(|_| name != LOG) else { return false };
    let key = key.to_lowercase();
    key.contains("__") || TOP_LEVEL.contains(&key.as_str()) && key != TESTS
}

/// Warns about variables that almost set an option: with one underscore instead of two, or with a misspelt name.
pub(crate) fn warnings(variables: &[(String, String)], registry: &Registry) -> Vec<Diagnostic> {
    let sets_none = |name: &str| name.starts_with(PREFIX) && name != LOG && !sets_option(name);
    let suspects: Vec<_> = variables.iter().filter(|(name, _)| sets_none(name)).collect();
    if suspects.is_empty() {
        return Vec::new();
    }
    let options = option_paths(registry);
    suspects.into_iter().filter_map(|(name, value)| warning(name, value, &options)).collect()
}

fn warning(name: &str, value: &str, options: &[Vec<String>]) -> Option<Diagnostic> {
    let key = name.strip_prefix(PREFIX)?.to_lowercase();
    let first = key.split('_').next()?;
    let meant = meant(&key, options).map(|name| format!("{PREFIX}{}", name.to_uppercase()));
    let meant = meant.or_else(|| nearest(name, [LOG]).map(str::to_owned));
    if meant.is_none() && (!TOP_LEVEL.contains(&first) || first == TESTS) {
        return None;
    }
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "separate keys with two underscores: `TASKFERRY_SOURCE__LIMIT`".to_owned(),
    };
    let text = format!("{name}={value}");
    let text = Text::new("environment", &mask_value(&text, name.len() + 1));
    let message = format!("the variable `{name}` does not set any option");
    let diagnostic = Diagnostic::new("unknown-variable", message).help(help);
    let span = TextSpan::new(Arc::new(text), 0..name.len());
    Some(Diagnostic { severity: Severity::Warning, ..diagnostic.at(span) })
}

/// The option that a name with single underscores, or a misspelt name, most likely means.
fn meant(key: &str, options: &[Vec<String>]) -> Option<String> {
    let position: String = key.chars().filter(char::is_ascii_digit).collect();
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
    let single = |text: &str| text.replace("__", "_");
    let exact = known.iter().find(|name| single(name) == single(key)).map(String::as_str);
    let near = || nearest(key, known.iter().map(String::as_str));
    exact.or_else(near).map(str::to_owned)
}
