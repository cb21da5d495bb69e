//! Names in the help of problems.

use std::fmt::Display;

use taskferry_sdk::nearest;

/// Suggests the known name that is similar to `wrong`. If no name is similar, returns `otherwise`.
pub fn did_you_mean(wrong: &str, known: &[&str], otherwise: impl FnOnce() -> String) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise(),
    }
}

/// The names in backticks, separated by commas.
pub(crate) fn listed(names: impl IntoIterator<Item: Display>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
