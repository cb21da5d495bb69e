//! Lines for people, on standard error. Data goes to standard output, and nothing else does.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;

/// The progress bar on the terminal, if there is one: lines are written above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Whether standard error is a terminal.
pub(crate) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes text to standard error, above the progress bar. Colours are dropped where they can't be shown.
/// That standard error is gone is no reason to stop an export.
pub(crate) fn write(text: &str) {
    let write = || _ = anstream::stderr().lock().write_all(text.as_bytes());
    match &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Writes a line to standard error.
pub(crate) fn line(text: &str) {
    write(&format!("{text}\n"));
}

/// Writes a line that says what went wrong.
pub(crate) fn error(text: &str) {
    line(&format!("\u{1b}[1;31merror\u{1b}[0m: {text}"));
}

/// Writes a line that says what deserves a look.
pub(crate) fn warning(text: &str) {
    line(&format!("\u{1b}[1;33mwarning\u{1b}[0m: {text}"));
}

/// Shows or takes away the progress bar.
pub(crate) fn set_bar(bar: Option<ProgressBar>) {
    let old = std::mem::replace(&mut *BAR.lock().unwrap_or_else(PoisonError::into_inner), bar);
    if let Some(old) = old {
        old.finish_and_clear();
    }
}

/// Writes to standard output.
///
/// # Errors
/// Those of standard output: it was closed, or its disk is full.
pub(crate) fn data(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
