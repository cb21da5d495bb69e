//! Behavior of a run, tested with scripted stages.

use std::sync::Arc;
use std::time::Duration;

use crate::stages::{Pages, SinkProbe, TestSink, TestTransform, pipeline};
use taskferry_engine::{Interrupt, LiveStats, RunOptions, RunReport, Status, Stopper, run};
use taskferry_pipeline::{OnError, Pipeline};
use taskferry_sdk::{ErrorKind, StageError};

async fn finished(run: impl Future<Output = RunReport>) -> RunReport {
    tokio::time::timeout(Duration::from_mins(1), run).await.expect("the run ends")
}

async fn run_without_state(pipeline: Pipeline) -> RunReport {
    finished(run(pipeline, RunOptions::default())).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sink_gets_every_record_in_order() {
    let (left, right) = (SinkProbe::default(), SinkProbe::default());
    let doubled = TestTransform::stage(|record, out| {
        out.emit(record.clone());
        out.emit(record);
        Ok(())
    });
    let mut pipeline = pipeline(Pages::new(50, 7), vec![doubled], vec![left.sink(), right.sink()]);
    pipeline.sinks[1].transforms = vec![TestTransform::stage(|record, out| {
        let mut edit = record.edit()?;
        edit.set(record.root()?, "own", true);
        out.emit(edit.finish());
        Ok(())
    })];
    let report = run_without_state(pipeline).await;

    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Complete, 0));
    let expected: Vec<usize> = (0..350).flat_map(|number| [number, number]).collect();
    assert_eq!(left.numbers(), expected);
    assert_eq!(right.numbers(), expected);
    assert!(left.published() && right.published());
    assert!(right.records().iter().all(|record| record.contains("\"own\":true")));
    assert!(!left.records().iter().any(|record| record.contains("own")));
    let transform = &report.manifest.transforms[0];
    assert_eq!((transform.records_in, transform.records_out, transform.failed), (350, 700, 0));
    assert_eq!(report.manifest.sinks[1].transforms[0].records_out, 700);
    assert_eq!(report.manifest.committed.unwrap().pages, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_record_ends_the_run_after_earlier_records_are_committed() {
    let probe = SinkProbe::default();
    let picky = TestTransform::stage(|record, out| {
        if record.value()?["n"] == 35 {
            return Err(StageError::new(ErrorKind::Record, "thirty-five is not for me")
                .hint("take another"));
        }
        out.emit(record);
        Ok(())
    });
    let report =
        run_without_state(pipeline(Pages::new(10, 10), vec![picky], vec![probe.sink()])).await;

    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 4));
    let failure = report.manifest.error.unwrap();
    assert_eq!(failure.message, "thirty-five is not for me");
    let origin = failure.origin.unwrap();
    assert_eq!((origin.page, origin.cursor.as_deref(), origin.index), (4, Some("c3"), 5));
    assert_eq!(probe.numbers(), (0..30).collect::<Vec<_>>());
    assert_eq!(report.manifest.committed.unwrap().next_cursor.as_deref(), Some("c3"));
    assert!(!probe.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_of_transforms_are_in_the_manifest_and_in_warnings() {
    let probe = SinkProbe::default();
    let counting = || {
        let mut stage = TestTransform::stage(|record, out| {
            let number = record.value()?["n"].as_u64().unwrap_or_default();
            out.count("fives", u64::from(number % 10 == 5));
            out.emit(record);
            if number == 15 { Err(StageError::new(ErrorKind::Record, "fifteen")) } else { Ok(()) }
        });
        stage.on_error = OnError::Skip;
        stage
    };
    let panicking = TestTransform::stage(|record, out| {
        out.count("panic", u64::from(record.value()?["n"] == 0));
        out.emit(record);
        Ok(())
    });
    let mut pipeline =
        pipeline(Pages::new(10, 10), vec![counting(), panicking], vec![probe.sink()]);
    pipeline.sinks[0].transforms = vec![counting()];
    let manifest = run_without_state(pipeline).await.manifest;

    assert_eq!(manifest.transforms[0].counters["fives"], 9);
    assert_eq!(manifest.sinks[0].transforms[0].counters["fives"], 9);
    let warnings = [
        "transform `test`: 1 record was skipped",
        "transform `test`: 9 of 100 end in 5",
        "transform `test`: 9 of 99 end in 5",
    ];
    assert_eq!(manifest.warnings, warnings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn skipped_records_emit_nothing_and_are_counted() {
    let probe = SinkProbe::default();
    let mut odd_fails = TestTransform::stage(|record, out| {
        let odd = record.value()?["n"].as_u64().is_some_and(|number| number % 2 == 1);
        out.emit(record);
        if odd { Err(StageError::new(ErrorKind::Record, "odd")) } else { Ok(()) }
    });
    odd_fails.on_error = OnError::Skip;
    let report =
        run_without_state(pipeline(Pages::new(4, 10), vec![odd_fails], vec![probe.sink()])).await;

    assert_eq!(report.manifest.exit_code, 0);
    assert_eq!(probe.numbers(), (0..40).step_by(2).collect::<Vec<_>>());
    assert_eq!(report.manifest.transforms[0].failed, 20);
    assert_eq!(report.manifest.warnings, ["transform `test`: 20 records were skipped"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_plugin_fails_its_record_not_the_run() {
    let probe = SinkProbe::default();
    let mut panics = TestTransform::stage(|record, out| {
        assert_ne!(record.value()?["n"], 3, "three is too many");
        out.emit(record);
        Ok(())
    });
    panics.on_error = OnError::Skip;
    let report =
        run_without_state(pipeline(Pages::new(1, 10), vec![panics], vec![probe.sink()])).await;
    assert_eq!(report.manifest.exit_code, 0);
    assert_eq!(probe.numbers(), [0, 1, 2, 4, 5, 6, 7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sink_prevents_all_others_from_publishing() {
    let (good, bad) = (SinkProbe::default(), SinkProbe::default());
    let failing = TestSink { fail_at_page: Some(3), ..bad.sink_of() };
    let report = run_without_state(pipeline(
        Pages::new(1000, 2),
        vec![],
        vec![good.sink(), Box::new(failing)],
    ))
    .await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 5));
    assert_eq!(report.manifest.error.unwrap().stage.as_deref(), Some("sink `sink-1`"));
    assert!(!good.published() && !bad.published());
    assert_eq!(report.manifest.committed.unwrap().pages, 2);
    assert!(report.manifest.source.pages < 20, "reading stops soon after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_cannot_open_fails_before_the_first_request() {
    let probe = SinkProbe::default();
    let failing = TestSink { fail_to_open: true, ..probe.sink_of() };
    let report =
        run_without_state(pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)])).await;
    assert_eq!(report.manifest.exit_code, 5);
    assert_eq!((report.manifest.source.pages, report.manifest.committed), (0, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_sink_ends_the_run_as_a_defect() {
    let probe = SinkProbe::default();
    let panicking = TestSink { panic_at_page: Some(2), ..probe.sink_of() };
    let report =
        run_without_state(pipeline(Pages::new(9, 2), vec![], vec![Box::new(panicking)])).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 1));
    assert!(report.manifest.error.unwrap().message.contains("panicked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_source_leaves_its_records_committed_and_unpublished() {
    let probe = SinkProbe::default();
    let source = Pages { fail_after: Some(5), ..Pages::new(10, 2) };
    let report = run_without_state(pipeline(source, vec![], vec![probe.sink()])).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 3));
    assert_eq!(probe.numbers(), (0..10).collect::<Vec<_>>());
    assert!(!probe.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_run_commits_its_records_and_publishes_nothing() {
    for (interrupt, code) in [(Interrupt::Interrupted, 130), (Interrupt::Terminated, 143)] {
        let probe = SinkProbe::default();
        let (stopper, stop) = Stopper::new();
        let source =
            Pages { stop_after: Some((4, stopper, interrupt)), ..Pages::new(usize::MAX, 3) };
        let pipeline = pipeline(source, vec![], vec![probe.sink()]);
        let report =
            finished(run(pipeline, RunOptions { stop: Some(stop), ..RunOptions::default() })).await;
        assert_eq!(
            (report.manifest.status, report.manifest.exit_code),
            (Status::Interrupted, code)
        );
        assert_eq!(probe.numbers(), (0..12).collect::<Vec<_>>());
        assert!(!probe.published());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_exceeds_the_time_limit_ends_the_run_and_is_named() {
    let probe = SinkProbe::default();
    let endless = TestTransform::limited(Duration::from_millis(100), |record, out| {
        while record.value()?["n"] == 11 {
            std::thread::park();
        }
        out.emit(record);
        Ok(())
    });
    let report =
        run_without_state(pipeline(Pages::new(10, 5), vec![endless], vec![probe.sink()])).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 4));
    let origin = report.manifest.error.unwrap().origin.unwrap();
    assert_eq!((origin.page, origin.index), (3, 1));
    assert!(!probe.published());
    assert!(probe.dropped(), "the sink cleans up although a worker is stuck");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_source_is_limited_to_a_few_pages_ahead_of_a_slow_sink() {
    let probe = SinkProbe::default();
    let sink = TestSink { closely: true, ..probe.sink_of() };
    let source = Pages::new(200, 1);
    let read = Arc::clone(&source.read);
    *probe.watch.lock().unwrap() = Some(read);
    let pipeline = pipeline(source, vec![], vec![Box::new(sink)]);
    let progress = Arc::new(LiveStats::new(&pipeline));
    let options = RunOptions { live_stats: Some(Arc::clone(&progress)), ..RunOptions::default() };
    let report = finished(run(pipeline, options)).await;
    assert_eq!(report.manifest.exit_code, 0);
    assert_eq!(progress.sinks[0].pages(), 200);
    let ahead = probe.furthest_ahead();
    assert!((1..=6).contains(&ahead), "{ahead} pages ahead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_sink_publishes_before_every_sink_is_sealed() {
    let (good, bad) = (SinkProbe::default(), SinkProbe::default());
    let failing = TestSink { fail_to_seal: true, ..bad.sink_of() };
    let pipeline = pipeline(Pages::new(3, 2), vec![], vec![good.sink(), Box::new(failing)]);
    let report = run_without_state(pipeline).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 5));
    assert!(!good.published() && !bad.published());
    assert_eq!(report.manifest.committed.unwrap().pages, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_publishing_completes_despite_signals() {
    let (first, second) = (SinkProbe::default(), SinkProbe::default());
    let (stopper, stop) = Stopper::new();
    let stopping = TestSink { stop_when_publishing: Some(stopper), ..first.sink_of() };
    let pipeline = pipeline(Pages::new(3, 2), vec![], vec![Box::new(stopping), second.sink()]);
    let options = RunOptions { stop: Some(stop), ..RunOptions::default() };
    let report = finished(run(pipeline, options)).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Complete, 0));
    assert!(first.published() && second.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_aborted_run_does_not_wait_for_a_hanging_sink() {
    let probe = SinkProbe::default();
    let (stopper, stop) = Stopper::new();
    let hanging = TestSink { hang_at_page: Some(3), ..probe.sink_of() };
    let pipeline = pipeline(Pages::new(9, 2), vec![], vec![Box::new(hanging)]);
    let running =
        tokio::spawn(run(pipeline, RunOptions { stop: Some(stop), ..RunOptions::default() }));
    probe.hanging.notified().await;
    stopper.stop_at_once(Interrupt::Interrupted);
    let report = finished(async { running.await.unwrap() }).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Interrupted, 130));
    assert_eq!(report.manifest.committed.unwrap().pages, 2);
    assert!(!probe.published() && probe.dropped());
}
