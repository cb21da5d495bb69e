//! Incomplete runs, and the runs that resume them.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::stages::{Pages, SinkProbe, TestSink, TestTransform, pipeline};
use serde_json::Value;
use taskferry_engine::{
    Interrupt, Manifest, RunOptions, RunReport, Status, Stopper, last_finished_run, run,
};
use taskferry_pipeline::{ExpectOptions, Pipeline};
use taskferry_sdk::Resumption;
use taskferry_state::{LockAttempt, StateDir};
use tempfile::TempDir;

pub(crate) fn open(folder: &Path) -> StateDir {
    match StateDir::open(folder, "test").unwrap() {
        LockAttempt::Acquired(state) => state,
        LockAttempt::Held(_) => panic!("an earlier run holds the lock"),
    }
}

pub(crate) async fn run_in(folder: &TempDir, pipeline: Pipeline) -> RunReport {
    run_as(folder, pipeline, false).await
}

pub(crate) async fn run_as(folder: &TempDir, pipeline: Pipeline, fresh: bool) -> RunReport {
    let options = RunOptions { state: Some(open(folder.path())), fresh, ..RunOptions::default() };
    tokio::time::timeout(Duration::from_mins(1), run(pipeline, options)).await.expect("it ends")
}

pub(crate) fn checkpoint(folder: &TempDir) -> Option<Value> {
    let text = fs::read(folder.path().join("test/checkpoint.json")).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// Checks that the input of each stage equals the output of the preceding one, and that every record is accounted for.
pub(crate) fn reconciles(manifest: &Manifest) {
    let mut flowing = manifest.source.records;
    for transform in &manifest.transforms {
        assert_eq!(transform.records_in, flowing, "{transform:?}");
        assert!(transform.filtered + transform.failed <= transform.records_in);
        flowing = transform.records_out;
    }
    for sink in &manifest.sinks {
        let mut flowing = flowing;
        for transform in &sink.transforms {
            assert_eq!(transform.records_in, flowing);
            flowing = transform.records_out;
        }
        assert_eq!(sink.records_in, flowing);
        assert_eq!(sink.records + sink.failed, sink.records_in);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_resumes_after_the_last_checkpoint() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = Pages { fail_after: Some(5), ..Pages::new(10, 3) };
    let first = run_in(&folder, pipeline(failing, vec![], vec![probe.sink()])).await.manifest;
    assert_eq!((first.status, first.exit_code, first.resumable), (Status::Failed, 3, true));
    assert_eq!(checkpoint(&folder).unwrap()["account"]["source"]["pages"], 5);

    let second = run_in(&folder, pipeline(Pages::new(10, 3), vec![], vec![probe.sink()])).await;
    let second = second.manifest;
    assert_eq!((second.status, &second.run_id), (Status::Complete, &first.run_id));
    assert_eq!(second.started_at, first.started_at);
    assert_eq!(second.resumed_from, first.committed);
    assert_eq!(probe.numbers(), (0..30).collect::<Vec<_>>());
    assert_eq!(probe.opened_at(), [0, 15]);
    assert_eq!((second.source.pages, second.source.records), (10, 30));
    reconciles(&second);
    assert_eq!(checkpoint(&folder), None);

    let third = run_in(&folder, pipeline(Pages::new(10, 3), vec![], vec![probe.sink()])).await;
    assert_eq!((third.manifest.resumed_from, probe.opened_at()), (None, vec![0, 15, 0]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sink_gets_every_record_once_wherever_the_run_stops() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let folder = tempfile::tempdir().unwrap();
        let probes = [SinkProbe::default(), SinkProbe::default()];
        let mut attempts = 0;
        let manifest = loop {
            attempts += 1;
            let sinks = probes.each_ref().map(|probe| -> Box<dyn taskferry_sdk::Sink> {
                let stop = (random.u8(..3) == 0 && attempts < 20).then(|| random.u64(1..=12));
                let seal = random.u8(..4) == 0 && attempts < 20;
                let resumption =
                    if random.bool() { Resumption::Exact } else { Resumption::AtLeastOnce };
                let sink = probe.sink_of();
                Box::new(TestSink { fail_at_page: stop, fail_to_seal: seal, resumption, ..sink })
            });
            let stop = (random.bool() && attempts < 20).then(|| random.usize(0..=12));
            let source = Pages { fail_after: stop, ..Pages::new(12, 4) };
            let twice = TestTransform::stage(|record, out| {
                let number = record.value()?["n"].as_u64().unwrap();
                out.count("seen", 1);
                out.count_value("rest", &(number % 3).to_string());
                (0..number % 3).for_each(|_| out.emit(record.clone()));
                Ok(())
            });
            let mut pipeline = pipeline(source, vec![twice], sinks.into());
            // Commits after each page, after some pages, or only at the end.
            pipeline.state.commit_interval =
                taskferry_sdk::Duration::from_millis([0, 0, 1, 60_000][random.usize(..4)]);
            let report = run_in(&folder, pipeline).await;
            reconciles(&report.manifest);
            if report.manifest.status == Status::Complete {
                break report.manifest;
            }
        };
        let expected: Vec<usize> =
            (0..48).flat_map(|number| std::iter::repeat_n(number, number % 3)).collect();
        for probe in &probes {
            assert_eq!(probe.numbers(), expected, "seed {seed}, {attempts} attempts");
        }
        assert_eq!(manifest.transforms[0].filtered, 16);
        assert_eq!(manifest.transforms[0].counters["seen"], 48);
        let rests = &manifest.transforms[0].frequent["rest"];
        let rests: Vec<_> = rests.iter().map(|rest| (&*rest.value, rest.count)).collect();
        assert_eq!(rests, [("0", 16), ("1", 16), ("2", 16)]);
        assert_eq!(manifest.sinks[1].records, 48);
    }
}

type Change = fn(Pipeline) -> Pipeline;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_starts_over_if_required_or_requested() {
    let changed = |mut pipeline: Pipeline| {
        pipeline.digest = "another".to_owned();
        pipeline
    };
    let too_old = |mut pipeline: Pipeline| {
        pipeline.state.resume_within = taskferry_sdk::Duration::from_secs(0);
        pipeline
    };
    let as_it_was = |pipeline: Pipeline| pipeline;
    let ways: [(Change, bool); 3] = [(changed, false), (too_old, false), (as_it_was, true)];
    for (change, fresh) in ways {
        let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
        let failing = Pages { fail_after: Some(5), ..Pages::new(10, 3) };
        let first = run_in(&folder, pipeline(failing, vec![], vec![probe.sink()])).await.manifest;
        let again = change(pipeline(Pages::new(10, 3), vec![], vec![probe.sink()]));
        let second = run_as(&folder, again, fresh).await.manifest;
        assert_eq!((second.status, second.resumed_from), (Status::Complete, None));
        assert_ne!(second.run_id, first.run_id);
        assert_eq!((probe.opened_at(), probe.discarded()), (vec![0, 0], 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_without_resumption_makes_every_run_start_over() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let sink = || Box::new(TestSink { resumption: Resumption::Unsupported, ..probe.sink_of() });
    let failing = Pages { fail_after: Some(5), ..Pages::new(10, 3) };
    let first = run_in(&folder, pipeline(failing, vec![], vec![sink()])).await.manifest;
    assert_eq!((first.resumable, checkpoint(&folder)), (false, None));
    run_in(&folder, pipeline(Pages::new(10, 3), vec![], vec![sink()])).await;
    assert_eq!(probe.opened_at(), [0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_at_least_once_sink_writes_after_the_preceding_checkpoint() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let path = folder.path().join("test/checkpoint.json");
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let sink = TestSink { resumption: Resumption::AtLeastOnce, ..probe.sink_of() };
    let sink = sink.before_each_write(move |page| {
        let passed = fs::read(&path).map_or(0, |text| {
            let checkpoint: Value = serde_json::from_slice(&text).unwrap();
            checkpoint["account"]["source"]["pages"].as_u64().unwrap()
        });
        assert!(passed + 1 >= page, "page {page} was written when {passed} were saved");
        counted.fetch_add(1, Ordering::SeqCst);
    });
    let other = SinkProbe::default();
    let sinks = vec![other.sink(), Box::new(sink) as Box<dyn taskferry_sdk::Sink>];
    let report = run_in(&folder, pipeline(Pages::new(30, 2), vec![], sinks)).await;
    assert_eq!((report.manifest.status, seen.load(Ordering::SeqCst)), (Status::Complete, 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_waiting_for_a_checkpoint_stops_when_another_fails() {
    for page in 1..=6 {
        for first in [true, false] {
            let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
            let failing = TestSink { fail_at_page: Some(page), ..SinkProbe::default().sink_of() };
            let waiting = TestSink { resumption: Resumption::AtLeastOnce, ..probe.sink_of() };
            let mut sinks: Vec<Box<dyn taskferry_sdk::Sink>> =
                vec![Box::new(failing), Box::new(waiting)];
            if first {
                sinks.reverse();
            }
            let report = run_in(&folder, pipeline(Pages::new(50, 2), vec![], sinks)).await;
            assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 5));
            let delivered = probe.numbers().len() as u64 / 2;
            assert!(delivered <= page, "page {page}, {delivered} delivered");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_that_violates_expectations_is_withheld_until_accepted() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let expecting = |pages, publish_anyway| {
        let source = Pages::new(pages, 10);
        let read = Arc::clone(&source.read);
        let mut pipeline = pipeline(source, vec![], vec![probe.sink()]);
        pipeline.expect = ExpectOptions {
            max_drop_percent: Some(10),
            publish_anyway,
            ..ExpectOptions::default()
        };
        (pipeline, read)
    };
    assert_eq!(run_in(&folder, expecting(10, false).0).await.manifest.status, Status::Complete);

    let short = run_in(&folder, expecting(8, false).0).await.manifest;
    assert_eq!((short.status, short.exit_code), (Status::Suspicious, 8));
    assert!(
        short.violations[0]
            .message
            .starts_with("80 records were read, but 100 in the last complete run")
    );
    assert!(!short.sinks[0].published);
    assert_eq!(checkpoint(&folder).unwrap()["state"], "refused");

    // The next run reads everything again and uses nothing of the refused one.
    let (again, read) = expecting(8, false);
    let again = run_in(&folder, again).await.manifest;
    assert_eq!((again.status, again.resumed_from), (Status::Suspicious, None));
    assert_eq!(read.load(Ordering::SeqCst), 8);

    let (accepted, _) = expecting(8, true);
    let accepted = run_in(&folder, accepted).await.manifest;
    assert_eq!((accepted.status, accepted.exit_code), (Status::Suspicious, 8));
    assert_eq!(accepted.resumed_from.unwrap().pages, 8);
    assert!(accepted.sinks[0].published);
    assert_eq!(probe.opened_at().last(), Some(&80), "the run resumes at the checkpoint");

    let full = run_in(&folder, expecting(10, false).0).await.manifest;
    assert_eq!((full.status, full.resumed_from), (Status::Complete, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unwritable_checkpoint_fails_the_run() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    fs::create_dir_all(folder.path().join("test/checkpoint.json/in the way")).unwrap();
    let sink = TestSink { resumption: Resumption::AtLeastOnce, ..probe.sink_of() };
    let endless = pipeline(Pages::new(usize::MAX, 2), vec![], vec![Box::new(sink)]);
    let report = run_in(&folder, endless).await;
    assert_eq!((report.manifest.status, report.manifest.exit_code), (Status::Failed, 5));
    let failure = report.manifest.error.unwrap();
    assert!(failure.message.starts_with("[state]: can't write `"), "{}", failure.message);
    assert_eq!(failure.stage, None);
    assert!(!probe.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attempt_stores_its_manifest() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    for stop in [Some(2), Some(4), None] {
        let source = Pages { fail_after: stop, ..Pages::new(6, 10) };
        run_in(&folder, pipeline(source, vec![], vec![probe.sink()])).await;
    }
    let history = taskferry_state::History::of(folder.path(), "test");
    let manifests: Vec<Value> = history.all().unwrap();
    let statuses: Vec<&Value> = manifests.iter().map(|manifest| &manifest["status"]).collect();
    assert_eq!(statuses, ["failed", "failed", "complete"]);
    assert_eq!(manifests[2]["resumed_from"]["pages"], 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_with_an_unresumable_error_is_not_resumed() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = Pages { fail_after: Some(5), not_resumable: true, ..Pages::new(10, 3) };
    let first = run_in(&folder, pipeline(failing, vec![], vec![probe.sink()])).await.manifest;
    assert_eq!((first.exit_code, first.resumable), (3, false));
    let second = run_in(&folder, pipeline(Pages::new(10, 3), vec![], vec![probe.sink()])).await;
    assert_eq!((second.manifest.status, second.manifest.resumed_from), (Status::Complete, None));
    assert_eq!((probe.opened_at(), probe.discarded()), (vec![0, 0], 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_complete_even_if_its_manifest_cannot_be_stored() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    fs::create_dir_all(folder.path().join("test")).unwrap();
    fs::write(folder.path().join("test/runs"), "in the way").unwrap();
    for _ in 0..2 {
        let source = Pages::new(3, 2);
        let read = Arc::clone(&source.read);
        let report = run_in(&folder, pipeline(source, vec![], vec![probe.sink()])).await;
        assert_eq!(report.manifest.status, Status::Complete);
        assert!(report.manifest.warnings[0].starts_with("the run has ended, but "));
        assert_eq!((report.manifest.resumed_from, read.load(Ordering::SeqCst)), (None, 3));
    }
    assert_eq!(probe.opened_at(), [0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_checkpoint_of_a_finished_run_is_ignored() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = TestSink { fail_to_publish: true, ..probe.sink_of() };
    run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)])).await;
    let path = folder.path().join("test/checkpoint.json");
    let sealed = fs::read(&path).unwrap();
    run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![probe.sink()])).await;
    // The state of a run that was killed after it was marked complete and before the checkpoint was removed.
    fs::write(&path, sealed).unwrap();
    let third = run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![probe.sink()])).await;
    assert_eq!((third.manifest.status, third.manifest.resumed_from), (Status::Complete, None));
    assert_eq!((probe.opened_at(), probe.discarded()), (vec![0, 6, 0], 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sealed_outputs_are_published_despite_changed_expectations() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let (first, last) = (SinkProbe::default(), SinkProbe::default());
    let failing = TestSink { fail_to_publish: true, ..last.sink_of() };
    let sinks: Vec<Box<dyn taskferry_sdk::Sink>> = vec![first.sink(), Box::new(failing)];
    let half = run_in(&folder, pipeline(Pages::new(3, 2), vec![], sinks)).await.manifest;
    assert_eq!((half.status, half.exit_code), (Status::Failed, 5));
    assert!(first.published() && !last.published());

    let sinks = vec![probe.sink(), last.sink()];
    let mut again = pipeline(Pages::new(3, 2), vec![], sinks);
    again.expect.min_jobs = Some(1000);
    let whole = run_in(&folder, again).await.manifest;
    assert_eq!((whole.status, whole.resumed_from.unwrap().pages), (Status::Complete, 3));
    assert!(last.published());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_last_run_does_not_count_as_missing() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    fs::create_dir_all(folder.path().join("test")).unwrap();
    fs::write(folder.path().join("test/last_complete.json"), "{").unwrap();
    let mut pipeline = pipeline(Pages::new(3, 2), vec![], vec![probe.sink()]);
    pipeline.expect.max_drop_percent = Some(5);
    let report = run_in(&folder, pipeline).await;
    assert_eq!((report.manifest.exit_code, probe.published()), (8, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fast_pages_are_committed_together_and_slow_ones_delay_no_commit() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let mut together = pipeline(Pages::new(200, 1), vec![], vec![probe.sink()]);
    together.state.commit_interval = taskferry_sdk::Duration::from_secs(60);
    assert_eq!(run_in(&folder, together).await.manifest.status, Status::Complete);
    assert_eq!(probe.commits(), 1);

    // The listing hangs after its third page; the earlier pages are committed anyway.
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let stuck = Pages { hang_after: Some(3), ..Pages::new(10, 2) };
    let mut stuck = pipeline(stuck, vec![], vec![probe.sink()]);
    stuck.state.commit_interval = taskferry_sdk::Duration::from_millis(20);
    let running = tokio::spawn(async move { run_in(&folder, stuck).await });
    while probe.numbers().len() < 6 {
        probe.committing.notified().await;
    }
    running.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_stops_the_verification_of_partial_output() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = Pages { fail_after: Some(5), ..Pages::new(10, 3) };
    let first = run_in(&folder, pipeline(failing, vec![], vec![probe.sink()])).await.manifest;
    let (stopper, stop) = Stopper::new();
    let checking = Arc::clone(&probe.checking);
    let sink = TestSink { check_hangs: true, ..probe.sink_of() };
    let again = pipeline(Pages::new(10, 3), vec![], vec![Box::new(sink)]);
    let state = Some(open(folder.path()));
    let options = RunOptions { state, stop: Some(stop), ..RunOptions::default() };
    let running = tokio::spawn(run(again, options));
    checking.notified().await;
    stopper.stop(Interrupt::Terminated);
    let ended = tokio::time::timeout(Duration::from_secs(4), running).await.expect("at once");
    let ended = ended.unwrap().manifest;
    assert_eq!((ended.status, ended.exit_code), (Status::Interrupted, 143));
    assert_eq!((ended.run_id, ended.resumable), (first.run_id, true));
    assert_eq!(ended.committed, first.committed);
    assert_eq!(probe.opened_at(), [0], "no sink was opened at a state that was not checked");

    let last = run_in(&folder, pipeline(Pages::new(10, 3), vec![], vec![probe.sink()])).await;
    assert_eq!((last.manifest.status, probe.numbers().len()), (Status::Complete, 30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_finished_run_is_recognized_wherever_it_was_killed() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let whole = || pipeline(Pages::new(3, 2), vec![], vec![probe.sink()]);
    let over = || {
        let over = last_finished_run(&open(folder.path()), &whole());
        over.map(|over| {
            assert!(over.manifest.is_none_or(|manifest| manifest["run_id"] == *over.run_id));
            (over.run_id, over.exit_code)
        })
    };
    let path = folder.path().join("test/checkpoint.json");
    assert_eq!(over(), None);

    // Sealed, and ended while publishing.
    let failing = TestSink { fail_to_publish: true, ..probe.sink_of() };
    run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)])).await;
    assert_eq!(over(), None);
    let sealed = fs::read(&path).unwrap();
    let complete = run_in(&folder, whole()).await.manifest;
    assert_eq!(over(), Some((complete.run_id.clone(), 0)));
    // Marked complete and killed before the checkpoint was removed.
    fs::write(&path, sealed).unwrap();
    assert_eq!(over(), Some((complete.run_id, 0)));

    let mut refused = whole();
    refused.expect.min_jobs = Some(7);
    let refused = run_in(&folder, refused).await.manifest;
    assert_eq!(over(), Some((refused.run_id, 8)));
    let mut strict = whole();
    strict.state.resume_within = taskferry_sdk::Duration::from_secs(0);
    assert_eq!(last_finished_run(&open(folder.path()), &strict), None);
    let another = Pipeline { digest: "another".to_owned(), ..whole() };
    assert_eq!(last_finished_run(&open(folder.path()), &another), None);

    // Killed during its first page.
    let failing = TestSink { fail_at_page: Some(1), ..probe.sink_of() };
    let failing = pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)]);
    run_as(&folder, failing, true).await;
    fs::remove_dir_all(folder.path().join("test/runs")).unwrap();
    assert_eq!(over(), None);
}
