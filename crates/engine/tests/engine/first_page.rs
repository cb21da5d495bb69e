//! Runs that end within their first page.

use std::fs;

use serde_json::Value;
use taskferry_engine::Status;

use crate::resumes::{checkpoint, run_in};
use crate::stages::{Pages, SinkProbe, TestSink, pipeline};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_ended_within_its_first_page_keeps_its_run_id() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let path = folder.path().join("test/checkpoint.json");
    let failing = TestSink { fail_at_page: Some(1), ..probe.sink_of() };
    let failing = failing.before_each_write(move |_| {
        let begun: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(begun["state"], "begun", "before anything is delivered");
    });
    let first = run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)])).await;
    let first = first.manifest;
    assert_eq!((first.exit_code, first.resumable, first.committed), (5, false, None));

    // The request of the second run fails. The run id stays, because the first run may have delivered something.
    let unplugged = Pages { fail_after: Some(0), ..Pages::new(3, 2) };
    let second = run_in(&folder, pipeline(unplugged, vec![], vec![probe.sink()])).await.manifest;
    assert_eq!((second.exit_code, &second.run_id), (3, &first.run_id));

    let third = run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![probe.sink()])).await;
    let third = third.manifest;
    assert_eq!((third.status, &third.run_id), (Status::Complete, &first.run_id));
    assert_eq!((third.started_at, third.resumed_from), (first.started_at, None));
    assert_eq!(probe.numbers(), (0..6).collect::<Vec<_>>());
    assert_eq!(checkpoint(&folder), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_read_nothing_leaves_no_files() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let unplugged = Pages { fail_after: Some(0), ..Pages::new(3, 2) };
    let first = run_in(&folder, pipeline(unplugged, vec![], vec![probe.sink()])).await.manifest;
    assert_eq!((first.exit_code, first.resumable, checkpoint(&folder)), (3, false, None));
    let second = run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![probe.sink()])).await;
    assert_eq!((second.manifest.resumed_from, probe.discarded()), (None, 0));
    assert_ne!(second.manifest.run_id, first.run_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_first_page_is_discarded() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = TestSink { fail_at_page: Some(1), ..probe.sink_of() };
    run_in(&folder, pipeline(Pages::new(3, 2), vec![], vec![Box::new(failing)])).await;
    let mut changed = pipeline(Pages::new(3, 2), vec![], vec![probe.sink()]);
    changed.digest = "another".to_owned();
    let report = run_in(&folder, changed).await;
    assert_eq!((report.manifest.status, probe.discarded()), (Status::Complete, 1));
}
