//! Compares an export with `[expect]`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use taskferry_pipeline::{DriftAction, ExpectOptions};

use crate::baseline::Comparison;
use crate::drift::Drift;
use crate::run_stats::RunStats;

/// A violation of `[expect]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Violation {
    /// The violation, for people.
    pub message: String,
    /// The setting with which the next run accepts the export: `expect.min_jobs=80`.
    pub accept: String,
}

impl Violation {
    fn new(message: String, accept: impl Into<String>) -> Self {
        Self { message, accept: accept.into() }
    }
}

/// The violations of an export. `sinks` are the names of the sinks.
pub(crate) fn violations<'a>(
    expect: &ExpectOptions,
    stats: &RunStats,
    sinks: impl Iterator<Item = &'a str>,
    started_at: Timestamp,
    comparison: &Comparison,
) -> Vec<Violation> {
    let jobs = stats.source.records;
    let mut violations = Vec::new();
    if let Some(min_jobs) = expect.min_jobs.filter(|min_jobs| jobs < *min_jobs) {
        let message = format!("{jobs} records were read, fewer than `min_jobs` ({min_jobs})");
        violations.push(Violation::new(message, format!("expect.min_jobs={jobs}")));
    }
    if let Some(least) = expect.min_records {
        let few: Vec<_> = sinks.zip(&stats.sinks).filter(|(_, it)| it.records_in < least).collect();
        // One setting accepts all sinks.
        let fewest = few.iter().map(|(_, sink)| sink.records_in).min().unwrap_or_default();
        for (name, sink) in few {
            let records = sink.records_in;
            let message = format!(
                "sink `{name}` received {records} records, fewer than `min_records` ({least})"
            );
            violations.push(Violation::new(message, format!("expect.min_records={fewest}")));
        }
    }
    if let Some(percent) = expect.max_drop_percent {
        let drop = excessive_drop(jobs, percent, comparison);
        violations
            .extend(drop.map(|message| Violation::new(message, "expect.max_drop_percent=100")));
    }
    violations.extend(max_age_exceeded(expect, started_at));
    let drift = Drift::since(comparison, &stats.source.fields);
    if let Some(drift) =
        drift.filter(|drift| expect.drift == DriftAction::Fail && !drift.is_empty())
    {
        violations.push(Violation::new(drift.message(), "expect.drift=warn"));
    }
    violations
}

fn excessive_drop(jobs: u64, percent: u8, comparison: &Comparison) -> Option<String> {
    if comparison.is_unreadable {
        return Some(format!(
            "`max_drop_percent` ({percent}) can't be checked: `last_complete.json` in the state folder can't be read; restore the file, or remove it"
        ));
    }
    let last = comparison.same()?;
    // Integer arithmetic, so that a decrease that equals the limit is accepted.
    let kept = u128::from(jobs) * 100;
    let needed = u128::from(last.jobs) * u128::from(100 - percent.min(100));
    (kept < needed).then(|| {
        format!(
            "{jobs} records were read, but {} in the last complete run ({}): the drop exceeds `max_drop_percent` ({percent})",
            last.jobs, last.run_id
        )
    })
}

/// The violation of a run that started longer ago than `max_age`.
pub(crate) fn max_age_exceeded(expect: &ExpectOptions, started_at: Timestamp) -> Option<Violation> {
    let max_age = expect.max_age?;
    let age = Timestamp::now().duration_since(started_at).unsigned_abs();
    (age > max_age.get()).then(|| {
        let seconds = age.as_secs();
        let message = format!(
            "the run started {seconds} s ago, which is more than `max_age` ({max_age}): its first pages may be out of date"
        );
        Violation::new(message, format!("expect.max_age={}s", seconds + 3600))
    })
}
