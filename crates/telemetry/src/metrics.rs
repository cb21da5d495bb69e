//! What is measured: every metric with its unit and its labels. `docs/observability.md` says the same in a table, and a
//! test compares the two.

/// One figure of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in OpenTelemetry.
    pub name: &'static str,
    /// What it says.
    pub description: &'static str,
    /// Its unit in the words of UCUM, as OpenTelemetry wants it; empty for none.
    pub unit: &'static str,
    /// What tells its values apart, the pipeline aside.
    pub labels: &'static [&'static str],
}

impl Metric {
    const fn new(
        name: &'static str,
        unit: &'static str,
        labels: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self { name, description, unit, labels }
    }

    /// Its name in Prometheus: the one that a metric arrives with when it was sent there over OTLP.
    pub fn prometheus_name(&self) -> String {
        let unit = match self.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        format!("{}{unit}", self.name.replace('.', "_"))
    }
}

const STAGE: &[&str] = &["stage", "type"];
const TRANSFORM: &[&str] = &["stage", "type", "sink"];

/// All metrics. Every one is a gauge that holds the figure of the last run: a counter that starts at zero in every process
/// would never seem to grow.
pub const METRICS: &[Metric] = &[
    BUILD_INFO,
    RUN_STATUS,
    RUN_EXIT_CODE,
    RUN_DURATION,
    RUN_START,
    RUN_END,
    RUN_LAST_SUCCESS,
    RUN_RESUMED,
    RUN_RESUMABLE,
    RUN_REPLAY,
    RUN_SANDBOX,
    RUN_WARNINGS,
    RUN_VIOLATIONS,
    RUN_DEAD_LETTERS,
    SOURCE_PAGES,
    SOURCE_RECORDS,
    SOURCE_READ,
    SOURCE_REQUESTS,
    SOURCE_RETRIES,
    TRANSFORM_RECORDS_IN,
    TRANSFORM_RECORDS_OUT,
    TRANSFORM_FILTERED,
    TRANSFORM_FAILED,
    TRANSFORM_DEAD_LETTERS,
    SINK_RECORDS_IN,
    SINK_RECORDS,
    SINK_FAILED,
    SINK_DEAD_LETTERS,
    SINK_WRITTEN,
    SINK_REQUESTS,
    SINK_RETRIES,
    SINK_PUBLISHED,
];

pub(crate) const BUILD_INFO: Metric = Metric::new(
    "taskferry.build_info",
    "",
    &["version"],
    "Always 1. The label is the version of taskferry.",
);
pub(crate) const RUN_STATUS: Metric = Metric::new(
    "taskferry.run.status",
    "",
    &["status"],
    "1 if the last run ended with this status (complete, failed, interrupted, suspicious), else 0.",
);
pub(crate) const RUN_EXIT_CODE: Metric =
    Metric::new("taskferry.run.exit_code", "", &[], "The exit code of the last run.");
pub(crate) const RUN_DURATION: Metric = Metric::new(
    "taskferry.run.duration",
    "s",
    &[],
    "Duration of the last run, from the start of its first attempt.",
);
pub(crate) const RUN_START: Metric = Metric::new(
    "taskferry.run.start_timestamp",
    "s",
    &[],
    "Start of the first attempt of the last run, as Unix time.",
);
pub(crate) const RUN_END: Metric =
    Metric::new("taskferry.run.end_timestamp", "s", &[], "End of the last run, as Unix time.");
pub(crate) const RUN_LAST_SUCCESS: Metric = Metric::new(
    "taskferry.run.last_success_timestamp",
    "s",
    &[],
    "End of the last complete run, as Unix time. Present once a run has completed.",
);
pub(crate) const RUN_RESUMED: Metric =
    Metric::new("taskferry.run.resumed", "", &[], "1 if the last run resumed an earlier attempt.");
pub(crate) const RUN_RESUMABLE: Metric =
    Metric::new("taskferry.run.resumable", "", &[], "1 if the next run resumes the last one.");
