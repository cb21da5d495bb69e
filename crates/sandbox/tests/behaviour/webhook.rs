//! The webhook receiver.

use std::io::Write;

use flate2::write::GzEncoder;

use crate::client::Client;

#[tokio::test]
async fn a_batch_is_accepted_without_a_token() {
    let client = Client::generated(3).await;
    let post = |body: &'static str, kind: &'static str| {
        let request = client.http.post(client.sandbox.webhook_url()).body(body);
        request.header("content-type", kind).header("idempotency-key", "k1").send()
    };
    assert_eq!(post("[{\"a\": 1}, {\"a\": 2}]", "application/json").await.unwrap().status(), 204);
    assert_eq!(post("{\"a\": 1}", "application/json").await.unwrap().status(), 204);
    for wrong in ["[{\"a\": ", "[1] 2", "{\"a\": 1} x", ""] {
        assert_eq!(post(wrong, "application/json").await.unwrap().status(), 400, "{wrong}");
    }
    assert_eq!(post("[]", "text/plain").await.unwrap().status(), 415);
    assert_eq!(reqwest::get(client.sandbox.webhook_url()).await.unwrap().status(), 405);
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn events_and_compressed_batches_are_accepted() {
    let client = Client::generated(3).await;
    let post = |body: Vec<u8>, kind: &'static str, coding: &'static str| {
        let request = client.http.post(client.sandbox.webhook_url()).body(body);
        request.header("content-type", kind).header("content-encoding", coding).send()
    };
    let (events, event) = ("application/cloudevents-batch+json", "application/cloudevents+json");
    assert_eq!(post(gzip(b"[{}]"), events, "gzip").await.unwrap().status(), 204);
    assert_eq!(post(b"{}".to_vec(), event, "identity").await.unwrap().status(), 204);
    assert_eq!(post(gzip(b"[{"), event, "gzip").await.unwrap().status(), 400);
    assert_eq!(post(b"{}".to_vec(), event, "gzip").await.unwrap().status(), 400);
    assert_eq!(post(b"{}".to_vec(), event, "br").await.unwrap().status(), 415);
    let bomb = gzip(&vec![b' '; 17 << 20]);
    assert_eq!(post(bomb, event, "gzip").await.unwrap().status(), 413);
}
