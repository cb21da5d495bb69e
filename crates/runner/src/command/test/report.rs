//! The results of tests for people, on standard error.

use std::fmt::Write;

use taskferry_sdk::printable;

use super::outcome::{Failure, Outcome};
use crate::command::colors::{BOLD, FAINT, GREEN, PLAIN, RED};
use crate::command::diff::{DiffLine, diff};
use crate::command::json_lines::{SCREEN, lines};
use crate::command::preview::mask::Mask;
use crate::command::preview::text::TextWriter;
use crate::console;
use crate::trace::RecordTrace;

/// The maximum number of lines of an input record or a difference.
const MAX_LINES: usize = 60;
/// The maximum number of lines of one change.
const MAX_CHANGED: usize = 20;
/// The maximum number of input records that are shown.
const MAX_RECORDS: usize = 3;
/// The columns to which unchanged lines are shortened.
const WIDTH: usize = 80;

/// Writes the result of a test: one line, and if it failed, why.
pub(crate) fn outcome(outcome: &Outcome) {
    console::drawn(&text(outcome));
}

/// Writes the numbers of tests.
pub(crate) fn summary(outcomes: &[Outcome]) {
    let failed = outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
    let passed = outcomes.len() - failed;
    match (passed, failed) {
        (0, 0) => {}
        (_, 0) => console::drawn(&format!("{GREEN}{passed} passed{PLAIN}\n")),
        _ => console::drawn(&format!("{passed} passed, {RED}{failed} failed{PLAIN}\n")),
    }
}

/// What the console shows of a test.
pub(crate) fn text(outcome: &Outcome) -> String {
    let (file, line) = outcome.place();
    let (file, name) = (printable(&file), printable(&outcome.case.name));
    if outcome.is_ok() {
        let mut out = format!("{GREEN}ok{PLAIN}      {file}: {name}\n");
        add_notes(&mut out, outcome);
        return out;
    }
    let mut out = format!("{RED}FAILED{PLAIN}  {file}:{line}: {BOLD}{name}{PLAIN}\n");
    for failure in &outcome.failures {
        add_failure(&mut out, failure);
    }
    add_notes(&mut out, outcome);
    let count = outcome.records.len();
    for (number, record) in outcome.records.iter().take(MAX_RECORDS).enumerate() {
        let of = if count > 1 { format!(" {} of {count}", number + 1) } else { String::new() };
        _ = writeln!(out, "  {BOLD}input{of}{PLAIN}");
        add_record(&mut out, record, outcome);
    }
    if count > MAX_RECORDS {
        _ = writeln!(out, "  {FAINT}… {} more input records{PLAIN}", count - MAX_RECORDS);
    }
    out
}

fn add_notes(out: &mut String, outcome: &Outcome) {
    for note in &outcome.notes {
        _ = writeln!(out, "  {FAINT}note: {}{PLAIN}", printable(note));
    }
}

fn add_failure(out: &mut String, failure: &Failure) {
    for (number, line) in failure.message.lines().enumerate() {
        let indent = if number == 0 { "  " } else { "    " };
        _ = writeln!(out, "{indent}{}", printable(line));
    }
    if let Some(mismatch) = &failure.mismatch {
        _ = writeln!(out, "    {RED}- expected{PLAIN}  {GREEN}+ found{PLAIN}");
        let lines = diff(&mismatch.expected, &mismatch.actual, MAX_CHANGED);
        add_lines(out, lines.iter().map(|line| line.drawn(Some(WIDTH - 4))));
    }
}

fn add_record(out: &mut String, record: &RecordTrace, outcome: &Outcome) {
    let mask = Mask::of(record, false);
    let input = lines(&mask.record(&record.record), SCREEN);
    add_lines(out, input.iter().map(|line| DiffLine::Same(line.shown()).drawn(Some(WIDTH - 4))));
    let mut steps = TextWriter {
        stages: &outcome.stages,
        masks_values: false,
        only: None,
        width: Some(WIDTH),
        text: String::new(),
    };
    steps.steps(record, &mask);
    out.push_str(&steps.text);
}

fn add_lines(out: &mut String, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(MAX_LINES);
    for line in lines.take(MAX_LINES) {
        _ = writeln!(out, "    {line}");
    }
    if more > 0 {
        _ = writeln!(out, "    {FAINT}  … {more} more lines{PLAIN}");
    }
}
