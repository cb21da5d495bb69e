//! Runs a pipeline on a few records and keeps what every stage does with them, for `preview`, `why` and `test`.
//!
//! The engine of `run` does the work, in a dry run: no output is opened and no state is touched. A [`Collector`] follows the
//! records, and a gate in front of the source stops reading once enough records are found.

mod collector;
mod gate;
mod records;

use std::sync::Arc;

use taskferry_engine::{RunOptions, RunReport, StopSignal};
use taskferry_pipeline::{ExpectOptions, Feed, Pipeline, StageId};
use taskferry_sdk::{Effect, Origin, Record, RunContext, Source};

use collector::Collector;
use gate::Gate;
pub(crate) use records::RecordSource;

/// Everything that happens to one record of the source.
#[derive(Debug)]
pub(crate) struct RecordTrace {
    pub(crate) origin: Origin,
    /// The record as the source returned it.
    pub(crate) record: Record,
    /// In the order of the stages; the branches of the sinks follow each other in any order.
    pub(crate) steps: Vec<Step>,
}

/// What one stage does with one record.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) stage: StageId,
    /// The record before the stage; `None` if an ordered transform emits it at the end.
    pub(crate) input: Option<Record>,
    pub(crate) outcome: Outcome,
}

/// The result of a stage for one record.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A transform has emitted these records; none if it dropped the record.
    Emitted { records: Vec<Record>, effects: Vec<Effect> },
    /// The stage has refused the record, for this reason.
    Refused(String),
    /// The sink has accepted the record as its row of this number, from 1.
    Delivered { row: u64 },
}

impl RecordTrace {
    /// Whether any sink has accepted a record that was made from this one.
    pub(crate) fn is_delivered(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.outcome, Outcome::Delivered { .. }))
    }
}

/// Whether the kept records suffice.
pub(crate) type IsEnough = Box<dyn Fn(&[RecordTrace]) -> bool + Send>;

/// Which records to keep, and how far to read.
pub(crate) struct Selection {
    /// Whether a record is kept. It receives each record in the order of the source, after all stages.
    pub(crate) keep: Box<dyn FnMut(&RecordTrace) -> bool + Send>,
    /// Whether the kept records suffice.
    pub(crate) is_enough: IsEnough,
    /// The most pages to read.
    pub(crate) max_pages: u64,
}

/// The kept records, and how the run ended.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) records: Vec<RecordTrace>,
    /// The number of records that the source returned.
    pub(crate) read: u64,
    /// Whether the source was read to its end.
    pub(crate) is_complete: bool,
    pub(crate) report: RunReport,
}

/// Runs a pipeline on the records of its source, or of `input`.
pub(crate) async fn trace(
    mut pipeline: Pipeline,
    input: Option<Box<dyn Source>>,
    selection: Selection,
    run: Option<RunContext>,
    stop: StopSignal,
) -> Trace {
    pipeline.expect = ExpectOptions::default();
    let sinks = pipeline.sinks.iter().map(taskferry_pipeline::SinkStage::id).collect();
    let collector = Arc::new(Collector::new(pipeline.source.id(), sinks, selection));
    let gate = |source| Box::new(Gate::new(source, Arc::clone(&collector)));
    pipeline.source.feed = match (input, pipeline.source.feed) {
        (Some(source), _) | (None, Feed::Source(source)) => Feed::Source(gate(source)),
        (None, letters) => letters,
    };
    let options = RunOptions {
        run,
        stop: Some(stop),
        dry_run: true,
        tracer: Some(Arc::clone(&collector) as Arc<dyn taskferry_engine::Tracer>),
        ..RunOptions::default()
    };
    let report = taskferry_engine::run(pipeline, options).await;
    collector.finish(report)
}
