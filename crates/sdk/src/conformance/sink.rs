//! The kit for sinks.

use std::fmt;
use std::marker::PhantomData;

use serde_json::Value;

use super::options::{OptionChecks, invalid};
use super::report::{Exercised, Failure, Report, Verdict};
use super::sink_run::{SinkRuns, failed, run};
use super::{Check, ROWS, samples};
use crate::testing::{Files, batch, block_on};
use crate::{
    Batch, BuildContext, Endpoints, InputFiles, Record, Refusals, Resumption, Sink, SinkPlugin,
    read_options,
};

/// The records of a page.
const PAGE: usize = 2;

/// Returns the published records.
type Published = Box<dyn Fn() -> Vec<String>>;
/// Removes everything that was published.
type Reset = Box<dyn Fn()>;

/// The checks of a sink, from [`Conformance::sink`](super::Conformance::sink).
#[must_use = "the checks are made by `run`"]
pub struct SinkConformance<P> {
    options: Value,
    published: Published,
    reset: Reset,
    files: Files,
    endpoints: Endpoints,
    records: Vec<String>,
    refused: Option<String>,
    exemptions: Vec<(Check, String)>,
    plugin: PhantomData<fn() -> P>,
}

impl<P: SinkPlugin> SinkConformance<P> {
    pub(super) fn new(options: Value, published: Published, reset: Reset) -> Self {
        Self {
            options,
            published,
            reset,
            files: Files::new(),
            endpoints: Endpoints::default(),
            records: Vec::new(),
            refused: None,
            exemptions: Vec::new(),
            plugin: PhantomData,
        }
    }

    /// Adds records to deliver: one JSON document, or one on each line. Without any, the kit uses [`ROWS`].
    ///
    /// # Panics
    /// If a line is not JSON.
    pub fn sample(mut self, records: &str) -> Self {
        match samples::records(records) {
            Ok(records) => self.records.extend(records),
            Err(error) => panic!("a sample of `{}` is not JSON: {}", P::TYPE, error.full_message()),
        }
        self
    }

    /// Sets a record that the sink must refuse.
    pub fn refuses(mut self, record: impl Into<String>) -> Self {
        self.refused = Some(record.into());
        self
    }

    /// Sets the files that the options name.
    pub fn files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// Sets the URL schemes that are served inside the process.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Expects that a check fails, for this reason. An exemption that is not needed is a failure.
    pub fn exempt(mut self, check: Check, reason: impl Into<String>) -> Self {
        self.exemptions.push((check, reason.into()));
        self
    }

    /// Makes all checks.
    ///
    /// # Panics
    /// If a check fails. The text of the panic is that of the report.
    pub fn run(self) -> Report {
        self.report().passed()
    }

    /// As [`run`](Self::run), but also returns a report with failures.
    #[must_use]
    pub fn report(self) -> Report {
        let mut report = Report::new(P::TYPE, self.exemptions);
        let files = &self.files as &dyn InputFiles;
        let checks = OptionChecks::<P> {
            options: &self.options,
            files,
            endpoints: &self.endpoints,
            build: |options, context| options.build(context).map(drop),
        };
        checks.make(&mut report);
        let build = || {
            let context = BuildContext::new(files, &self.endpoints);
            let options: P = read_options(&self.options, &[]).map_err(invalid)?;
            options.build(&context).map_err(invalid)
        };
        let records = match &self.records[..] {
            [] => samples::records(ROWS).unwrap_or_default(),
            given => given.to_vec(),
        };
        let Ok(batches) = batches(&records) else { return report.end() };
        let runs = SinkRuns {
            build: &build,
            published: &*self.published,
            reset: &*self.reset,
            batches: &batches,
        };
        report.check(Check::DeliversEverything, || delivers_everything(&runs, records.len()));
        let resumption = build().map(|sink| sink.resumption()).unwrap_or_default();
        if resumption == Resumption::AtLeastOnce {
            report.skip(Check::NothingBeforeFinish, "the sink can't undo a write");
        } else {
            report.check(Check::NothingBeforeFinish, || runs.nothing_before_finish());
        }
        report.check(Check::PublishesOnce, || runs.publishes_once(resumption));
        report.check(Check::DryRunPublishesNothing, || dry_run_publishes_nothing(&runs));
        match &self.refused {
            Some(record) => {
                report.check(Check::RefusalsReported, || refusals_reported(&runs, record));
            }
            None => {
                report.skip(Check::RefusalsReported, "no record that the sink refuses is given");
            }
        }
        report.end()
    }
}

impl<P> fmt::Debug for SinkConformance<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SinkConformance")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Pages of records. One is empty, as if a transform had dropped all its records.
fn batches(records: &[String]) -> Result<Vec<Batch>, Failure> {
    let parsed: Result<Vec<Record>, _> =
        records.iter().map(|it| Record::parse(it.clone())).collect();
    let parsed = parsed.map_err(failed)?;
    let mut pages: Vec<Vec<Record>> = parsed.chunks(PAGE).map(<[Record]>::to_vec).collect();
    pages.insert(pages.len() / 2, Vec::new());
    Ok((1..).zip(pages).map(|(number, records)| batch(number, records)).collect())
}

fn delivers_everything(runs: &SinkRuns<'_>, records: usize) -> Verdict {
    let (published, delivery) = runs.undisturbed()?;
    if published.len() != records {
        let message = format!("{} records are published, not {records}", published.len());
        return Err(Failure::new(message).with(published.join("\n")));
    }
    if delivery.records != records as u64 {
        let message = format!("`Delivery::records` is {}, not {records}", delivery.records);
        return Err(Failure::new(message));
    }
    Ok(Exercised { count: records, unit: "records" })
}

fn dry_run_publishes_nothing(runs: &SinkRuns<'_>) -> Verdict {
    (runs.reset)();
    let sink = (runs.build)()?.dry_run();
    runs.complete(sink)?;
    runs.is_empty("after a dry run")?;
    Ok(Exercised { count: runs.batches.len(), unit: "pages" })
}

fn refusals_reported(runs: &SinkRuns<'_>, refused: &str) -> Verdict {
    let good = runs.batches.iter().flat_map(|batch| &batch.records).next().cloned();
    let good = good.ok_or_else(|| Failure::new("there is no record that the sink accepts"))?;
    let wrong = Record::parse(refused.to_owned()).map_err(failed)?;
    let page = batch(1, [good.clone(), wrong, good]);
    (runs.reset)();
    let write = |refusals: &mut Refusals| {
        let mut sink: Box<dyn Sink> = (runs.build)()?;
        block_on(async {
            sink.open(&run("refusals", false), None).await.map_err(failed)?;
            Ok((sink.write(&page, refusals).await, sink))
        })
    };
    let (written, _) = write(&mut Refusals::forbidden())?;
    if written.is_ok() {
        let message = "the record is not refused, or the refusal does not end the run although refusals are forbidden";
        return Err(Failure::new(message).with(refused));
    }
    (runs.reset)();
    let mut refusals = Refusals::collected();
    let (written, sink) = write(&mut refusals)?;
    written.map_err(failed)?;
    let positions: Vec<usize> = (0..3).filter(|index| refusals.reason(*index).is_some()).collect();
    if positions != [1] {
        let message = format!("the records at {positions:?} are refused, not the one at [1]");
        return Err(Failure::new(message).with(refused));
    }
    block_on(sink.finish()).map_err(failed)?;
    let published = (runs.published)();
    if published.len() != 2 {
        let message = format!("{} of 2 other records are published", published.len());
        return Err(Failure::new(message).with(refused));
    }
    Ok(Exercised { count: 1, unit: "refused record" })
}
