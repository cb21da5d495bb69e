//! Prometheus text, for the textfile collector of `node_exporter`.

use jiff::Timestamp;
use taskferry_engine::Manifest;
use taskferry_sdk::printable;

use crate::metrics::METRICS;
use crate::samples::{Sample, samples};

/// The metrics of a run as Prometheus text. `last_success` is the end of the last complete run before this run.
pub fn text(manifest: &Manifest, last_success: Option<Timestamp>) -> String {
    let samples = samples(manifest, last_success);
    let mut text = String::new();
    for metric in METRICS {
        let mut lines = samples.iter().filter(|sample| sample.metric == metric).map(line);
        if let Some(first) = lines.next() {
            let name = metric.prometheus_name();
            let help = metric.description.replace('\\', "\\\\").replace('\n', "\\n");
            text.extend([format!("# HELP {name} {help}\n# TYPE {name} gauge\n"), first]);
            text.extend(lines);
        }
    }
    text
}

fn line(sample: &Sample) -> String {
    let labels: Vec<String> = sample
        .labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
        .collect();
    format!("{}{{{}}} {}\n", sample.metric.prometheus_name(), labels.join(","), sample.value)
}

/// Escapes unprintable characters, and the two characters that would end a label's value.
fn escaped(value: &str) -> String {
    printable(value).replace('\\', "\\\\").replace('"', "\\\"")
}
