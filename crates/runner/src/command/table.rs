//! The closing table of a run.

use taskferry_engine::{Manifest, TransformSummary};

use super::listing::Listing;

/// Records in and out of each stage, bytes and files, as a table of at most `width` columns.
pub(crate) fn closing(manifest: &Manifest, width: Option<usize>) -> String {
    let mut table = Listing::new(&["stage", "in", "out", "refused", "bytes", ""], 1..=4);
    let source = &manifest.source;
    let read =
        format!("{}, {}", count(source.pages, "page"), requests(source.requests, source.retries));
    table.row([
        stage("source", &source.name, source.type_name),
        String::new(),
        number(source.records),
        String::new(),
        bytes_if_any(source.bytes),
        read,
    ]);
    for transform in &manifest.transforms {
        table.row(transform_row(transform, ""));
    }
    for sink in &manifest.sinks {
        for transform in &sink.transforms {
            table.row(transform_row(transform, "  "));
        }
        let mut delivered: Vec<String> = sink
            .files
            .iter()
            .map(|file| format!("{} ({})", file.path.display(), count(file.records, "record")))
            .collect();
        if sink.requests > 0 {
            delivered.push(requests(sink.requests, sink.retries));
        }
        table.row([
            stage("sink", &sink.name, sink.type_name),
            number(sink.records),
            String::new(),
            String::new(),
            bytes_if_any(sink.bytes),
            delivered.join(", "),
        ]);
    }
    table.drawn(width)
}

fn transform_row(transform: &TransformSummary, indent: &str) -> [String; 6] {
    let refused = if transform.failed == 0 { String::new() } else { number(transform.failed) };
    [
        format!("{indent}{}", stage("transform", &transform.name, transform.type_name)),
        number(transform.records_in),
        number(transform.records_out),
        refused,
        String::new(),
        counters(transform),
    ]
}

/// What a transform counts itself: `1,204 renamed, 31 unknown`.
fn counters(transform: &TransformSummary) -> String {
    let counted =
        |(name, count): (&String, &u64)| format!("{} {}", number(*count), name.replace('_', " "));
    let counters: Vec<String> = transform.counters.iter().map(counted).collect();
    counters.join(", ")
}

fn stage(role: &str, name: &str, type_name: &str) -> String {
    if name == type_name {
        format!("{role} {name}")
    } else {
        format!("{role} {name} ({type_name})")
    }
}

fn requests(sent: u64, retries: u64) -> String {
    match retries {
        0 => count(sent, "request"),
        _ => format!("{}, {} of them repeated", count(sent, "request"), number(retries)),
    }
}

/// A number of things.
pub(crate) fn count(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(count), if count == 1 { "" } else { "s" })
}

/// A number with its thousands set apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The same, and nothing for nothing: most stages have no size of their own.
fn bytes_if_any(size: u64) -> String {
    if size == 0 { String::new() } else { bytes(size) }
}

/// A size in the unit that fits.
pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
    let size = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.1} GB", size / 1e9),
    }
}
