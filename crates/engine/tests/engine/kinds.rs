//! The three kinds of transform.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::available_parallelism;
use std::time::Duration;

use crate::resumes::run_in;
use crate::stages::{Pages, SinkProbe, TestTransform, pipeline, stage};
use async_trait::async_trait;
use serde_json::{Value, json};
use taskferry_engine::{RunOptions, Status, run};
use taskferry_pipeline::{OnError, TransformStage};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, ErrorKind, OrderedTransform, Output, Record, StageError,
};
use tokio::sync::Barrier;

/// Emits the sum of every three records, and at the end the sum of the rest. Refuses 13.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    saves: bool,
    last: Option<u64>,
    count: u64,
    sum: u64,
}

impl Sums {
    pub(crate) fn stage(saves: bool) -> TransformStage {
        stage(AnyTransform::ordered(Self { saves, ..Self::default() }))
    }
}

impl OrderedTransform for Sums {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let number = record.value()?["n"].as_u64().unwrap();
        assert!(self.last.is_none_or(|last| last < number), "in the order of the source");
        if number == 13 {
            return Err(StageError::new(ErrorKind::Record, "unlucky"));
        }
        self.last = Some(number);
        self.count += 1;
        self.sum += number;
        if self.count.is_multiple_of(3) {
            out.emit(json!({"n": std::mem::take(&mut self.sum)}));
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), StageError> {
        out.emit(json!({"n": self.sum}));
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        self.saves.then(|| json!([self.last, self.count, self.sum]))
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        let malformed = |error| StageError::new(ErrorKind::Malformed, "no state").caused_by(error);
        (self.last, self.count, self.sum) =
            serde_json::from_value(state.clone()).map_err(malformed)?;
        Ok(())
    }
}

/// The output of [`Sums`] for 0, 1, … without 13.
fn sums(count: u64) -> Vec<usize> {
    let numbers: Vec<u64> = (0..count).filter(|number| *number != 13).collect();
    let (threes, rest) = numbers.as_chunks::<3>();
    let sums = threes.iter().map(|three| three.iter().sum()).chain([rest.iter().sum()]);
    sums.map(|sum: u64| usize::try_from(sum).unwrap()).collect()
}

/// Takes longer for some pages than for others, so that concurrent pages overtake each other.
fn uneven() -> TransformStage {
    TestTransform::stage(|record, out| {
        let number = record.value()?["n"].as_u64().unwrap();
        for _ in 0..(number % 7) * 2000 {
            std::hint::black_box(Record::parse("[1,2,3]")?);
        }
        out.emit(record);
        Ok(())
    })
}

