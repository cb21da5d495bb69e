//! The metrics with their units and labels. A test compares them with the table in `docs/observability.md`.

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

macro_rules! metrics {
    ($($id:ident = $name:literal, $unit:literal, [$($label:literal),*], $description:literal;)*) => {
        $(pub(crate) const $id: Metric = Metric {
            name: $name,
            description: $description,
            unit: $unit,
            labels: &[$($label),*],
        };)*

        /// All metrics. Each is a gauge of the last run, because a counter that starts at zero in every process would never appear
        /// to grow.
        pub const METRICS: &[Metric] = &[$($id),*];
    };
}

metrics! {
    BUILD_INFO = "taskferry.build_info", "", ["version"],
        "Always 1. The label is the version of taskferry.";
    RUN_STATUS = "taskferry.run.status", "", ["status"],
        "1 if the last run ended with this status (complete, failed, interrupted, suspicious), else 0.";
    RUN_EXIT_CODE = "taskferry.run.exit_code", "", [],
        "The exit code of the last run.";
    RUN_DURATION = "taskferry.run.duration", "s", [],
        "Duration of the last run, from the start of its first attempt.";
    RUN_START = "taskferry.run.start_timestamp", "s", [],
        "Start of the first attempt of the last run, as Unix time.";
    RUN_END = "taskferry.run.end_timestamp", "s", [],
        "End of the last run, as Unix time.";
    RUN_LAST_SUCCESS = "taskferry.run.last_success_timestamp", "s", [],
        "End of the last complete run, as Unix time. Present once a run has completed.";
    RUN_RESUMED = "taskferry.run.resumed", "", [],
        "1 if the last run resumed an earlier attempt.";
    RUN_RESUMABLE = "taskferry.run.resumable", "", [],
        "1 if the next run resumes the last one.";
    RUN_REPLAY = "taskferry.run.replay", "", [],
        "1 if the last run was a replay of dead letters.";
    RUN_SANDBOX = "taskferry.run.sandbox", "", [],
        "1 if the last run read a sandbox.";
    RUN_WARNINGS = "taskferry.run.warnings", "{warning}", [],
        "Number of warnings in the manifest of the last run.";
    RUN_VIOLATIONS = "taskferry.run.violations", "{violation}", [],
        "Number of unmet expectations in the last run.";
    RUN_DEAD_LETTERS = "taskferry.run.dead_letters", "{record}", [],
        "Records that were written as dead letters, from all stages.";
    SOURCE_PAGES = "taskferry.source.pages", "{page}", ["stage", "type"],
        "Pages committed by all sinks.";
    SOURCE_RECORDS = "taskferry.source.records", "{record}", ["stage", "type"],
        "Records in the committed pages.";
    SOURCE_READ = "taskferry.source.read", "By", ["stage", "type"],
        "Size of the committed pages, after decompression.";
    SOURCE_REQUESTS = "taskferry.source.requests", "{request}", ["stage", "type"],
        "Requests sent, including token requests and failed requests.";
    SOURCE_RETRIES = "taskferry.source.retries", "{request}", ["stage", "type"],
        "Requests that were retries.";
    TRANSFORM_RECORDS_IN = "taskferry.transform.records_in", "{record}", ["stage", "type", "sink"],
        "Records that the transform received.";
    TRANSFORM_RECORDS_OUT = "taskferry.transform.records_out", "{record}", ["stage", "type", "sink"],
        "Records that the transform emitted.";
    TRANSFORM_FILTERED = "taskferry.transform.filtered", "{record}", ["stage", "type", "sink"],
        "Records that the transform dropped as configured.";
    TRANSFORM_FAILED = "taskferry.transform.failed", "{record}", ["stage", "type", "sink"],
        "Records that the transform refused: skipped, or written as dead letters.";
    TRANSFORM_DEAD_LETTERS = "taskferry.transform.dead_letters", "{record}", ["stage", "type", "sink"],
        "Refused records that were written as dead letters.";
    SINK_RECORDS_IN = "taskferry.sink.records_in", "{record}", ["stage", "type"],
        "Records that the sink received, after its own transforms.";
    SINK_RECORDS = "taskferry.sink.records", "{record}", ["stage", "type"],
        "Records that the sink delivered.";
    SINK_FAILED = "taskferry.sink.failed", "{record}", ["stage", "type"],
        "Records that the sink refused: skipped, or written as dead letters.";
    SINK_DEAD_LETTERS = "taskferry.sink.dead_letters", "{record}", ["stage", "type"],
        "Refused records that were written as dead letters.";
    SINK_WRITTEN = "taskferry.sink.written", "By", ["stage", "type"],
        "Bytes delivered, after compression.";
    SINK_REQUESTS = "taskferry.sink.requests", "{request}", ["stage", "type"],
        "Requests sent by the sink.";
    SINK_RETRIES = "taskferry.sink.retries", "{request}", ["stage", "type"],
        "Requests that were retries.";
    SINK_PUBLISHED = "taskferry.sink.published", "", ["stage", "type"],
        "1 if the sink has completed its output.";
}
