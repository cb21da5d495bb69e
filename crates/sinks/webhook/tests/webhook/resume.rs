//! Repeated batches after a failure or a crash.

use serde_json::json;
use taskferry_sdk::{ErrorKind, Resumption, SinkState};
use taskferry_testkit::Response;

use crate::driver::{PATH, batch, deliver, jobs, keys, receiver, run, sink, sink_in, sink_to};

#[tokio::test]
async fn a_repeated_batch_keeps_its_key() {
    let server = receiver([
        Response::new(429, "").header("retry-after", "0"),
        Response::new(503, "<h1>busy</h1>"),
        Response::new(408, ""),
        Response::new(500, "x").truncated(),
        Response::new(201, ""),
    ])
    .await;
    let mut sink = sink(&server, &json!({})).await;
    deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
    let keys = keys(&server);
    assert_eq!(keys.len(), 5);
    assert!(keys.iter().all(|key| *key == keys[0]));
    let delivery = sink.finish().await.unwrap();
    assert_eq!((delivery.records, delivery.requests, delivery.retries), (1, 5, 4));
}

#[tokio::test]
async fn only_equal_batches_of_one_run_have_equal_keys() {
    let server = receiver([]).await;
    for run_id in ["r1", "r1", "r2"] {
        let mut sink = sink_in(&run(run_id), &server, &json!({"batch_records": 1})).await;
        deliver(&mut *sink, &batch(1, &["1", "1"])).await.unwrap();
        deliver(&mut *sink, &batch(2, &["1"])).await.unwrap();
    }
    let keys = keys(&server);
    assert_eq!(keys[0..3], keys[3..6], "a run that is repeated repeats its keys");
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(
        distinct.len(),
        6,
        "equal records at other positions or in other runs have other keys"
    );
}

#[tokio::test]
async fn a_resumed_run_repeats_keys_and_continues_the_count() {
    let server = receiver([]).await;
    let url = format!("{}{PATH}", server.url());
    let mut first = sink(&server, &json!({})).await;
    assert_eq!(first.resumption(), Resumption::AtLeastOnce);
    let state = deliver(&mut *first, &batch(1, &["1", "2"])).await.unwrap();
    deliver(&mut *first, &batch(2, &["3"])).await.unwrap();
    drop(first);

    // The second batch was delivered, and the run was killed before the checkpoint.
    let mut second = sink_to(&url, &json!({}));
    second.can_resume(&run("r1"), &state).await.unwrap();
    second.open(&run("r1"), Some(&state)).await.unwrap();
    deliver(&mut *second, &batch(2, &["3"])).await.unwrap();
    deliver(&mut *second, &batch(3, &["4"])).await.unwrap();
    let sealed = second.seal().await.unwrap();
    let keys = keys(&server);
    assert_eq!(keys[1], keys[2]);
    assert_ne!(keys[2], keys[3]);
    let delivery = second.finish().await.unwrap();
    assert_eq!((delivery.records, delivery.requests), (4, 3));

    // Killed again after everything was sealed: only `finish` remains.
    let mut third = sink_to(&url, &json!({}));
    third.open(&run("r1"), Some(&sealed)).await.unwrap();
    assert_eq!(third.finish().await.unwrap(), delivery);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_run_with_another_receiver_starts_over() {
    let (server, other) = (receiver([]).await, receiver([]).await);
    let mut first = sink(&server, &json!({})).await;
    let state = deliver(&mut *first, &batch(1, &["1"])).await.unwrap();
    assert!(!format!("{state:?}").contains("hunter2"));

    let mut moved = sink_to(&format!("{}{PATH}", other.url()), &json!({}));
    let reason = moved.can_resume(&run("r1"), &state).await.unwrap_err();
    assert_eq!(reason, "the `url` of the webhook has changed");
    let error = moved.open(&run("r1"), Some(&state)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.hint_text().unwrap().contains("--fresh"));
    let mut same = sink_to(&format!("{}{PATH}", server.url()), &json!({}));
    assert!(same.can_resume(&run("r1"), &SinkState::new(json!(7))).await.is_err());
}

/// A page that timed out is requested again as smaller pages.
#[tokio::test]
async fn batches_keep_their_keys_with_other_page_boundaries() {
    let server = receiver([]).await;
    let (a, b, c) = (("j1", "{}"), ("j2", "{}"), ("j3", "{}"));
    for pages in [vec![jobs(5, &[a, b, c])], vec![jobs(5, &[a, b]), jobs(6, &[c])]] {
        let mut sink = sink(&server, &json!({"batch_records": 1})).await;
        for page in &pages {
            deliver(&mut *sink, page).await.unwrap();
        }
    }
    let keys = keys(&server);
    assert_eq!(keys[..3], keys[3..]);
    assert!(keys[0] != keys[1] && keys[1] != keys[2]);
}