fn skipping(stage: TransformStage) -> TransformStage {
    TransformStage { on_error: OnError::Skip, ..stage }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordered_transform_reads_in_order_and_emits_held_back_records() {
    for before_all_sinks in [true, false] {
        let probe = SinkProbe::default();
        let mut pipeline = pipeline(Pages::new(9, 5), vec![uneven()], vec![probe.sink()]);
        let own = &mut pipeline.sinks[0].transforms;
        let chain = if before_all_sinks { &mut pipeline.transforms } else { own };
        chain.extend([skipping(Sums::stage(true)), uneven()]);
        let manifest = run(pipeline, RunOptions::default()).await.manifest;
        assert_eq!((manifest.status, manifest.exit_code), (Status::Complete, 0), "{manifest:?}");
        assert_eq!(probe.numbers(), sums(45));
        let own = manifest.sinks[0].transforms.first();
        let counts = own.unwrap_or_else(|| &manifest.transforms[1]);
        assert_eq!((counts.records_in, counts.records_out, counts.failed), (45, 15, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_state_is_restored_wherever_the_run_stopped() {
    for stop in 1..=9 {
        let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
        let build = |source| {
            let mut pipeline = pipeline(source, vec![uneven()], vec![probe.sink()]);
            pipeline.transforms.push(skipping(Sums::stage(true)));
            pipeline
        };
        let failing = Pages { fail_after: Some(stop), ..Pages::new(9, 5) };
        let first = run_in(&folder, build(failing)).await.manifest;
        assert_eq!(first.exit_code, 3);
        let second = run_in(&folder, build(Pages::new(9, 5))).await.manifest;
        assert_eq!((second.status, &second.run_id), (Status::Complete, &first.run_id));
        assert_eq!(probe.numbers(), sums(45), "stopped after page {stop}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_starts_over_if_a_state_cannot_be_saved() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = Pages { fail_after: Some(4), ..Pages::new(9, 5) };
    let unsaved = || vec![skipping(Sums::stage(false))];
    let first = run_in(&folder, pipeline(failing, unsaved(), vec![probe.sink()])).await.manifest;
    assert_eq!((first.exit_code, first.resumable), (3, false));
    let sinks = vec![probe.sink()];
    let second = run_in(&folder, pipeline(Pages::new(9, 5), unsaved(), sinks)).await.manifest;
    assert_eq!((second.status, second.resumed_from), (Status::Complete, None));
    assert_ne!(first.run_id, second.run_id);
    assert_eq!(probe.opened_at(), [0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_back_records_are_emitted_even_without_pages() {
    let probe = SinkProbe::default();
    let empty = pipeline(Pages::new(0, 1), vec![Sums::stage(true)], vec![probe.sink()]);
    let manifest = run(empty, RunOptions::default()).await.manifest;
    assert_eq!((manifest.status, probe.numbers()), (Status::Complete, vec![0]));
}

/// Waits until four records are in flight.
#[derive(Debug)]
struct Together(Arc<Barrier>);

#[async_trait]
impl AsyncTransform for Together {
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let number = record.value()?["n"].as_u64().unwrap();
        self.0.wait().await;
        out.count("seen", 1);
        match number {
            13 => return Err(StageError::new(ErrorKind::Record, "unlucky")),
            17 => panic!("a defect"),
            _ => out.emit(record),
        }
        Ok(())
    }

    fn concurrency(&self) -> usize {
        4
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_async_transform_processes_records_concurrently_in_order() {
    let probe = SinkProbe::default();
    let together = stage(AnyTransform::asynchronous(Together(Arc::new(Barrier::new(4)))));
    let pages = pipeline(Pages::new(5, 8), vec![skipping(together)], vec![probe.sink()]);
    let running = run(pages, RunOptions::default());
    let report = tokio::time::timeout(Duration::from_mins(1), running).await.expect("it ends");
    assert_eq!(report.manifest.status, Status::Complete);
    let expected: Vec<usize> = (0..40).filter(|number| ![13, 17].contains(number)).collect();
    assert_eq!(probe.numbers(), expected);
    let counts = &report.manifest.transforms[0];
    assert_eq!((counts.failed, counts.counters["seen"]), (2, 38));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_refused_record_of_an_async_transform_is_named() {
    let probe = SinkProbe::default();
    let together = stage(AnyTransform::asynchronous(Together(Arc::new(Barrier::new(4)))));
    let pages = pipeline(Pages::new(5, 8), vec![together], vec![probe.sink()]);
    let manifest = run(pages, RunOptions::default()).await.manifest;
    assert_eq!((manifest.status, manifest.exit_code), (Status::Failed, 4));
    let origin = manifest.error.unwrap().origin.unwrap();
    assert_eq!((origin.page, origin.cursor.as_deref(), origin.index), (2, Some("c1"), 5));
    assert_eq!(probe.numbers(), (0..8).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_after_the_last_one_is_a_defect_of_the_source() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let mut runs = Vec::new();
    for _ in 0..2 {
        let without_cursors = Pages { names_no_cursor: true, ..Pages::new(3, 2) };
        let pages = pipeline(without_cursors, vec![], vec![probe.sink()]);
        let manifest = run_in(&folder, pages).await.manifest;
        assert_eq!((manifest.status, manifest.exit_code), (Status::Failed, 1));
        assert_eq!((manifest.resumable, manifest.resumed_from), (false, None));
        let message = manifest.error.unwrap().message;
        assert!(message.contains("the source returned another page after its last page"));
        runs.push(manifest.run_id);
    }
    assert_ne!(runs[0], runs[1], "the committed pages are not a complete export");
    assert!(!probe.published());
}

/// Saves the state `null`, and refuses any other state.
#[derive(Debug)]
struct NullState;

impl OrderedTransform for NullState {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        out.emit(record);
        Ok(())
    }

    fn save(&self) -> Option<Value> {
        Some(Value::Null)
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        assert!(state.is_null());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_may_be_null() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let null = || vec![stage(AnyTransform::ordered(NullState))];
    let failing = Pages { fail_after: Some(4), ..Pages::new(9, 5) };
    let first = run_in(&folder, pipeline(failing, null(), vec![probe.sink()])).await.manifest;
    let sinks = vec![probe.sink()];
    let second = run_in(&folder, pipeline(Pages::new(9, 5), null(), sinks)).await.manifest;
    assert_eq!((second.status, second.run_id), (Status::Complete, first.run_id));
    assert_eq!(probe.numbers(), (0..45).collect::<Vec<_>>());
}

/// Keeps a channel open until it is dropped.
#[derive(Debug)]
struct Tracked(#[expect(dead_code, reason = "dropping it closes the channel")] Sender<()>);

impl OrderedTransform for Tracked {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        out.emit(record);
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_after_a_failed_one_releases_its_thread() {
    let patience = Duration::from_mins(1);
    let (alive, dropped) = mpsc::channel();
    let (second_page, arrived) = mpsc::channel();
    let arrived = Mutex::new(arrived);
    let failing = TestTransform::stage(move |record, out| {
        if record.value()?["n"] == 1 {
            second_page.send(()).unwrap();
            out.emit(record);
            return Ok(());
        }
        // With one processor, pages are transformed one at a time.
        if available_parallelism().unwrap().get() > 1 {
            arrived.lock().unwrap().recv_timeout(patience).unwrap();
        }
        Err(StageError::new(ErrorKind::Record, "refused"))
    });
    let transforms = vec![failing, stage(AnyTransform::ordered(Tracked(alive)))];
    let pipeline = pipeline(Pages::new(2, 1), transforms, vec![SinkProbe::default().sink()]);
    let report = run(pipeline, RunOptions::default()).await;
    assert_eq!(report.manifest.error.unwrap().message, "refused");
    assert_eq!(dropped.recv_timeout(patience), Err(RecvTimeoutError::Disconnected));
}

/// Loses its server at the record 13.
#[derive(Debug)]
struct Connected {
    closed: Arc<Mutex<u32>>,
    loses: bool,
}

#[async_trait]
impl AsyncTransform for Connected {
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        if self.loses && record.value()?["n"] == 13 {
            return Err(StageError::new(ErrorKind::Network, "no server").fatal());
        }
        out.emit(record);
        Ok(())
    }

    async fn close(&self) {
        *self.closed.lock().unwrap() += 1;
    }
}

#[tokio::test]
async fn a_fatal_error_ends_the_run_whatever_on_error_is_and_transforms_are_closed() {
    for loses in [false, true] {
        let (probe, closed) = (SinkProbe::default(), Arc::default());
        let connected = Connected { closed: Arc::clone(&closed), loses };
        let stage = skipping(stage(AnyTransform::asynchronous(connected)));
        let pages = pipeline(Pages::new(5, 8), vec![stage], vec![probe.sink()]);
        let report = run(pages, RunOptions::default()).await;
        let status = if loses { Status::Failed } else { Status::Complete };
        assert_eq!(report.manifest.status, status);
        assert_eq!(report.manifest.transforms[0].failed, 0);
        assert_eq!(*closed.lock().unwrap(), 1);
    }
}
