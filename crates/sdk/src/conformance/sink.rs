//! The kit for sinks.

use std::fmt;

use super::kit::{Build, Kind, PluginConformance};
use super::report::{Exercised, Failure, Report, Verdict};
use super::sink_run::{SinkRuns, failed, run};
use super::{Check, ROWS, samples};
use crate::testing::{batch, block_on};
use crate::{Batch, BuildContext, Problem, Record, Refusals, Resumption, Sink, SinkPlugin};

/// The number of records on a page.
const PAGE: usize = 2;

/// Returns the published records.
type Published = Box<dyn Fn() -> Vec<String>>;
/// Removes everything that was published.
type Reset = Box<dyn Fn()>;

/// The checks of a sink, from [`Conformance::sink`](super::Conformance::sink).
pub type SinkConformance<P> = PluginConformance<P, SinkKind>;

/// The settings that only the checks of sinks have.
pub struct SinkKind {
    published: Published,
    reset: Reset,
    records: Vec<String>,
    refused: Option<String>,
}

impl<P: SinkPlugin> SinkConformance<P> {
    /// Adds records to deliver: one JSON document, or one on each line. If the test adds none, the kit uses [`ROWS`].
    ///
    /// # Panics
    /// If a line is not JSON.
    pub fn sample(mut self, records: &str) -> Self {
        self.kind.records.extend(samples::given(P::TYPE, records));
        self
    }

    /// Sets a record that the sink must refuse.
    pub fn refuses(mut self, record: impl Into<String>) -> Self {
        self.kind.refused = Some(record.into());
        self
    }
}

impl SinkKind {
    pub(super) fn new(published: Published, reset: Reset) -> Self {
        Self { published, reset, records: Vec::new(), refused: None }
    }
}

impl<P: SinkPlugin> Kind<P> for SinkKind {
    type Stage = Box<dyn Sink>;

    fn build(plugin: &P, context: &BuildContext<'_>) -> Result<Self::Stage, Vec<Problem>> {
        plugin.build(context)
    }

    fn check(self, build: &Build<'_, Self::Stage>, report: &mut Report) {
        let records = samples::or_default(self.records, &[ROWS]);
        let Ok(batches) = batches(&records) else { return };
        let (published, reset) = (&*self.published, &*self.reset);
        let runs = SinkRuns { build, published, reset, batches: &batches };
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
                report
                    .skip(Check::RefusalsReported, "the test sets no record that the sink refuses");
            }
        }
    }
}

impl fmt::Debug for SinkKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SinkKind").finish_non_exhaustive()
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
    let (published, delivery) = runs.uninterrupted()?;
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
    let mut refusals = Refusals::collected();
    let (written, sink) = write(&mut refusals)?;
    written.map_err(failed)?;
    let positions: Vec<usize> = (0..3).filter(|index| refusals.reason(*index).is_some()).collect();
    if positions.is_empty() {
        return Err(Failure::new("the record is not refused").with(refused));
    }
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
    (runs.reset)();
    let (written, _) = write(&mut Refusals::forbidden())?;
    if written.is_ok() {
        let message = "the refusal does not end the run although refusals are forbidden";
        return Err(Failure::new(message).with(refused));
    }
    Ok(Exercised { count: 1, unit: "refused record" })
}
