//! Page sizes and the rate of page requests.

use std::time::Instant;

use serde_json::{Value, json};
use taskferry_sdk::ErrorKind;
use taskferry_testkit::Response;

use crate::tenant::{Tenant, page, read_all};

fn too_slow() -> Response {
    Response::new(504, "<h1>504 Gateway Time-out</h1>")
}

/// The limits and cursors of page requests.
fn asked(tenant: &Tenant) -> Vec<(u64, Option<String>)> {
    let bodies = tenant.exports().into_iter().map(|request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        (body["limit"].as_u64().unwrap(), body["starting_after"].as_str().map(str::to_owned))
    });
    bodies.collect()
}

fn limits(tenant: &Tenant) -> Vec<u64> {
    asked(tenant).into_iter().map(|(limit, _)| limit).collect()
}

#[tokio::test]
async fn a_page_that_times_out_is_requested_again_with_fewer_jobs() {
    let pages = [
        page(&["a"], Some("a")),
        too_slow(),
        too_slow(),
        page(&["b"], Some("b")),
        page(&["c"], None),
    ];
    let tenant = Tenant::answering(pages).await;
    let mut source = tenant.source(&json!({"limit": 40})).await;
    let listing = read_all(&mut *source).await;
    assert_eq!(listing.jobs(), ["a", "b", "c"]);
    assert_eq!(listing.pages.len(), 3);
    let after = |cursor: &str| Some(cursor.to_owned());
    let expected =
        [(40, None), (40, after("a")), (20, after("a")), (10, after("a")), (10, after("b"))];
    assert_eq!(asked(&tenant), expected);
    assert_eq!(source.statistics().retries, 2);
}

#[tokio::test]
async fn a_page_with_a_stalled_body_is_requested_again_with_fewer_jobs() {
    let tenant = Tenant::answering([page(&["x"], None).never_finished(), page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({"timeout": "300ms"})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
    assert_eq!(limits(&tenant), [100, 50]);
}

#[tokio::test]
async fn other_faults_do_not_shrink_pages() {
    let faults = [Response::new(503, ""), page(&["x"], None).truncated(), Response::new(429, "")];
    let tenant = Tenant::answering(faults.into_iter().chain([page(&["a"], None)])).await;
    assert_eq!(tenant.read().await.jobs(), ["a"]);
    assert_eq!(limits(&tenant), [100, 100, 100, 100]);
}

#[tokio::test]
async fn a_slow_issuer_does_not_shrink_pages() {
    let tokens = [too_slow(), crate::tenant::token("t", 100)];
    let tenant = Tenant::scripted(tokens, [page(&["a"], None)]).await;
    assert_eq!(tenant.read().await.jobs(), ["a"]);
    assert_eq!(limits(&tenant), [100]);
}

#[tokio::test]
async fn a_page_of_one_job_that_keeps_timing_out_fails() {
    let tenant = Tenant::answering([too_slow()]).await;
    let error = tenant.error(&json!({"limit": 5})).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.full_message().contains("gave up after 6 attempts"), "{error}");
    assert_eq!(limits(&tenant), [5, 2, 1, 1, 1, 1]);
}

#[tokio::test]
async fn pages_grow_again_after_enough_of_them_arrive_in_time() {
    let names: Vec<String> = (0..25).map(|number| format!("job-{number}")).collect();
    let pages =
        names.iter().enumerate().map(|(index, name)| page(&[name], (index < 24).then_some(name)));
    let tenant = Tenant::answering([too_slow(), too_slow()].into_iter().chain(pages)).await;
    assert_eq!(tenant.read().await.jobs(), names);
    let expected = [vec![100, 50], vec![25; 10], vec![50; 10], vec![100; 5]].concat();
    assert_eq!(limits(&tenant), expected);
}

#[tokio::test]
async fn the_rate_limit_includes_retries() {
    let pages = [
        page(&["a"], Some("a")),
        Response::new(503, ""),
        page(&["b"], Some("b")),
        page(&["c"], None),
    ];
    let tenant = Tenant::answering(pages).await;
    let mut source = tenant.source(&json!({"rate_limit": 20})).await;
    let start = Instant::now();
    assert_eq!(read_all(&mut *source).await.jobs(), ["a", "b", "c"]);
    assert!(start.elapsed().as_millis() >= 150, "{:?}", start.elapsed());
    assert_eq!(source.statistics().retries, 1, "a wait for the rate limit is not a retry");
}

#[tokio::test]
async fn retrying_ends_after_max_elapsed() {
    let busy = Response::new(503, "").header("retry-after", "30");
    let tenant = Tenant::answering([busy]).await;
    let error = tenant.error(&json!({"retry": {"max_elapsed": "20s"}})).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint_text().unwrap().contains("max_elapsed"), "{error:?}");
    assert_eq!(tenant.exports().len(), 1);
}
