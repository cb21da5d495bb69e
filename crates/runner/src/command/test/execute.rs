//! Runs the stages of a test on its input, with the engine of `run`.

use std::sync::Arc;

use async_trait::async_trait;
use taskferry_config::{TestClock, TestInput};
use taskferry_engine::StopSignal;
use taskferry_pipeline::{
    DeadLetterReader, Feed, OnError, Pipeline, ReplayPage, ReplayRecord, Role, SinkStage, StageId,
};
use taskferry_sdk::{CountingSink, Cursor, Lookups, Origin, Record, Source, StageError};

use super::earlier_run::{EarlierRun, run_context};
use crate::trace::{Outcome, RecordSource, RecordTrace, Selection, Trace, trace};

/// The name of the sink that receives the records of a test without a sink.
const OUTPUT: &str = "output";

/// The result of a test run.
pub(crate) struct TestRun {
    /// The emitted records, in order.
    pub(crate) outputs: Vec<Record>,
    /// The stage and the reason of each refusal.
    pub(crate) refused: Vec<(String, String)>,
    /// The number of input records without output and without a refusal. `Err` contains the name of an ordered transform that
    /// emits records at the end, such as sums: then the number is unknown.
    pub(crate) dropped: Result<u64, String>,
    /// The traces of the input records.
    pub(crate) records: Vec<RecordTrace>,
    /// Why the run ended early.
    pub(crate) error: Option<String>,
}

/// Runs the transforms that `stage` selects. `lookups` contains the answers to lookups, and `earlier` is the run with which
/// `changes` compares.
///
/// # Errors
/// A record of the input can't be read.
pub(crate) async fn execute(
    pipeline: Pipeline,
    stage: Option<&StageId>,
    input: &TestInput,
    clock: &TestClock,
    lookups: &Lookups,
    earlier: Option<&EarlierRun>,
) -> Result<TestRun, String> {
    let mut run = run_context(&pipeline.name, "test", clock, lookups);
    run.compared_with = earlier.map(|earlier| earlier.state.clone());
    let mut pipeline = selected(pipeline, stage);
    let count = input.len();
    let source: Option<Box<dyn Source>> = match input {
        TestInput::Records(records) => {
            let records = records.iter().map(|record| parse(&record.to_string()));
            Some(Box::new(RecordSource::new(records.collect::<Result<_, _>>()?)))
        }
        TestInput::DeadLetters(refused) => {
            let records = refused.iter().enumerate().map(|(index, refused)| {
                let role = if refused.stage.role == "sink" { Role::Sink } else { Role::Transform };
                Ok(ReplayRecord {
                    record: parse(&refused.record.to_string())?,
                    origin: Origin { page: 1, cursor: None, index, job: None },
                    stage: Arc::new(StageId { role, name: refused.stage.name.clone() }),
                })
            });
            let records = records.collect::<Result<Vec<_>, String>>()?;
            pipeline.source.feed = Feed::DeadLetters(Box::new(TestDeadLetters(Some(records))));
            run.replay = true;
            None
        }
    };
    let traced =
        trace(pipeline, source, Selection::everything(), Some(run), StopSignal::never()).await;
    Ok(TestRun::of(traced, count))
}

impl TestRun {
    fn of(traced: Trace, input: usize) -> Self {
        let Trace { records, report, .. } = traced;
        let (mut outputs, mut refused, mut dropped) = (Vec::new(), Vec::new(), Ok(0));
        let steps = || records.iter().flat_map(|record| &record.steps);
        let late: Vec<&StageId> =
            steps().filter(|step| step.input.is_none()).map(|step| &step.stage).collect();
        for record in &records {
            let mut is_dropped = true;
            for step in &record.steps {
                match (&step.outcome, &step.input) {
                    (Outcome::Delivered { row }, Some(output)) => {
                        outputs.push((*row, output.clone()));
                        is_dropped = false;
                    }
                    (Outcome::Refused(reason), _) => {
                        refused.push((step.stage.name.clone(), reason.clone()));
                        is_dropped = false;
                    }
                    _ => {}
                }
            }
            // If the index is not below `input`, an ordered transform emitted the record at the end.
            if is_dropped && record.origin.index < input {
                let held = record.steps.iter().find(|step| late.contains(&&step.stage));
                dropped = match held {
                    Some(step) => Err(step.stage.name.clone()),
                    None => dropped.map(|count| count + 1),
                };
            }
        }
        outputs.sort_by_key(|(row, _)| *row);
        let outputs = outputs.into_iter().map(|(_, output)| output).collect();
        let error = report.error.map(|failure| {
            let stage = failure.stage().map(|stage| format!("{stage}: ")).unwrap_or_default();
            format!("{stage}{}", failure.error().full_message())
        });
        Self { outputs, refused, dropped, records, error }
    }

    /// The number of dropped records; 0 if it is unknown.
    pub(crate) fn known_dropped(&self) -> u64 {
        self.dropped.clone().unwrap_or_default()
    }
}

pub(super) fn parse(text: &str) -> Result<Record, String> {
    let record = Record::parse(text.to_owned()).map_err(|error| error.full_message())?;
    record.root().map_err(|error| error.full_message())?;
    Ok(record)
}

/// The pipeline with the transforms of the test, and one sink that receives the emitted records.
pub(super) fn selected(mut pipeline: Pipeline, stage: Option<&StageId>) -> Pipeline {
    let sinks = std::mem::take(&mut pipeline.sinks);
    let mut name = OUTPUT.to_owned();
    match stage {
        Some(stage) if stage.role == Role::Sink => {
            name.clone_from(&stage.name);
            let own = sinks.into_iter().filter(|sink| sink.name == stage.name);
            pipeline.transforms.extend(own.flat_map(|sink| sink.transforms));
        }
        Some(stage) => {
            let own = sinks.into_iter().flat_map(|sink| sink.transforms);
            let all = std::mem::take(&mut pipeline.transforms).into_iter().chain(own);
            pipeline.transforms = all.filter(|it| it.name == stage.name).collect();
        }
        None => {}
    }
    pipeline.sinks = vec![output(name)];
    pipeline
}

/// A sink that receives records and does nothing with them.
pub(crate) fn output(name: String) -> SinkStage {
    SinkStage {
        name,
        type_name: OUTPUT,
        on_error: OnError::Skip,
        transforms: Vec::new(),
        sink: Box::new(CountingSink::default()),
    }
}

/// The dead letters of a test as one page.
#[derive(Debug)]
struct TestDeadLetters(Option<Vec<ReplayRecord>>);

#[async_trait]
impl DeadLetterReader for TestDeadLetters {
    async fn open(&mut self, _: Option<(u64, Option<&Cursor>)>) -> Result<(), StageError> {
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<ReplayPage>, StageError> {
        Ok(self.0.take().map(|records| ReplayPage { records, next: None, bytes: 0 }))
    }
}
