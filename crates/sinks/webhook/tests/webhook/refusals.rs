//! Records and requests that a receiver refuses.

use serde_json::json;
use taskferry_sdk::ErrorKind;
use taskferry_testkit::{FaultServer, Request, Response};

use crate::driver::{batch, bodies, deliver, deliver_or_keep, keys, receiver, sink};

#[tokio::test]
async fn a_permanent_error_status_fails_the_delivery() {
    for (status, kind, hint) in [
        (400, ErrorKind::Refused, Some("dead_letter")),
        (401, ErrorKind::Auth, Some("`headers`")),
        (403, ErrorKind::Auth, Some("`headers`")),
        (404, ErrorKind::Refused, Some("`url`")),
        (406, ErrorKind::Refused, None),
        (410, ErrorKind::Refused, Some("no longer exists at this address")),
        (415, ErrorKind::Refused, Some("`cloud_events`")),
        (422, ErrorKind::Refused, Some("dead_letter")),
    ] {
        let server = receiver([Response::new(status, "<p>no\x1b[2J</p>")]).await;
        let mut sink = sink(&server, &json!({})).await;
        let error = deliver(&mut *sink, &batch(2, &["1", "2"])).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, false), "{status}");
        assert_eq!(error.hint_text().is_some(), hint.is_some(), "{status}");
        assert!(error.hint_text().unwrap_or_default().contains(hint.unwrap_or_default()));
        let text = error.full_message();
        let start = format!(
            "batch 1 with 2 records from page 2 (after `c2`), record 1: POST {}/…: the server answered {status} ",
            server.url()
        );
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with(": no [2J"), "{text}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let away = Response::new(308, "").header("location", "https://elsewhere.example/x?sig=hunter2");
    let server = receiver([away]).await;
    let mut sink = sink(&server, &json!({})).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    let text = error.full_message();
    assert!(
        text.contains("a redirect to https://elsewhere.example, which is not followed"),
        "{text}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn permanently_refused_records_are_returned_and_the_others_sent() {
    for status in [400, 422] {
        let answers =
            [Response::new(200, ""), Response::new(status, "no such task"), Response::new(200, "")];
        let server = receiver(answers).await;
        let mut sink = sink(&server, &json!({"batch_records": 2})).await;
        let refused =
            deliver_or_keep(&mut *sink, &batch(1, &["1", "2", "3", "4", "5"])).await.unwrap();
        assert_eq!(bodies(&server), ["[1,2]", "[3,4]", "[5]"]);
        let [refusal] = &refused[..] else { panic!("{refused:?}") };
        assert_eq!(refusal.records, 2..4);
        let text = refusal.error.full_message();
        assert!(
            text.starts_with("batch 2 with 2 records from page 1 (the first), record 3: "),
            "{text}"
        );
        assert!(text.ends_with(": no such task"), "{text}");
        assert_eq!(sink.delivered().records, 3);
        assert_eq!(sink.commit().await.unwrap().get()["refused"], 2);
    }
}

#[tokio::test]
async fn a_batch_in_progress_is_retried() {
    let server = receiver([Response::new(409, "in progress"), Response::new(200, "")]).await;
    let mut sink = sink(&server, &json!({})).await;
    assert!(deliver_or_keep(&mut *sink, &batch(1, &["1"])).await.unwrap().is_empty());
    assert_eq!(bodies(&server), ["[1]", "[1]"]);
    assert_eq!(sink.delivered().records, 1);
}

#[tokio::test]
async fn errors_of_the_receiver_fail_the_run_whatever_on_error_says() {
    for status in [301, 401, 403, 404, 405, 407, 410, 415] {
        let server = receiver([Response::new(status, "")]).await;
        let mut sink = sink(&server, &json!({"batch_records": 1})).await;
        let ended = deliver_or_keep(&mut *sink, &batch(1, &["1", "2"])).await;
        assert!(ended.is_err(), "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
    }
}

/// A receiver that accepts bodies up to this size.
async fn narrow(bytes: usize) -> FaultServer {
    let script = move |request: &Request| {
        Response::new(if request.body.len() > bytes { 413 } else { 204 }, "")
    };
    FaultServer::start(script).await
}

#[tokio::test]
async fn a_body_that_is_too_large_is_sent_in_halves() {
    let server = narrow("[1,2]".len()).await;
    let mut sink = sink(&server, &json!({})).await;
    deliver(&mut *sink, &batch(1, &["1", "2", "3", "4", "5"])).await.unwrap();
    deliver(&mut *sink, &batch(2, &["6"])).await.unwrap();
    assert_eq!(
        bodies(&server),
        ["[1,2,3,4,5]", "[1,2]", "[3,4,5]", "[3]", "[4,5]", "[6]"],
        "the order is kept"
    );
    let delivery = sink.finish().await.unwrap();
    assert_eq!((delivery.records, delivery.requests, delivery.retries), (6, 6, 0));
    assert_eq!(
        delivery.warnings,
        ["2 bodies were too large for the receiver (413) and were split: lower `batch_bytes`"]
    );
}

#[tokio::test]
async fn a_record_that_is_too_large_is_refused_alone() {
    let server = narrow(5).await;
    let mut sink = sink(&server, &json!({})).await;
    let records = ["1", r#""far too large""#, "3"];
    let refused = deliver_or_keep(&mut *sink, &batch(1, &records)).await.unwrap();
    let [refusal] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(refusal.records, 1..2);
    assert!(refusal.error.hint_text().unwrap().contains("reduce it"));
    let taken: Vec<String> = bodies(&server).into_iter().filter(|body| body.len() <= 5).collect();
    assert_eq!(taken, ["[1]", "[3]"]);
}

#[tokio::test]
async fn halves_have_the_same_keys_in_every_resumed_run() {
    let server = narrow("[1]".len()).await;
    for _ in 0..2 {
        let mut sink = sink(&server, &json!({})).await;
        deliver(&mut *sink, &batch(1, &["1", "1", "1"])).await.unwrap();
    }
    let keys = keys(&server);
    let (first, second) = keys.split_at(keys.len() / 2);
    assert_eq!(first, second);
    let distinct: std::collections::HashSet<&String> = first.iter().collect();
    assert_eq!(distinct.len(), first.len(), "the same text three times is three records");
}
