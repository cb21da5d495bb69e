//! Metrics from a manifest.

use jiff::Timestamp;
use taskferry_engine::{Manifest, SinkSummary, SourceSummary, Status, TransformSummary};

use crate::metrics::{self, Metric};

/// The value of a metric for one set of labels.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) metric: Metric,
    /// Names and values.
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: f64,
}

/// The metrics of a run. `last_success` is the end of the last complete run before it.
pub(crate) fn samples(manifest: &Manifest, last_success: Option<Timestamp>) -> Vec<Sample> {
    let mut samples = Samples { pipeline: &manifest.pipeline, all: Vec::new() };
    samples.run(manifest, last_success);
    samples.source(&manifest.source);
    for transform in &manifest.transforms {
        samples.transform(transform, None);
    }
    for sink in &manifest.sinks {
        for transform in &sink.transforms {
            samples.transform(transform, Some(&sink.name));
        }
        samples.sink(sink);
    }
    samples.all
}

struct Samples<'a> {
    pipeline: &'a str,
    all: Vec<Sample>,
}

impl Samples<'_> {
    fn run(&mut self, manifest: &Manifest, last_success: Option<Timestamp>) {
        let is_export = manifest.status == Status::Complete && !manifest.replay;
        let last_success = if is_export { Some(manifest.finished_at) } else { last_success };
        let duration = manifest.finished_at.duration_since(manifest.started_at).as_secs_f64();
        self.add(metrics::BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        for (status, name) in STATUSES {
            self.add(metrics::RUN_STATUS, &[("status", name)], flag(manifest.status == status));
        }
        self.add(metrics::RUN_EXIT_CODE, &[], f64::from(manifest.exit_code));
        self.add(metrics::RUN_DURATION, &[], duration);
        self.add(metrics::RUN_START, &[], seconds(manifest.started_at));
        self.add(metrics::RUN_END, &[], seconds(manifest.finished_at));
        if let Some(last_success) = last_success {
            self.add(metrics::RUN_LAST_SUCCESS, &[], seconds(last_success));
        }
        self.add(metrics::RUN_RESUMED, &[], flag(manifest.resumed_from.is_some()));
        self.add(metrics::RUN_RESUMABLE, &[], flag(manifest.resumable));
        self.add(metrics::RUN_REPLAY, &[], flag(manifest.replay));
        self.add(metrics::RUN_SANDBOX, &[], flag(manifest.sandbox));
        self.add(metrics::RUN_WARNINGS, &[], count(manifest.warnings.len() as u64));
        self.add(metrics::RUN_VIOLATIONS, &[], count(manifest.violations.len() as u64));
        self.add(metrics::RUN_DEAD_LETTERS, &[], count(manifest.dead_letters));
    }

    fn source(&mut self, source: &SourceSummary) {
        let labels = [("stage", source.name.as_str()), ("type", source.type_name)];
        self.add(metrics::SOURCE_PAGES, &labels, count(source.pages));
        self.add(metrics::SOURCE_RECORDS, &labels, count(source.records));
        self.add(metrics::SOURCE_READ, &labels, count(source.bytes));
        self.add(metrics::SOURCE_REQUESTS, &labels, count(source.requests));
        self.add(metrics::SOURCE_RETRIES, &labels, count(source.retries));
    }

    fn transform(&mut self, transform: &TransformSummary, sink: Option<&str>) {
        let mut labels = vec![("stage", transform.name.as_str()), ("type", transform.type_name)];
        labels.extend(sink.map(|sink| ("sink", sink)));
        self.add(metrics::TRANSFORM_RECORDS_IN, &labels, count(transform.records_in));
        self.add(metrics::TRANSFORM_RECORDS_OUT, &labels, count(transform.records_out));
        self.add(metrics::TRANSFORM_FILTERED, &labels, count(transform.filtered));
        self.add(metrics::TRANSFORM_FAILED, &labels, count(transform.failed));
        self.add(metrics::TRANSFORM_DEAD_LETTERS, &labels, count(transform.dead_letters));
    }

    fn sink(&mut self, sink: &SinkSummary) {
        let labels = [("stage", sink.name.as_str()), ("type", sink.type_name)];
        self.add(metrics::SINK_RECORDS_IN, &labels, count(sink.records_in));
        self.add(metrics::SINK_RECORDS, &labels, count(sink.records));
        self.add(metrics::SINK_FAILED, &labels, count(sink.failed));
        self.add(metrics::SINK_DEAD_LETTERS, &labels, count(sink.dead_letters));
        self.add(metrics::SINK_WRITTEN, &labels, count(sink.bytes));
        self.add(metrics::SINK_REQUESTS, &labels, count(sink.requests));
        self.add(metrics::SINK_RETRIES, &labels, count(sink.retries));
        self.add(metrics::SINK_PUBLISHED, &labels, flag(sink.published));
    }

    fn add(&mut self, metric: Metric, labels: &[(&'static str, &str)], value: f64) {
        let own = labels.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let labels = std::iter::once(("pipeline", self.pipeline.to_owned())).chain(own).collect();
        self.all.push(Sample { metric, labels, value });
    }
}

const STATUSES: [(Status, &str); 4] = [
    (Status::Complete, "complete"),
    (Status::Failed, "failed"),
    (Status::Interrupted, "interrupted"),
    (Status::Suspicious, "suspicious"),
];

pub(crate) fn status_name(status: Status) -> &'static str {
    STATUSES.iter().find(|(known, _)| *known == status).map_or("unknown", |(_, name)| name)
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, and exports are smaller")]
fn count(number: u64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
fn seconds(instant: Timestamp) -> f64 {
    instant.as_millisecond() as f64 / 1000.0
}
