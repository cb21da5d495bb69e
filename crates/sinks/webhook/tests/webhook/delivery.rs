//! Requests, their order, and retries.

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use serde_json::json;
use taskferry_sdk::{Delivery, ErrorKind};
use taskferry_testkit::Response;
use tokio::sync::Barrier;

use crate::driver::{PATH, batch, bodies, deliver, keys, receiver, sink};

#[tokio::test]
async fn records_are_posted_byte_for_byte() {
    let server = receiver([]).await;
    let headers = json!({"Authorization": "Bearer hunter2", "x-team": "people"});
    let mut sink = sink(&server, &json!({"headers": headers})).await;
    let records = [r#"{"b": 1.10,  "a":100000000000000000001}"#, r#"{"ü":"\u00e9"}"#];
    deliver(&mut *sink, &batch(1, &records)).await.unwrap();

    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", PATH));
    assert_eq!(request.body, format!("[{},{}]", records[0], records[1]));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("x-team"), Some("people"));
    assert!(request.header("user-agent").unwrap().starts_with("taskferry/"));
    let key = request.header("idempotency-key").unwrap();
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
}

#[tokio::test]
async fn batches_end_at_the_record_limit_the_size_limit_and_the_end_of_a_page() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({"batch_records": 2, "batch_bytes": "20 B"})).await;
    deliver(&mut *sink, &batch(1, &["1", "2", "3", "4", "5"])).await.unwrap();
    deliver(&mut *sink, &batch(2, &["6"])).await.unwrap();
    deliver(&mut *sink, &batch(3, &[])).await.unwrap();
    let large = r#""a record beyond the limit""#;
    let state = deliver(&mut *sink, &batch(4, &["7", large, "8", r#""twelve chars""#])).await;
    assert_eq!(
        bodies(&server),
        [
            "[1,2]",
            "[3,4]",
            "[5]",
            "[6]",
            "[7]",
            r#"["a record beyond the limit"]"#,
            r#"[8,"twelve chars"]"#
        ]
    );
    let state = state.unwrap();
    let counts = ["batches", "records", "requests"].map(|key| state.get()[key].clone());
    assert_eq!(counts, [json!(7), json!(10), json!(7)]);
    let bytes: usize = bodies(&server).iter().map(String::len).sum();
    let delivery = sink.finish().await.unwrap();
    let mut expected = Delivery::default();
    (expected.records, expected.bytes, expected.requests) = (10, bytes as u64, 7);
    assert_eq!(delivery, expected);
}

#[tokio::test]
async fn the_size_limit_of_a_batch_is_exact() {
    for (limit, records, expected) in [
        (7, &["{}", "{}"][..], &["[{},{}]"][..]),
        (6, &["{}", "{}"], &["[{}]", "[{}]"]),
        (1, &["{}", "\"long\"", "1"], &["[{}]", "[\"long\"]", "[1]"]),
    ] {
        let server = receiver([]).await;
        let mut sink = sink(&server, &json!({"batch_bytes": format!("{limit} B")})).await;
        deliver(&mut *sink, &batch(1, records)).await.unwrap();
        assert_eq!(bodies(&server), expected);
    }
}

#[tokio::test]
async fn without_records_no_request_is_sent() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({})).await;
    let state = deliver(&mut *sink, &batch(1, &[])).await.unwrap();
    assert_eq!(state.get()["batches"], 0);
    assert_eq!(sink.finish().await.unwrap(), Delivery::default());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_receiver_that_stays_busy_is_retried_up_to_max_attempts() {
    let server = receiver([Response::new(503, "")]).await;
    let retry = json!({"max_attempts": 3, "initial_delay": "1ms"});
    let mut sink = sink(&server, &json!({"retry": retry})).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    assert!(error.full_message().contains("gave up after 3 attempts"), "{error}");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Unavailable, 3));
}

