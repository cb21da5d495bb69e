//! Time limits of connections and requests. The paused clock advances as soon as nothing else is pending.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::{Client, EXPORT};

/// Sends only `text`. Returns the received data and the time until the connection closes.
async fn sent(client: &Client, text: &str) -> (String, Duration) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(client.sandbox.address()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    (answer, begun.elapsed())
}

fn assert_half_a_minute(waited: Duration) {
    let seconds = waited.as_secs_f64();
    assert!((29.9..35.0).contains(&seconds), "{seconds} seconds");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_complete_header_is_closed() {
    let client = Client::generated(1).await;
    for text in ["", "POS", "POST /oauth/token HTTP/1.1\r\nhost: localhost\r\n"] {
        let (_, waited) = sent(&client, text).await;
        assert_half_a_minute(waited);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed() {
    let client = Client::generated(1).await;
    let (answer, waited) = sent(&client, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_half_a_minute(waited);
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_body_is_answered_with_408() {
    let client = Client::generated(1).await;
    for fault in ["", "x-sandbox-fault: empty-page\r\n"] {
        for path in [EXPORT, "/oauth/token", "/webhook"] {
            let fault = if path == EXPORT { fault } else { "" };
            let (answer, waited) = sent(
                &client,
                &format!(
                    "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{fault}\
                     authorization: Bearer {}\r\ncontent-length: 100\r\n\r\n{{",
                    client.token
                ),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 408 "), "{path} {fault}: {answer}");
            assert_half_a_minute(waited);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_response_keeps_its_connection() {
    let client = Client::generated(3).await;
    let request = client.request("").header("x-sandbox-fault", "latency=2m");
    let response = request.json(&json!({"limit": 1})).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_beyond_the_shutdown_timeout_is_disconnected() {
    let Client { sandbox, http, token, .. } = Client::generated(3).await;
    let url = format!("{}{EXPORT}", sandbox.url());
    let request = http.post(url).bearer_auth(token).header("x-sandbox-fault", "latency=2m");
    let waiting = tokio::spawn(request.json(&json!({"limit": 1})).send());
    // The request is in progress once later requests have been answered.
    for _ in 0..3 {
        http.get(format!("{}/", sandbox.url())).send().await.unwrap();
    }
    let begun = Instant::now();
    sandbox.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(waiting.await.unwrap().is_err());
}
