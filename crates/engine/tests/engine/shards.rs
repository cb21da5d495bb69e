//! Runs of one shard of an export.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::resumes::open;
use crate::stages::{Pages, SinkProbe, pipeline};
use taskferry_engine::{RunOptions, RunReport, Status, new_run, run};
use taskferry_pipeline::{ExpectOptions, Pipeline};
use taskferry_sdk::Shard;

async fn run_shard(folder: &Path, shard: &str, pipeline: Pipeline) -> RunReport {
    let shard: Shard = shard.parse().unwrap();
    let mut of_shard = new_run("test");
    (of_shard.shard, of_shard.whole_dir) = (Some(shard), Some(folder.to_owned()));
    let options =
        RunOptions { state: Some(open(folder)), run: Some(of_shard), ..RunOptions::default() };
    run(pipeline, options).await
}

#[tokio::test]
async fn a_source_without_shards_is_refused_in_a_sharded_run() {
    let folder = tempfile::tempdir().unwrap();
    let (source, probe) = (Pages::new(3, 1), SinkProbe::default());
    let read = Arc::clone(&source.read);
    let report =
        run_shard(folder.path(), "1/2", pipeline(source, vec![], vec![probe.sink()])).await;
    assert_eq!((report.manifest.exit_code, read.load(Ordering::SeqCst)), (3, 0));
    let message = report.error.unwrap().error().full_message();
    assert_eq!(message, "the source does not support `--shard`");
    assert!(!probe.published());
}

#[tokio::test]
async fn the_manifest_of_a_shard_has_the_min_jobs_of_the_whole_export() {
    let folder = tempfile::tempdir().unwrap();
    let source = Pages { in_shards: true, ..Pages::new(3, 1) };
    let mut pipeline = pipeline(source, vec![], vec![SinkProbe::default().sink()]);
    pipeline.digest = "d1".to_owned();
    pipeline.expect = ExpectOptions {
        min_jobs: Some(900),
        max_drop_percent: Some(0),
        ..ExpectOptions::default()
    };
    let report = run_shard(folder.path(), "1/2", pipeline).await;
    assert_eq!(report.manifest.status, Status::Complete);
    assert_eq!(report.manifest.digest, "d1");
    let shard = report.manifest.shard.unwrap();
    assert_eq!((shard.index, shard.count, shard.min_jobs), (1, 2, Some(900)));
    assert_eq!((shard.range.from, shard.range.to.as_deref()), (None, Some("c3")));
}

#[tokio::test]
async fn a_checkpoint_is_valid_only_for_its_shard() {
    let folder = tempfile::tempdir().unwrap();
    let source = |fail_after| Pages { in_shards: true, fail_after, ..Pages::new(3, 1) };
    let probe = SinkProbe::default();
    let failed = pipeline(source(Some(2)), vec![], vec![probe.sink()]);
    run_shard(folder.path(), "1/2", failed).await;
    let other = pipeline(source(None), vec![], vec![probe.sink()]);
    let report = run_shard(folder.path(), "1/3", other).await;
    assert_eq!((report.manifest.status, report.manifest.resumed_from), (Status::Complete, None));
}
