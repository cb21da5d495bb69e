//! The report of `doctor`.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};
use taskferry_sdk::{Finding, Verdict, printable};

use crate::command::arguments::DoctorArguments;
use crate::command::format::count;
use crate::console::{self, DETAIL, ERROR, INFO, PLAIN, WARNING};
use crate::exit::Exit;
use crate::wrap::indented;

/// The version of the JSON document.
const SCHEMA_VERSION: u32 = 1;

/// A check that was made.
#[derive(Debug)]
pub(super) struct CheckResult {
    /// The stage, as messages name it; `None` for the pipeline itself.
    pub(super) stage: Option<String>,
    pub(super) check: &'static str,
    pub(super) findings: Vec<Finding>,
    pub(super) elapsed: Duration,
    /// The exit code if it failed.
    pub(super) exit: Exit,
    /// Whether the check was skipped, because a required check failed.
    pub(super) is_blocked: bool,
    /// Whether the findings are already printed to standard error.
    pub(super) is_shown: bool,
}

impl CheckResult {
    /// The worst verdict of its findings.
    pub(super) fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    fn to_json(&self) -> Value {
        json!({
            "stage": self.stage,
            "check": self.check,
            "verdict": self.verdict(),
            "elapsed_ms": milliseconds(self.elapsed),
            "findings": self.findings,
        })
    }

    fn label(&self) -> String {
        match &self.stage {
            Some(stage) => format!("{stage}: {}", self.check),
            None => self.check.to_owned(),
        }
    }
}

/// All checks that were made.
#[derive(Debug)]
pub(super) struct Report {
    file: String,
    sandbox: bool,
    results: Vec<CheckResult>,
    elapsed: Duration,
}

fn milliseconds(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

impl Report {
    pub(super) fn new(
        arguments: &DoctorArguments,
        results: Vec<CheckResult>,
        elapsed: Duration,
    ) -> Self {
        let file = arguments.file.to_string_lossy().into_owned();
        Self { file, sandbox: arguments.layers.sandbox, results, elapsed }
    }

    /// The exit code of the worst failure. The pipeline file and its state come first: without them, nothing runs.
    pub(super) fn exit(&self) -> Exit {
        let failed = self.results.iter().filter(|result| result.verdict() == Verdict::Failed);
        failed.map(|result| result.exit).min_by_key(|exit| exit.0).unwrap_or(Exit::COMPLETE)
    }

    fn verdict(&self) -> Verdict {
        let worst = self.results.iter().map(CheckResult::verdict).max();
        // A skipped check does not affect the verdict on the pipeline.
        worst.filter(|verdict| *verdict != Verdict::Skipped).unwrap_or(Verdict::Ok)
    }

    /// One JSON document.
    pub(super) fn json(&self) -> String {
        console::printable_document(&json!({
            "schema_version": SCHEMA_VERSION,
            "taskferry_version": env!("CARGO_PKG_VERSION"),
            "file": self.file,
            "sandbox": self.sandbox,
            "verdict": self.verdict(),
            "exit_code": self.exit().0,
            "elapsed_ms": milliseconds(self.elapsed),
            "checks": self.results.iter().map(CheckResult::to_json).collect::<Vec<_>>(),
        }))
    }

    /// The problems and the verdict, or all checks and the verdict, with colors.
    pub(super) fn text(&self, is_verbose: bool, width: Option<usize>) -> String {
        // Without a terminal, each finding is one line, which can be searched.
        let width = width.unwrap_or(usize::MAX);
        let mut text = String::new();
        for result in &self.results {
            let mut elapsed = Some(result.elapsed).filter(|_| is_verbose);
            if result.is_shown {
                let errors = count(result.findings.len() as u64, "error");
                let finding = Finding::failed(format!("{}: {errors}", self.file));
                write_finding(&mut text, &result.label(), &finding, elapsed, width);
                continue;
            }
            for finding in &result.findings {
                if is_verbose || finding.verdict >= Verdict::Warning {
                    write_finding(&mut text, &result.label(), finding, elapsed.take(), width);
                    if is_verbose {
                        write_details(&mut text, finding);
                    }
                }
            }
        }
        text.push_str(&indented(&self.verdict_line(), "", width));
        text
    }

    fn verdict_line(&self) -> String {
        let count = |verdict| self.results.iter().filter(|one| one.verdict() == verdict).count();
        let failed = count(Verdict::Failed);
        let mut counts = vec![format!("{} ok", count(Verdict::Ok))];
        for (verdict, noun) in [(Verdict::Warning, "with warnings"), (Verdict::Failed, "failed")] {
            let mut names: Vec<&str> = Vec::new();
            for result in self.results.iter().filter(|one| one.verdict() == verdict) {
                if !names.contains(&result.check) {
                    names.push(result.check);
                }
            }
            if !names.is_empty() {
                counts.push(format!("{} {noun} ({})", count(verdict), names.join(", ")));
            }
        }
        match count(Verdict::Skipped) {
            0 => {}
            skipped => counts.push(format!("{skipped} skipped")),
        }
        let verdict = match (failed, self.sandbox) {
            (0, false) => "ready to run".to_owned(),
            (0, true) => "ready to run with the sandbox".to_owned(),
            _ => format!("not ready to run (exit code {})", self.exit().0),
        };
        let file = printable(&self.file);
        let seconds = self.elapsed.as_secs_f64();
        format!("{file}: {verdict}; checks: {}; {seconds:.1} s", counts.join(", "))
    }
}

fn write_finding(
    text: &mut String,
    label: &str,
    finding: &Finding,
    elapsed: Option<Duration>,
    width: usize,
) {
    let (word, style) = match finding.verdict {
        Verdict::Ok => ("ok", INFO),
        Verdict::Skipped => ("skipped", DETAIL),
        Verdict::Warning => ("warning", WARNING),
        Verdict::Failed => ("failed", ERROR),
    };
    let elapsed = elapsed.map(|elapsed| format!(" ({} ms)", milliseconds(elapsed)));
    let line =
        format!("{word}: {}: {}{}", printable(label), finding.text, elapsed.unwrap_or_default());
    let line = indented(&line, "", width);
    let rest = line.strip_prefix(word).unwrap_or(&line);
    // Writing to a string can't fail.
    _ = write!(text, "{style}{word}{PLAIN}{rest}");
    if let Some(hint) = &finding.hint {
        text.push_str(&indented(&format!("help: {hint}"), "  ", width));
    }
}

fn write_details(text: &mut String, finding: &Finding) {
    for line in &finding.details {
        _ = writeln!(text, "    {line}");
    }
}