pub(crate) const RUN_REPLAY: Metric =
    Metric::new("taskferry.run.replay", "", &[], "1 if the last run was a replay of dead letters.");
pub(crate) const RUN_SANDBOX: Metric =
    Metric::new("taskferry.run.sandbox", "", &[], "1 if the last run read a sandbox.");
pub(crate) const RUN_WARNINGS: Metric = Metric::new(
    "taskferry.run.warnings",
    "{warning}",
    &[],
    "Number of warnings in the manifest of the last run.",
);
pub(crate) const RUN_VIOLATIONS: Metric = Metric::new(
    "taskferry.run.violations",
    "{violation}",
    &[],
    "Number of unmet expectations in the last run.",
);
pub(crate) const RUN_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.run.dead_letters",
    "{record}",
    &[],
    "Records that were written as dead letters, from all stages.",
);
pub(crate) const SOURCE_PAGES: Metric =
    Metric::new("taskferry.source.pages", "{page}", STAGE, "Pages committed by all sinks.");
pub(crate) const SOURCE_RECORDS: Metric =
    Metric::new("taskferry.source.records", "{record}", STAGE, "Records in the committed pages.");
pub(crate) const SOURCE_READ: Metric = Metric::new(
    "taskferry.source.read",
    "By",
    STAGE,
    "Size of the committed pages, after decompression.",
);
pub(crate) const SOURCE_REQUESTS: Metric = Metric::new(
    "taskferry.source.requests",
    "{request}",
    STAGE,
    "Requests sent, including token requests and failed requests.",
);
pub(crate) const SOURCE_RETRIES: Metric =
    Metric::new("taskferry.source.retries", "{request}", STAGE, "Requests that were retries.");
pub(crate) const TRANSFORM_RECORDS_IN: Metric = Metric::new(
    "taskferry.transform.records_in",
    "{record}",
    TRANSFORM,
    "Records that the transform received.",
);
pub(crate) const TRANSFORM_RECORDS_OUT: Metric = Metric::new(
    "taskferry.transform.records_out",
    "{record}",
    TRANSFORM,
    "Records that the transform emitted.",
);
pub(crate) const TRANSFORM_FILTERED: Metric = Metric::new(
    "taskferry.transform.filtered",
    "{record}",
    TRANSFORM,
    "Records that the transform dropped as configured.",
);
pub(crate) const TRANSFORM_FAILED: Metric = Metric::new(
    "taskferry.transform.failed",
    "{record}",
    TRANSFORM,
    "Records that the transform refused: skipped, or written as dead letters.",
);
pub(crate) const TRANSFORM_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.transform.dead_letters",
    "{record}",
    TRANSFORM,
    "Refused records that were written as dead letters.",
);
pub(crate) const SINK_RECORDS_IN: Metric = Metric::new(
    "taskferry.sink.records_in",
    "{record}",
    STAGE,
    "Records that the sink received, after its own transforms.",
);
pub(crate) const SINK_RECORDS: Metric =
    Metric::new("taskferry.sink.records", "{record}", STAGE, "Records that the sink delivered.");
pub(crate) const SINK_FAILED: Metric = Metric::new(
    "taskferry.sink.failed",
    "{record}",
    STAGE,
    "Records that the sink refused: skipped, or written as dead letters.",
);
pub(crate) const SINK_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.sink.dead_letters",
    "{record}",
    STAGE,
    "Refused records that were written as dead letters.",
);
pub(crate) const SINK_WRITTEN: Metric =
    Metric::new("taskferry.sink.written", "By", STAGE, "Bytes delivered, after compression.");
pub(crate) const SINK_REQUESTS: Metric =
    Metric::new("taskferry.sink.requests", "{request}", STAGE, "Requests sent by the sink.");
pub(crate) const SINK_RETRIES: Metric =
    Metric::new("taskferry.sink.retries", "{request}", STAGE, "Requests that were retries.");
pub(crate) const SINK_PUBLISHED: Metric =
    Metric::new("taskferry.sink.published", "", STAGE, "1 if the sink has completed its output.");
