//! The results of the checks.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::Check;
use crate::shortened;

/// The maximum number of characters of an input in a report.
const MAX_SHOWN: usize = 300;

/// What a check has exercised, for example 12 records.
#[derive(Debug)]
pub(super) struct Exercised {
    pub(super) count: usize,
    pub(super) unit: &'static str,
}

/// Why a check fails.
#[derive(Debug)]
pub struct Failure {
    message: String,
    input: Option<String>,
    /// Whether the check exercised nothing.
    is_empty: bool,
}

/// The result of a check that applies.
pub(super) type Verdict = Result<Exercised, Failure>;

impl Failure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), input: None, is_empty: false }
    }

    fn empty(unit: &str) -> Self {
        let message = format!("the check exercised nothing: it found no {unit}");
        Self { message, input: None, is_empty: true }
    }

    /// Adds the options or the record with which the check failed.
    pub(super) fn with(mut self, input: impl fmt::Display) -> Self {
        self.input = Some(shortened(&input.to_string(), MAX_SHOWN).into_owned());
        self
    }
}

#[derive(Debug)]
enum Outcome {
    Passed(Exercised),
    Failed(Failure),
    Exempt(String),
    /// An exemption that is wrong.
    Misused(&'static str),
    NotApplicable(String),
}

/// The results of all checks. The text lists the failed checks, their input, and the advice.
#[derive(Debug)]
pub struct Report {
    plugin: &'static str,
    lines: Vec<(Check, Outcome)>,
    cost: Option<Cost>,
    exemptions: Vec<(Check, String)>,
}

/// The time of a transform for a record, compared with a copy.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Cost {
    /// The mean time for a record.
    pub per_record: Duration,
    /// The mean time to parse a record and to emit it unchanged.
    pub per_copy: Duration,
}

impl Cost {
    /// The cost of the transform as a multiple of the cost of a copy.
    pub fn factor(&self) -> f64 {
        self.per_record.as_secs_f64() / self.per_copy.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

impl Report {
    pub(super) fn new(plugin: &'static str, exemptions: Vec<(Check, String)>) -> Self {
        Self { plugin, lines: Vec::new(), cost: None, exemptions }
    }

    /// Whether no check failed.
    pub fn is_passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The failed checks.
    pub fn failed(&self) -> impl Iterator<Item = Check> {
        let failed = self
            .lines
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_) | Outcome::Misused(_)));
        failed.map(|(check, _)| *check)
    }

    /// The time of a transform for a record.
    pub fn cost(&self) -> Option<Cost> {
        self.cost
    }

    pub(super) fn set_cost(&mut self, cost: Cost) {
        self.cost = Some(cost);
    }

    /// Runs a check. A check that exercises nothing fails. An exemption that is not needed fails too.
    pub(super) fn check(&mut self, check: Check, run: impl FnOnce() -> Verdict) {
        let verdict = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            Err(Failure::new(format!("the plugin panicked: {}", panic_text(&*panic))))
        });
        let verdict = verdict.and_then(|exercised| match exercised.count {
            0 => Err(Failure::empty(exercised.unit)),
            _ => Ok(exercised),
        });
        let outcome = match (verdict, self.exemption(check)) {
            (Ok(_), Some(_)) => {
                Outcome::Misused("the check passes, so the exemption is not needed: remove it")
            }
            (Err(_), Some(reason)) if reason.trim().is_empty() => {
                Outcome::Misused("the exemption needs a reason")
            }
            (Err(_), Some(reason)) => Outcome::Exempt(reason),
            (Ok(exercised), None) => Outcome::Passed(exercised),
            (Err(failure), None) => Outcome::Failed(failure),
        };
        self.lines.push((check, outcome));
    }

    /// Skips a check that does not apply to the plugin.
    pub(super) fn skip(&mut self, check: Check, reason: impl Into<String>) {
        let outcome = match self.exemption(check) {
            Some(_) => Outcome::Misused(
                "the check does not apply, so the exemption is not needed: remove it",
            ),
            None => Outcome::NotApplicable(reason.into()),
        };
        self.lines.push((check, outcome));
    }

    /// Ends the checks: an exemption from a check of another kind of plugin fails.
    pub(super) fn end(mut self) -> Self {
        for (check, _) in std::mem::take(&mut self.exemptions) {
            let message = "the check does not apply to this kind of plugin, or is exempted twice: remove the exemption";
            self.lines.push((check, Outcome::Misused(message)));
        }
        self
    }

    fn exemption(&mut self, check: Check) -> Option<String> {
        let position = self.exemptions.iter().position(|(exempt, _)| *exempt == check)?;
        Some(self.exemptions.remove(position).1)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.is_passed() { "conforms" } else { "does not conform" };
        writeln!(formatter, "`{}` {verb} to the rules for plugins", self.plugin)?;
        for (check, outcome) in &self.lines {
            match outcome {
                Outcome::Passed(Exercised { count, unit }) => {
                    writeln!(formatter, "  ok      {check:36} {count} {unit}")?;
                }
                Outcome::Exempt(reason) => {
                    writeln!(formatter, "  exempt  {check:36} {reason}")?;
                }
                Outcome::NotApplicable(reason) => {
                    writeln!(formatter, "  -       {check:36} {reason}")?;
                }
                Outcome::Misused(message) => {
                    writeln!(formatter, "  FAILED  {check} (Check::{check:?})")?;
                    writeln!(formatter, "            {message}")?;
                }
                Outcome::Failed(Failure { message, input, is_empty }) => {
                    writeln!(formatter, "  FAILED  {check} (Check::{check:?})")?;
                    writeln!(formatter, "            {message}")?;
                    if let Some(input) = input {
                        writeln!(formatter, "            with: {input}")?;
                    }
                    if *is_empty {
                        let help = "use options and records that exercise the check; if there are none, write";
                        writeln!(
                            formatter,
                            "            help: {help} `.exempt(Check::{check:?}, \"REASON\")`"
                        )?;
                    } else {
                        writeln!(formatter, "            help: {}", check.advice())?;
                    }
                }
            }
        }
        let Some(cost) = self.cost else { return Ok(()) };
        let build = if cfg!(debug_assertions) { " in a debug build" } else { "" };
        writeln!(
            formatter,
            "  cost    {:?} a record, {:.1} times a copy{build}",
            cost.per_record,
            cost.factor()
        )
    }
}

/// The text of a panic.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default()
}
