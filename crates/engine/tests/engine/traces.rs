//! Following records through a run.

use std::sync::{Arc, Mutex};

use crate::kinds::Sums;
use crate::stages::{Pages, SinkProbe, TestTransform, pipeline};
use taskferry_engine::{RunOptions, Status, TracedResult, TracedStep, Tracer, run};
use taskferry_pipeline::{OnError, StageId};
use taskferry_sdk::{ErrorKind, Record, StageError};

/// Describes every step in a line.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Tracer for Lines {
    fn on_record(&self, step: &TracedStep<'_>) {
        let input = step.input.map(Record::to_json).unwrap_or_default();
        let result = match &step.result {
            TracedResult::Emitted(records, effects) => {
                let records: Vec<_> = records.iter().map(Record::to_json).collect();
                let effects: Vec<_> =
                    effects.iter().map(|it| format!("{}: {}", it.option, it.text)).collect();
                format!("{} [{}]", records.join(" "), effects.join(", "))
            }
            TracedResult::Refused(error) => format!("refused: {}", error.full_message()),
            TracedResult::Delivered => "delivered".to_owned(),
            _ => unreachable!(),
        };
        let (stage, index) = (&step.stage.name, step.origin.index);
        self.0.lock().unwrap().push(format!("{index} {stage}: {input} -> {result}"));
    }

    fn on_page(&self, sink: &StageId, page: u64) {
        self.0.lock().unwrap().push(format!("{} page {page}", sink.name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tracer_receives_every_record_after_every_stage() {
    let mut filter = TestTransform::stage(|record, out| {
        match record.value()?["n"].as_u64() {
            Some(0) => {
                out.explain("keep", || "drops the zero".to_owned());
                out.explain("missing", || None);
            }
            Some(1) => return Err(StageError::new(ErrorKind::Record, "one is odd")),
            _ => out.emit(record),
        }
        Ok(())
    });
    filter.on_error = OnError::Skip;
    let pipeline = pipeline(Pages::new(1, 3), vec![filter], vec![SinkProbe::default().sink()]);
    let (source, transform) = (pipeline.source.name.clone(), pipeline.transforms[0].name.clone());
    let sink = pipeline.sinks[0].name.clone();
    let lines = Arc::new(Lines::default());
    let tracer = Some(Arc::clone(&lines) as Arc<dyn Tracer>);
    let report = run(pipeline, RunOptions { tracer, ..RunOptions::default() }).await;

    assert_eq!(report.manifest.status, Status::Complete);
    let record = |number: usize| lines.0.lock().unwrap()[number].clone();
    let input = |number: usize| {
        let line = record(number);
        line.split(" -> ").nth(1).unwrap().trim_end_matches(" []").to_owned()
    };
    let (zero, one, two) = (input(0), input(1), input(2));
    assert_eq!(
        *lines.0.lock().unwrap(),
        [
            format!("0 {source}:  -> {zero} []"),
            format!("1 {source}:  -> {one} []"),
            format!("2 {source}:  -> {two} []"),
            format!("0 {transform}: {zero} ->  [keep: drops the zero]"),
            format!("1 {transform}: {one} -> refused: one is odd"),
            format!("2 {transform}: {two} -> {two} []"),
            format!("2 {sink}: {two} -> delivered"),
            format!("{sink} page 1"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_emitted_at_the_end_has_a_position_of_its_own() {
    let first = TestTransform::stage(|record, out| {
        if record.value()?["n"] == 0 {
            out.emit(record);
        }
        Ok(())
    });
    let stages = vec![first, Sums::stage(true)];
    let pipeline = pipeline(Pages::new(1, 3), stages, vec![SinkProbe::default().sink()]);
    let lines = Arc::new(Lines::default());
    let tracer = Some(Arc::clone(&lines) as Arc<dyn Tracer>);
    run(pipeline, RunOptions { tracer, ..RunOptions::default() }).await;
    let lines = lines.0.lock().unwrap();
    let at_end: Vec<&String> = lines.iter().filter(|line| line.ends_with("{\"n\":0} []")).collect();
    // The page has the positions 0 to 2, although the stage receives one record.
    assert!(at_end.last().unwrap().starts_with("3 "), "{at_end:?}");
}
