//! Writes to standard error and standard output. Messages go to standard error, data to standard output.
//!
//! Messages may contain text from records, servers and file names, so every function escapes control sequences
//! ([`printable`]). Colors are added afterwards, and only here.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstream::adapter::strip_str;
use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use indicatif::ProgressBar;
use serde::Serialize;
use taskferry_files::BlockingWriter;
use taskferry_sdk::{printable, printable_json, printable_lines};

use crate::wrap::wrapped_line;

pub(crate) const ERROR: &str = "\u{1b}[1;31m";
pub(crate) const WARNING: &str = "\u{1b}[1;33m";
pub(crate) const INFO: &str = "\u{1b}[32m";
pub(crate) const DETAIL: &str = "\u{1b}[34m";
pub(crate) const PLAIN: &str = "\u{1b}[0m";

/// How long to wait for a reader of standard error that is not reading.
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

/// The progress bar. Lines are written above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Whether standard error is a terminal.
pub(crate) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The number of columns of standard error, if it is a terminal.
pub(crate) fn width() -> Option<usize> {
    columns(&io::stderr())
}

/// The number of columns of standard output, if it is a terminal.
pub(crate) fn page_width() -> Option<usize> {
    columns(&io::stdout())
}

/// Whether standard output is a terminal.
pub(crate) fn output_is_terminal() -> bool {
    io::stdout().is_terminal()
}

