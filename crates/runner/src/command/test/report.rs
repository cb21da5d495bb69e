//! The results of tests for people, on standard error.

use std::fmt::Write;

use serde_json::Value;
use taskferry_sdk::{Record, printable};

use super::diff::{ADDED, BOLD, DIM, PLAIN, REMOVED, diff};
use super::layout::layout;
use super::outcome::{Failure, Outcome};
use crate::console;
use crate::trace::{Outcome as StepOutcome, RecordTrace, Step};

/// The maximum number of lines of a record or a diff.
const MAX_LINES: usize = 60;
/// The maximum number of input records that are shown.
const MAX_RECORDS: usize = 3;
/// The maximum number of steps that are shown for a record.
const MAX_STEPS: usize = 12;

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
        (_, 0) => console::drawn(&format!("{ADDED}{passed} passed{PLAIN}\n")),
        _ => console::drawn(&format!("{passed} passed, {REMOVED}{failed} failed{PLAIN}\n")),
    }
}

/// What the console shows of a test.
pub(crate) fn text(outcome: &Outcome) -> String {
    let (file, line) = outcome.place();
    let (file, name) = (printable(&file), printable(&outcome.case.name));
    if outcome.is_ok() {
        return format!("{ADDED}ok{PLAIN}      {file}: {name}\n");
    }
    let mut out = format!("{REMOVED}FAILED{PLAIN}  {file}:{line}: {BOLD}{name}{PLAIN}\n");
    for failure in &outcome.failures {
        add_failure(&mut out, failure);
    }
    let count = outcome.records.len();
    for (number, record) in outcome.records.iter().take(MAX_RECORDS).enumerate() {
        let of = if count > 1 { format!(" {} of {count}", number + 1) } else { String::new() };
        heading(&mut out, &format!("input{of}"));
        add_lines(&mut out, lines_of(&[&record.record]).lines().map(str::to_owned));
        add_steps(&mut out, record);
    }
    if count > MAX_RECORDS {
        heading(&mut out, &format!("{} more input records", count - MAX_RECORDS));
    }
    out
}

fn add_failure(out: &mut String, failure: &Failure) {
    for (number, line) in failure.message.lines().enumerate() {
        let indent = if number == 0 { "  " } else { "    " };
        _ = writeln!(out, "{indent}{}", printable(line));
    }
    if let Some(mismatch) = &failure.mismatch {
        _ = writeln!(out, "    {REMOVED}- expected{PLAIN}  {ADDED}+ found{PLAIN}");
        add_lines(out, diff(&mismatch.expected, &mismatch.actual).into_iter());
    }
}

fn add_steps(out: &mut String, record: &RecordTrace) {
    let is_shown = |step: &&Step| !matches!(step.outcome, StepOutcome::Delivered { .. });
    let steps = record.steps.iter().filter(is_shown);
    let count = steps.clone().count();
    for step in steps.take(MAX_STEPS) {
        let stage = printable(&step.stage.name);
        match &step.outcome {
            StepOutcome::Emitted { records, effects } => {
                let changes = changes(step.input.as_ref(), records);
                let what = match records.len() {
                    0 => ": dropped".to_owned(),
                    _ if changes.is_empty() => ": unchanged".to_owned(),
                    1 => String::new(),
                    several => format!(": {several} records"),
                };
                heading(out, &format!("after `{stage}`{what}"));
                for effect in effects {
                    let (option, text) = (effect.option, printable(&effect.text));
                    _ = writeln!(out, "    {DIM}`{option}` {text}{PLAIN}");
                }
                if !records.is_empty() {
                    add_lines(out, changes.into_iter());
                }
            }
            StepOutcome::Refused(reason) => {
                heading(out, &format!("`{stage}` refuses it: {}", printable(reason)));
            }
            StepOutcome::Delivered { .. } => {}
        }
    }
    if count > MAX_STEPS {
        heading(out, &format!("{} more steps", count - MAX_STEPS));
    }
}

/// What a stage changes in a record.
fn changes(input: Option<&Record>, records: &[Record]) -> Vec<String> {
    let before = input.map(|input| lines_of(&[input])).unwrap_or_default();
    diff(&before, &lines_of(&records.iter().collect::<Vec<_>>()))
}

fn lines_of(records: &[&Record]) -> String {
    records.iter().map(|record| layout(&record.value().unwrap_or(Value::Null))).collect()
}

fn heading(out: &mut String, text: &str) {
    _ = writeln!(out, "  {BOLD}{text}{PLAIN}");
}

fn add_lines(out: &mut String, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    for line in lines.iter().take(MAX_LINES) {
        _ = writeln!(out, "    {line}");
    }
    if lines.len() > MAX_LINES {
        _ = writeln!(out, "    {DIM}… {} more lines{PLAIN}", lines.len() - MAX_LINES);
    }
}
