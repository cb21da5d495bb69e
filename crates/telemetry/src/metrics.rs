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
    "Always 1; its label says which version of taskferry ran.",
);
pub(crate) const RUN_STATUS: Metric = Metric::new(
    "taskferry.run.status",
    "",
    &["status"],
    "1 for how the last run ended (complete, failed, interrupted, suspicious), 0 for the other ways.",
);
pub(crate) const RUN_EXIT_CODE: Metric =
    Metric::new("taskferry.run.exit_code", "", &[], "The exit code of the last run.");
pub(crate) const RUN_DURATION: Metric = Metric::new(
    "taskferry.run.duration",
    "s",
    &[],
    "From the start of the last run to its end; of a run that was resumed, from the start of its first attempt.",
);
pub(crate) const RUN_START: Metric = Metric::new(
    "taskferry.run.start_timestamp",
    "s",
    &[],
    "When the last run began, in its first attempt, in seconds since 1970.",
);
pub(crate) const RUN_END: Metric = Metric::new(
    "taskferry.run.end_timestamp",
    "s",
    &[],
    "When the last run ended, in seconds since 1970.",
);
pub(crate) const RUN_LAST_SUCCESS: Metric = Metric::new(
    "taskferry.run.last_success_timestamp",
    "s",
    &[],
    "When a complete export last ended, in seconds since 1970; there from the first one on, whatever came after it.",
);
pub(crate) const RUN_RESUMED: Metric = Metric::new(
    "taskferry.run.resumed",
    "",
    &[],
    "1 if the last run went on where an earlier attempt had stopped.",
);
pub(crate) const RUN_RESUMABLE: Metric = Metric::new(
    "taskferry.run.resumable",
    "",
    &[],
    "1 if the next run goes on where this one ended.",
);
pub(crate) const RUN_REPLAY: Metric = Metric::new(
    "taskferry.run.replay",
    "",
    &[],
    "1 if the last run sent dead letters on instead of an export.",
);
pub(crate) const RUN_SANDBOX: Metric = Metric::new(
    "taskferry.run.sandbox",
    "",
    &[],
    "1 if what the last run read was made up, by the sandbox.",
);
pub(crate) const RUN_WARNINGS: Metric = Metric::new(
    "taskferry.run.warnings",
    "{warning}",
    &[],
    "Warnings in the manifest of the last run.",
);
pub(crate) const RUN_VIOLATIONS: Metric = Metric::new(
    "taskferry.run.violations",
    "{violation}",
    &[],
    "What was not as [expect] says, in the last run.",
);
pub(crate) const RUN_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.run.dead_letters",
    "{record}",
    &[],
    "Records that went to the dead letters, from all stages.",
);
pub(crate) const SOURCE_PAGES: Metric =
    Metric::new("taskferry.source.pages", "{page}", STAGE, "Pages that every sink has.");
pub(crate) const SOURCE_RECORDS: Metric =
    Metric::new("taskferry.source.records", "{record}", STAGE, "Records in these pages.");
pub(crate) const SOURCE_READ: Metric =
    Metric::new("taskferry.source.read", "By", STAGE, "Size of these pages, after decompression.");
pub(crate) const SOURCE_REQUESTS: Metric = Metric::new(
    "taskferry.source.requests",
    "{request}",
    STAGE,
    "Requests sent, those for tokens and those that failed included.",
);
pub(crate) const SOURCE_RETRIES: Metric = Metric::new(
    "taskferry.source.retries",
    "{request}",
    STAGE,
    "Requests among them that repeated a failed one.",
);
pub(crate) const TRANSFORM_RECORDS_IN: Metric = Metric::new(
    "taskferry.transform.records_in",
    "{record}",
    TRANSFORM,
    "Records that the transform was given.",
);
pub(crate) const TRANSFORM_RECORDS_OUT: Metric = Metric::new(
    "taskferry.transform.records_out",
    "{record}",
    TRANSFORM,
    "Records that it emitted.",
);
pub(crate) const TRANSFORM_FILTERED: Metric = Metric::new(
    "taskferry.transform.filtered",
    "{record}",
    TRANSFORM,
    "Records of which it made nothing, as it should.",
);
pub(crate) const TRANSFORM_FAILED: Metric = Metric::new(
    "taskferry.transform.failed",
    "{record}",
    TRANSFORM,
    "Records that it refused: left out, or sent to the dead letters.",
);
pub(crate) const TRANSFORM_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.transform.dead_letters",
    "{record}",
    TRANSFORM,
    "Those among them that went to the dead letters.",
);
pub(crate) const SINK_RECORDS_IN: Metric = Metric::new(
    "taskferry.sink.records_in",
    "{record}",
    STAGE,
    "Records that the sink was given, after its own transforms.",
);
pub(crate) const SINK_RECORDS: Metric =
    Metric::new("taskferry.sink.records", "{record}", STAGE, "Records that it delivered.");
pub(crate) const SINK_FAILED: Metric = Metric::new(
    "taskferry.sink.failed",
    "{record}",
    STAGE,
    "Records that it refused: left out, or sent to the dead letters.",
);
pub(crate) const SINK_DEAD_LETTERS: Metric = Metric::new(
    "taskferry.sink.dead_letters",
    "{record}",
    STAGE,
    "Those among them that went to the dead letters.",
);
pub(crate) const SINK_WRITTEN: Metric = Metric::new(
    "taskferry.sink.written",
    "By",
    STAGE,
    "Bytes delivered, compressed if the sink compresses.",
);
pub(crate) const SINK_REQUESTS: Metric = Metric::new(
    "taskferry.sink.requests",
    "{request}",
    STAGE,
    "Requests sent, by sinks that send them.",
);
pub(crate) const SINK_RETRIES: Metric = Metric::new(
    "taskferry.sink.retries",
    "{request}",
    STAGE,
    "Requests among them that repeated a failed one.",
);
pub(crate) const SINK_PUBLISHED: Metric = Metric::new(
    "taskferry.sink.published",
    "",
    STAGE,
    "1 if the sink has published, or delivered its last batch.",
);