fn columns(stream: &(impl AsFd + IsTerminal)) -> Option<usize> {
    let size = stream.is_terminal().then(|| rustix::termios::tcgetwinsize(stream))?;
    // A terminal of unknown size reports zero.
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Whether standard output may appear on a terminal: standard output is a terminal, or a pipe to a process that may write to a
/// terminal.
pub(crate) fn output_may_be_shown() -> bool {
    let stdout = io::stdout();
    let file = stdout.as_fd().try_clone_to_owned().map(File::from);
    let kind = file.and_then(|file| file.metadata()).map(|found| found.file_type());
    stdout.is_terminal() || kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Writes lines to standard error, above the progress bar.
pub(crate) fn write(text: &str) {
    raw(&printable_lines(text));
}

/// Writes a line to standard error. On a terminal, a long line is wrapped between words.
pub(crate) fn line(text: &str) {
    raw(&fitted(&printable(text)));
}

pub(crate) fn error(text: &str) {
    labelled(ERROR, "error", text);
}

/// Writes what to do about the error before it.
pub(crate) fn help(text: &str) {
    line(&format!("  help: {text}"));
}

pub(crate) fn warning(text: &str) {
    labelled(WARNING, "warning", text);
}

/// Writes a note about the sandbox.
pub(crate) fn sandbox(text: &str) {
    labelled(WARNING, "sandbox", text);
}

/// Writes a message about the command line.
pub(crate) fn usage(text: &str) {
    match text.strip_prefix("error: ") {
        Some(rest) => raw(&format!("{ERROR}error{PLAIN}: {}", printable_lines(rest))),
        None => write(text),
    }
}

/// Writes JSON as one line of a log.
pub(crate) fn json(text: &str) {
    raw(&format!("{}\n", printable_json(text)));
}

/// Writes a line of the text log, with its level in color.
pub(crate) fn event(text: &str) {
    let text = printable(text.trim_end_matches('\n'));
    let levels =
        [("ERROR", ERROR), ("WARN", WARNING), ("INFO", INFO), ("DEBUG", DETAIL), ("TRACE", DETAIL)];
    let trimmed = text.trim_start();
    let level = levels.into_iter().find(|(level, _)| trimmed.starts_with(level));
    match level.and_then(|(level, style)| Some((level, style, trimmed.strip_prefix(level)?))) {
        Some((level, style, rest)) => {
            let indent = text.get(..text.len() - trimmed.len()).unwrap_or_default();
            let line = fitted(&format!("{indent}{level}{rest}"));
            let rest = line.trim_start().strip_prefix(level).unwrap_or(&line);
            raw(&format!("{indent}{style}{level}{PLAIN}{rest}"));
        }
        None => raw(&fitted(&text)),
    }
}

/// Writes text with colors.
pub(crate) fn drawn(text: &str) {
    raw(&only_styles(text));
}

/// Shows or removes the progress bar.
pub(crate) fn set_bar(bar: Option<ProgressBar>) {
    let old = std::mem::replace(&mut *BAR.lock().unwrap_or_else(PoisonError::into_inner), bar);
    if let Some(old) = old {
        old.finish_and_clear();
    }
}

/// Writes text for people to standard output.
pub(crate) fn page(text: &str) -> io::Result<()> {
    data(&printable_lines(text))
}

/// Writes text with colors to standard output, without colors if it cannot show them.
pub(crate) fn drawn_page(text: &str) -> io::Result<()> {
    data(&styled_for(&io::stdout(), &only_styles(text)))
}

/// Clears the terminal of standard output, if it is one.
pub(crate) fn clear() {
    if output_is_terminal() {
        // Ignores the error: the next write reports a closed terminal.
        _ = data("\u{1b}[2J\u{1b}[3J\u{1b}[H");
    }
}

/// Writes a JSON document to standard output.
pub(crate) fn document(document: &impl Serialize) -> io::Result<()> {
    data(&(printable_document(document) + "\n"))
}

/// A JSON document as text.
pub(crate) fn printable_document(document: &impl Serialize) -> String {
    // Serializing texts, numbers and lists can't fail.
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    printable_json(&text).into_owned()
}

/// Writes data for programs to standard output.
pub(crate) fn data(text: &str) -> io::Result<()> {
    let stdout = io::stdout();
    BlockingWriter::new(stdout.lock(), None).write_all(text.as_bytes())
}

fn labelled(style: &str, label: &str, text: &str) {
    let line = fitted(&format!("{label}: {}", printable(text)));
    let rest = line.strip_prefix(label).unwrap_or(&line);
    raw(&format!("{style}{label}{PLAIN}{rest}"));
}

/// A line that fits the terminal of standard error. Further lines are indented by four more columns.
fn fitted(line: &str) -> String {
    wrapped_line(line, width())
}

/// Writes text without escaping it, and without colors if standard error cannot show them. Ignores errors: a closed standard
/// error must not stop an export.
fn raw(text: &str) {
    let stderr = io::stderr();
    let text = styled_for(&stderr, text);
    let write = || {
        let mut out = BlockingWriter::new(stderr.lock(), Some(WRITE_TIMEOUT));
        _ = out.write_all(text.as_bytes());
    };
    match &*BAR.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// The text, without colors if the stream cannot show them.
fn styled_for<'a>(stream: &impl RawStream, text: &'a str) -> Cow<'a, str> {
    match AutoStream::choice(stream) {
        ColorChoice::Never => strip_str(text).to_string().into(),
        _ => text.into(),
    }
}

/// Escapes all control sequences except those for colors.
fn only_styles(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(&printable_lines(before));
        let end = after.find(|it: char| !(it.is_ascii_digit() || matches!(it, '[' | ';')));
        let end = end.filter(|end| after.starts_with('[') && after[*end..].starts_with('m'));
        let (style, behind) = after.split_at(end.map_or(0, |end| end + 1));
        out.push_str(if style.is_empty() { "\\u{1b}" } else { "\u{1b}" });
        out.push_str(style);
        rest = behind;
    }
    out.push_str(&printable_lines(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colors_are_kept_in_terminal_output() {
        let text = "\u{1b}[1;31merror\u{1b}[0m\n\u{1b}[2J\u{1b}]0;x\u{7}\u{9b}31m\u{1b}";
        let expected = "\u{1b}[1;31merror\u{1b}[0m\n\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{9b}31m\\u{1b}";
        assert_eq!(only_styles(text), expected);
    }
}
