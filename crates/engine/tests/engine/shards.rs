//! Runs that take a share of an export.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::stages::{Ledger, Pages, pipeline};
use taskferry_engine::{RunOptions, RunReport, Status, new_run, run};
use taskferry_pipeline::{ExpectOptions, Pipeline};
use taskferry_sdk::Shard;
use taskferry_state::{LockAttempt, StateDir};

async fn run_share(folder: &Path, shard: &str, pipeline: Pipeline) -> RunReport {
    let LockAttempt::Acquired(state) = StateDir::open(folder, "test").unwrap() else {
        unreachable!()
    };
    let shard: Shard = shard.parse().unwrap();
    let mut of_share = new_run("test");
    (of_share.shard, of_share.whole_dir) = (Some(shard), Some(folder.to_owned()));
    let options = RunOptions { state: Some(state), run: Some(of_share), ..RunOptions::default() };
    run(pipeline, options).await
}

#[tokio::test]
async fn a_source_that_can_only_be_read_as_a_whole_is_not_read_by_every_share() {
    let folder = tempfile::tempdir().unwrap();
    let (source, ledger) = (Pages::new(3, 1), Ledger::default());
    let read = Arc::clone(&source.read);
    let report =
        run_share(folder.path(), "1/2", pipeline(source, vec![], vec![ledger.sink()])).await;
    assert_eq!((report.manifest.exit_code, read.load(Ordering::SeqCst)), (3, 0));
    let message = report.error.unwrap().error().full_message();
    assert_eq!(message, "the source does not support shards");
    assert!(!ledger.published());
}

#[tokio::test]
async fn what_is_expected_of_the_whole_is_passed_on_to_whoever_has_all_shares() {
    let folder = tempfile::tempdir().unwrap();
    let source = Pages { in_shares: true, ..Pages::new(3, 1) };
    let mut pipeline = pipeline(source, vec![], vec![Ledger::default().sink()]);
    pipeline.digest = "d1".to_owned();
    pipeline.expect = ExpectOptions {
        min_jobs: Some(900),
        max_drop_percent: Some(0),
        ..ExpectOptions::default()
    };
    let report = run_share(folder.path(), "1/2", pipeline).await;
    assert_eq!(report.manifest.status, Status::Complete);
    assert_eq!(report.manifest.digest, "d1");
    let shard = report.manifest.shard.unwrap();
    assert_eq!((shard.index, shard.count, shard.min_jobs), (1, 2, Some(900)));
    assert_eq!((shard.share.from, shard.share.to.as_deref()), (None, Some("c3")));
}

#[tokio::test]
async fn a_checkpoint_is_good_for_its_own_share_alone() {
    let folder = tempfile::tempdir().unwrap();
    let source = |fail_after| Pages { in_shares: true, fail_after, ..Pages::new(3, 1) };
    let ledger = Ledger::default();
    let failed = pipeline(source(Some(2)), vec![], vec![ledger.sink()]);
    run_share(folder.path(), "1/2", failed).await;
    let other = pipeline(source(None), vec![], vec![ledger.sink()]);
    let report = run_share(folder.path(), "1/3", other).await;
    assert_eq!((report.manifest.status, report.manifest.resumed_from), (Status::Complete, None));
}
