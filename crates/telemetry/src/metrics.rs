//! The metrics with their units, labels and values. A test compares them with the table in `docs/observability.md`.

use jiff::Timestamp;
use taskferry_engine::{Manifest, SinkSummary, SourceSummary, Status, TransformSummary};

/// A metric of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name in OpenTelemetry.
    pub name: &'static str,
    /// The description.
    pub description: &'static str,
    /// The UCUM unit; empty for none.
    pub unit: &'static str,
    /// The labels, without `pipeline`.
    pub labels: &'static [&'static str],
}

impl Metric {
    /// The name in Prometheus, which is the name of the metric after an OTLP import.
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        format!("{}{unit}", self.name.replace('.', "_"))
    }
}

/// Metrics of one part of a manifest, with their values.
pub(crate) type Table<T> = &'static [(Metric, fn(&T) -> f64)];

macro_rules! metrics {
    ($($table:ident: $part:ty, $labels:expr => {
        $($name:literal, $unit:literal, $value:expr, $description:literal;)*
    })*) => {
        $(pub(crate) const $table: Table<$part> = &[$((
            Metric { name: $name, description: $description, unit: $unit, labels: $labels },
            $value,
        )),*];)*

        /// All metrics. Each is a gauge of the last run, because a counter that starts at zero in every process would never appear
        /// to grow.
        pub const METRICS: &[Metric] = &[$($(
            Metric { name: $name, description: $description, unit: $unit, labels: $labels },
        )*)*];
    };
}

metrics! {
    BUILD: (), &["version"] => {
        "taskferry.build_info", "", |()| 1.0, "Always 1. The label is the version of taskferry.";
    }
    // The status of the run, and the status in the label.
    STATUS: (Status, Status), &["status"] => {
        "taskferry.run.status", "", |(status, of_label)| flag(status == of_label),
            "1 if the last run ended with this status (complete, failed, interrupted, suspicious), else 0.";
    }
    END: Manifest, &[] => {
        "taskferry.run.exit_code", "", |run| f64::from(run.exit_code), "The exit code of the last run.";
        "taskferry.run.duration", "s",
            |run| run.finished_at.duration_since(run.started_at).as_secs_f64(),
            "Duration of the last run, from the start of its first attempt.";
        "taskferry.run.start_timestamp", "s", |run| seconds(&run.started_at),
            "Start of the first attempt of the last run, as Unix time.";
        "taskferry.run.end_timestamp", "s", |run| seconds(&run.finished_at), "End of the last run, as Unix time.";
    }
    LAST_SUCCESS: Timestamp, &[] => {
        "taskferry.run.last_success_timestamp", "s", seconds,
            "End of the last complete run, as Unix time. Present once a run has completed.";
    }
    RUN: Manifest, &[] => {
        "taskferry.run.resumed", "", |run| flag(run.resumed_from.is_some()), "1 if the last run resumed an earlier attempt.";
        "taskferry.run.resumable", "", |run| flag(run.resumable), "1 if the next run resumes the last one.";
        "taskferry.run.replay", "", |run| flag(run.replay), "1 if the last run was a replay of dead letters.";
        "taskferry.run.sandbox", "", |run| flag(run.sandbox), "1 if the last run read data of a sandbox.";
        "taskferry.run.warnings", "{warning}", |run| count(run.warnings.len() as u64),
            "Number of warnings in the manifest of the last run.";
        "taskferry.run.violations", "{violation}", |run| count(run.violations.len() as u64),
            "Number of violations of `[expect]` in the last run.";
        "taskferry.run.dead_letters", "{record}", |run| count(run.dead_letters),
            "Records that were written as dead letters, from all stages.";
    }
    SOURCE: SourceSummary, &["stage", "type"] => {
        "taskferry.source.pages", "{page}", |it| count(it.pages), "Pages committed by all sinks.";
        "taskferry.source.records", "{record}", |it| count(it.records), "Records in the committed pages.";
        "taskferry.source.read", "By", |it| count(it.bytes), "Size of the committed pages, after decompression.";
        "taskferry.source.requests", "{request}", |it| count(it.requests),
            "Requests sent, including token requests and failed requests.";
        "taskferry.source.retries", "{request}", |it| count(it.retries), "Requests that were retries.";
    }
    TRANSFORM: TransformSummary, &["stage", "type", "sink"] => {
        "taskferry.transform.records_in", "{record}", |it| count(it.records_in), "Records that the transform received.";
        "taskferry.transform.records_out", "{record}", |it| count(it.records_out), "Records that the transform emitted.";
        "taskferry.transform.filtered", "{record}", |it| count(it.filtered),
            "Records that the transform dropped as configured.";
        "taskferry.transform.failed", "{record}", |it| count(it.failed),
            "Records that the transform refused: skipped, or written as dead letters.";
        "taskferry.transform.dead_letters", "{record}", |it| count(it.dead_letters),
            "Refused records that were written as dead letters.";
    }
    SINK: SinkSummary, &["stage", "type"] => {
        "taskferry.sink.records_in", "{record}", |it| count(it.records_in),
            "Records that the sink received, after its own transforms.";
        "taskferry.sink.records", "{record}", |it| count(it.records), "Records that the sink delivered.";
        "taskferry.sink.failed", "{record}", |it| count(it.failed),
            "Records that the sink refused: skipped, or written as dead letters.";
        "taskferry.sink.dead_letters", "{record}", |it| count(it.dead_letters),
            "Refused records that were written as dead letters.";
        "taskferry.sink.written", "By", |it| count(it.bytes), "Bytes delivered, after compression.";
        "taskferry.sink.requests", "{request}", |it| count(it.requests), "Requests sent by the sink.";
        "taskferry.sink.retries", "{request}", |it| count(it.retries), "Requests that were retries.";
        "taskferry.sink.published", "", |it| flag(it.published), "1 if the sink has completed its output.";
    }
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and exports are smaller")]
fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn seconds(instant: &Timestamp) -> f64 {
    instant.as_millisecond() as f64 / 1000.0
}
