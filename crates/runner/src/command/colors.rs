//! The colors of text for people. The console removes them where they can't be shown.

pub(crate) const BOLD: &str = "\u{1b}[1m";
pub(crate) const FAINT: &str = "\u{1b}[2m";
pub(crate) const RED: &str = "\u{1b}[31m";
pub(crate) const GREEN: &str = "\u{1b}[32m";
pub(crate) const YELLOW: &str = "\u{1b}[33m";
pub(crate) const PLAIN: &str = "\u{1b}[0m";
