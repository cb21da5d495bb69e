//! The difference of two texts, line by line, in colour.

use similar::{ChangeTag, TextDiff};

pub(crate) const REMOVED: &str = "\u{1b}[31m";
pub(crate) const ADDED: &str = "\u{1b}[32m";
pub(crate) const DIM: &str = "\u{1b}[2m";
pub(crate) const BOLD: &str = "\u{1b}[1m";
pub(crate) const PLAIN: &str = "\u{1b}[0m";

/// The number of equal lines that are shown around a difference.
const CONTEXT: usize = 2;

/// The lines that differ, with the lines around them. A line begins with `-` if only `before` has it, and with `+` if only
/// `after` has it.
pub(crate) fn diff(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            lines.push(format!("{DIM}  …{PLAIN}"));
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let text = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => format!("{REMOVED}- {text}{PLAIN}"),
                ChangeTag::Insert => format!("{ADDED}+ {text}{PLAIN}"),
                ChangeTag::Equal => format!("{DIM}  {text}{PLAIN}"),
            });
        }
    }
    lines
}
