//! Exports are compared with `[expect]` and with the last complete run of the same listing.

use std::fs;

use crate::resumes::{open, run_as};
use crate::stages::{Pages, SinkProbe, pipeline};
use taskferry_engine::{Manifest, RunOptions, Status, Violation, run};
use taskferry_pipeline::{ExpectOptions, Pipeline};
use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::{Duration, RunContext};
use tempfile::TempDir;

/// An export of this many records.
fn export(jobs: usize, expect: &ExpectOptions) -> Pipeline {
    let sink = SinkProbe::default().sink();
    let mut pipeline = pipeline(Pages::new(1, jobs), vec![], vec![sink]);
    pipeline.expect = expect.clone();
    pipeline
}

async fn check(expect: &ExpectOptions, jobs: usize, last: Option<usize>) -> Vec<Violation> {
    let folder = tempfile::tempdir().unwrap();
    if let Some(last) = last {
        let complete = run_as(&folder, export(last, &ExpectOptions::default()), true).await;
        assert_eq!(complete.manifest.status, Status::Complete);
    }
    run_as(&folder, export(jobs, expect), true).await.manifest.violations
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_themselves_are_allowed() {
    let expect = ExpectOptions {
        min_jobs: Some(95),
        max_drop_percent: Some(5),
        max_age: Some(Duration::from_secs(60)),
        ..ExpectOptions::default()
    };
    assert_eq!(check(&expect, 95, Some(100)).await, []);
    assert_eq!(check(&expect, 95, None).await, []);
    assert_eq!(check(&expect, 94, Some(100)).await.len(), 2);
    assert_eq!(check(&expect, 95, Some(101)).await.len(), 1);
    assert_eq!(check(&ExpectOptions::default(), 0, Some(1000)).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_exceeds_max_age_is_a_violation() {
    let expect =
        ExpectOptions { max_age: Some(Duration::from_secs(60)), ..ExpectOptions::default() };
    let long_ago = RunContext::new("test", Timestamp::UNIX_EPOCH, "r0");
    let options = RunOptions { run: Some(long_ago), ..RunOptions::default() };
    let found = run(export(1, &expect), options).await.manifest.violations;
    assert!(found[0].message.contains("more than `max_age` (1m)"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unreadable_baseline_is_a_violation() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    fs::write(folder.path().join("test/last_complete.json"), "{").unwrap();
    let expect = ExpectOptions { max_drop_percent: Some(5), ..ExpectOptions::default() };
    let found = run_as(&folder, export(1, &expect), true).await.manifest.violations;
    assert_eq!(found[0].accept, "expect.max_drop_percent=100");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_compared_with_the_last_run_of_the_same_listing() {
    async fn run_of(folder: &TempDir, listing: &str, jobs: usize) -> Manifest {
        let expect = ExpectOptions { max_drop_percent: Some(0), ..ExpectOptions::default() };
        let mut pipeline = export(jobs, &expect);
        pipeline.listing_digest = listing.to_owned();
        run_as(folder, pipeline, true).await.manifest
    }
    let folder = tempfile::tempdir().unwrap();
    let mut ids = Vec::new();
    for (jobs, listing) in (5..).zip(["all", "legal", "all", "legal", "some"]) {
        let complete = run_of(&folder, listing, jobs).await;
        assert_eq!(complete.status, Status::Complete, "{:?}", complete.violations);
        ids.push(complete.run_id);
    }
    for (listing, last) in [("all", 2), ("legal", 3), ("some", 4)] {
        let found = run_of(&folder, listing, 1).await.violations;
        assert!(found[0].message.contains(&ids[last]), "{listing}: {found:?} of {ids:?}");
    }
    for listing in 0..20 {
        assert_eq!(run_of(&folder, &listing.to_string(), 2).await.status, Status::Complete);
    }
    // Eight listings are stored.
    for (listing, is_known) in [("12", true), ("11", false), ("all", false)] {
        let found = run_of(&folder, listing, 1).await.violations;
        assert_eq!(!found.is_empty(), is_known, "{listing}: {found:?}");
        assert_eq!(run_of(&folder, "19", 2).await.violations, []);
    }
}
