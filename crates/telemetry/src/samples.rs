//! The values of metrics, from a manifest.

use jiff::Timestamp;
use taskferry_engine::{Manifest, Status, TransformSummary};

use crate::metrics::{
    BUILD, END, LAST_SUCCESS, Metric, RUN, SINK, SOURCE, STATUS, TRANSFORM, Table,
};

/// The value of a metric for one set of labels.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) metric: &'static Metric,
    /// Names and values.
    pub(crate) labels: Vec<(&'static str, String)>,
    pub(crate) value: f64,
}

/// The metrics of a run. `last_success` is the end of the last complete run before this run.
pub(crate) fn samples(manifest: &Manifest, last_success: Option<Timestamp>) -> Vec<Sample> {
    let mut samples = Samples { pipeline: &manifest.pipeline, all: Vec::new() };
    samples.add(BUILD, &(), &[("version", env!("CARGO_PKG_VERSION"))]);
    for (status, name) in STATUSES {
        samples.add(STATUS, &(manifest.status, status), &[("status", name)]);
    }
    samples.add(END, manifest, &[]);
    let is_export = manifest.status == Status::Complete && !manifest.replay;
    let last_success = if is_export { Some(manifest.finished_at) } else { last_success };
    if let Some(last_success) = last_success {
        samples.add(LAST_SUCCESS, &last_success, &[]);
    }
    samples.add(RUN, manifest, &[]);
    let source = &manifest.source;
    samples.add(SOURCE, source, &[("stage", &source.name), ("type", source.type_name)]);
    for transform in &manifest.transforms {
        samples.transform(transform, &[]);
    }
    for sink in &manifest.sinks {
        for transform in &sink.transforms {
            samples.transform(transform, &[("sink", &sink.name)]);
        }
        samples.add(SINK, sink, &[("stage", &sink.name), ("type", sink.type_name)]);
    }
    samples.all
}

struct Samples<'a> {
    pipeline: &'a str,
    all: Vec<Sample>,
}

impl Samples<'_> {
    fn transform(&mut self, transform: &TransformSummary, sink: &[(&'static str, &str)]) {
        let labels = [("stage", transform.name.as_str()), ("type", transform.type_name)];
        self.add(TRANSFORM, transform, &[&labels, sink].concat());
    }

    fn add<T>(&mut self, table: Table<T>, part: &T, labels: &[(&'static str, &str)]) {
        for (metric, value) in table {
            let own = labels.iter().map(|(name, value)| (*name, (*value).to_owned()));
            let all = std::iter::once(("pipeline", self.pipeline.to_owned())).chain(own);
            self.all.push(Sample { metric, labels: all.collect(), value: value(part) });
        }
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