#[tokio::test]
async fn a_silent_receiver_is_a_timeout() {
    let server = receiver([Response::new(500, "").never_finished()]).await;
    let retry = json!({"max_attempts": 2, "initial_delay": "1ms"});
    let mut sink = sink(&server, &json!({"timeout": "100ms", "retry": retry})).await;
    assert!(deliver(&mut *sink, &batch(1, &["1"])).await.is_err());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_success_status_counts_whatever_the_body() {
    for answer in [
        Response::new(200, "x".repeat(1000)).endless(),
        Response::new(200, "x").truncated(),
        Response::new(204, ""),
    ] {
        let server = receiver([answer]).await;
        let mut sink = sink(&server, &json!({})).await;
        deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn records_are_sent_through_the_configured_proxy() {
    let proxy = receiver([]).await;
    let address = proxy.url().replace("http://", "http://user:hunter2@");
    let more = json!({
        "url": "http://receiver.example/x", "allow_http": true, "connection": {"proxy": address},
    });
    let mut sink = sink(&proxy, &more).await;
    deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
    let [request] = &proxy.requests()[..] else { panic!("one request") };
    assert_eq!(request.target, "http://receiver.example/x");
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    assert!(!format!("{sink:?}").contains("hunter2"));
}

#[tokio::test]
async fn sequential_requests_keep_the_order_despite_failures() {
    let busy = || Response::new(503, "");
    let server = receiver([busy(), Response::new(200, ""), busy(), Response::new(200, "")]).await;
    let mut sink = sink(&server, &json!({"batch_records": 1})).await;
    deliver(&mut *sink, &batch(1, &["1", "2", "3"])).await.unwrap();
    assert_eq!(bodies(&server), ["[1]", "[1]", "[2]", "[2]", "[3]"]);
}

#[tokio::test]
async fn requests_of_a_page_are_concurrent_and_pages_are_sequential() {
    let barrier = Arc::new(Barrier::new(3));
    let server = receiver([Response::new(200, "").after(&barrier)]).await;
    let more = json!({"batch_records": 1, "concurrency": 3, "timeout": "20s"});
    let mut sink = sink(&server, &more).await;
    for page in 1..=2 {
        // The receiver responds only after three requests are waiting.
        deliver(&mut *sink, &batch(page, &["1", "2", "3", "4", "5", "6"])).await.unwrap();
        assert_eq!(server.requests().len() as u64, 6 * page);
    }
    assert_eq!(sink.delivered().records, 12);
}

#[tokio::test]
async fn a_compressed_body_decodes_to_the_uncompressed_one() {
    let server = receiver([Response::new(200, "")]).await;
    let secret = "whsec_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";
    let more = json!({"compression": "gzip", "signature": {"secrets": [secret]}});
    let mut sink = sink(&server, &more).await;
    let record = r#"{"job":"the same again, the same again, the same again, the same again, the same again"}"#;
    deliver(&mut *sink, &batch(1, &[record, record, record])).await.unwrap();

    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    let body = &request.bytes;
    let mut text = String::new();
    GzDecoder::new(&body[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, format!("[{record},{record},{record}]"));
    assert!(body.len() < text.len());
    assert_eq!(sink.delivered().bytes, body.len() as u64, "the compressed size counts");
}

#[tokio::test]
async fn the_delivered_records_of_a_failed_run_are_counted() {
    let server = receiver([Response::new(200, ""), Response::new(503, "")]).await;
    let retry = json!({"max_attempts": 3, "initial_delay": "1ms"});
    let mut sink = sink(&server, &json!({"batch_records": 1, "retry": retry})).await;
    assert_eq!(sink.delivered(), Delivery::default());
    deliver(&mut *sink, &batch(1, &["1", "2"])).await.unwrap_err();
    let mut expected = Delivery::default();
    (expected.records, expected.bytes) = (1, 3);
    (expected.requests, expected.retries) = (4, 2);
    assert_eq!(sink.delivered(), expected);
}

#[tokio::test]
async fn a_recovered_receiver_gets_the_remaining_records() {
    let down = std::iter::repeat_with(|| Response::new(503, "")).take(5);
    let server = receiver(down.chain([Response::new(200, "")])).await;
    let circuit = json!({"failures": 2, "cool_down": "1ms"});
    let mut sink = sink(&server, &json!({"batch_records": 1, "circuit": circuit})).await;
    deliver(&mut *sink, &batch(1, &["1", "2"])).await.unwrap();
    assert_eq!(bodies(&server), ["[1]", "[1]", "[1]", "[1]", "[1]", "[1]", "[2]"]);
    assert_eq!(keys(&server)[..6].iter().collect::<std::collections::HashSet<_>>().len(), 1);
}

#[tokio::test]
async fn a_receiver_that_stays_unavailable_fails_the_run_with_the_duration() {
    let server = receiver([Response::new(503, "back soon")]).await;
    let circuit = json!({"failures": 2, "cool_down": "1s", "give_up_after": "500ms"});
    let mut sink = sink(&server, &json!({"circuit": circuit})).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    let text = error.full_message();
    assert!(
        text.contains(": gave up after 2 failed requests in a row within 0s: POST http://"),
        "{text}"
    );
    assert!(text.ends_with("503 Service Unavailable: back soon"), "{text}");
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Unavailable, false));
    assert_eq!(server.requests().len(), 2);
}
