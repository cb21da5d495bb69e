//! Runs a pipeline on a few records and keeps what every stage does with them, for `preview`, `why` and `test`.
//!
//! The engine of `run` does the work, in a dry run: no output is opened and no state is touched. A [`Collector`] collects the
//! records, and a [`ReadLimiter`] stops reading from the source when there are enough records.

mod collector;
mod outcome;
mod read_limiter;
mod records;

use std::sync::Arc;

use taskferry_engine::{RunOptions, StopSignal};
use taskferry_pipeline::{ExpectOptions, Feed, OnError, Pipeline};
use taskferry_sdk::{RunContext, Source};

use collector::Collector;
pub(crate) use outcome::{Outcome, RecordTrace, Selection, Step, Trace};
use read_limiter::ReadLimiter;
pub(crate) use records::{RecordSource, with_id};

/// Runs a pipeline on the records of its source, or of `input`. A refused record does not end the run, whatever `on_error` is,
/// so that the next records are traced too.
pub(crate) async fn trace(
    mut pipeline: Pipeline,
    input: Option<Box<dyn Source>>,
    selection: Selection,
    run: Option<RunContext>,
    stop: StopSignal,
) -> Trace {
    tolerate(&mut pipeline);
    let sinks = pipeline.sinks.iter().map(taskferry_pipeline::SinkStage::id).collect();
    let collector = Arc::new(Collector::new(pipeline.source.id(), sinks, selection));
    let limited = |source| Box::new(ReadLimiter::new(source, Arc::clone(&collector)));
    pipeline.source.feed = match (input, pipeline.source.feed) {
        (Some(source), _) | (None, Feed::Source(source)) => Feed::Source(limited(source)),
        (None, dead_letters) => dead_letters,
    };
    let compared_with = run.as_ref().and_then(|run| run.compared_with.clone());
    let options = RunOptions {
        run,
        compared_with,
        stop: Some(stop),
        dry_run: true,
        tracer: Some(Arc::clone(&collector) as Arc<dyn taskferry_engine::Tracer>),
        ..RunOptions::default()
    };
    let report = taskferry_engine::run(pipeline, options).await;
    collector.finish(report)
}

/// Removes what would end a run early: `[expect]`, and `on_error = "fail"`.
pub(crate) fn tolerate(pipeline: &mut Pipeline) {
    pipeline.expect = ExpectOptions::default();
    let own = pipeline.sinks.iter_mut().flat_map(|sink| &mut sink.transforms);
    let transforms = pipeline.transforms.iter_mut().chain(own);
    transforms.for_each(|stage| stage.on_error = OnError::Skip);
    pipeline.sinks.iter_mut().for_each(|sink| sink.on_error = OnError::Skip);
}
