//! How responses are handled.

use std::io::Write;

use taskferry_http::header::HeaderMap;
use taskferry_http::{Connection, ReadBody, Server};
use taskferry_sdk::{Duration, ErrorKind};
use taskferry_testkit::{FaultServer, Response};

use crate::post;

async fn server(answer: Response) -> FaultServer {
    FaultServer::start(move |_| answer.clone()).await
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    for (status, location) in
        [(301, "http://elsewhere.example/x?sig=1"), (308, "//elsewhere.example/y")]
    {
        let server = server(Response::new(status, "moved").header("location", location)).await;
        let answer = post(server.url(), &Connection::default()).await.unwrap();
        assert!(
            answer
                .summary()
                .ends_with("a redirect to http://elsewhere.example, which is not followed")
        );
        assert_eq!(answer.error("x").kind(), ErrorKind::Config);
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn the_error_contains_the_requested_delay() {
    let server = server(Response::new(503, "busy").header("retry-after", "7")).await;
    let answer = post(server.url(), &Connection::default()).await.unwrap();
    assert_eq!(
        (answer.summary().as_str(), &answer.body[..]),
        ("the server answered 503 Service Unavailable", &b"busy"[..])
    );
    let error = answer.error("busy");
    assert!(error.is_temporary());
    assert_eq!(error.wait().unwrap().as_secs(), 7);
    let wait = async |value: &str| {
        let server =
            super::answers::server(Response::new(429, "").header("retry-after", value)).await;
        post(server.url(), &Connection::default()).await.unwrap().wait
    };
    assert_eq!(wait("1.5").await, Some(Duration::from_millis(1500).get()));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT").await, Some(Duration::from_secs(0).get()));
    for nothing in ["-5", "soon", ".", "1.2.3", ""] {
        assert_eq!(wait(nothing).await, None, "{nothing}");
    }
}

#[tokio::test]
async fn a_response_is_read_up_to_the_limit() {
    let beyond = server(Response::new(200, "x".repeat(10_001))).await;
    let error = post(beyond.url(), &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Limit, false));
    let within = server(Response::new(200, "x".repeat(10_000))).await;
    assert_eq!(post(within.url(), &Connection::default()).await.unwrap().body.len(), 10_000);
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn encoded(as_what: &str, body: Vec<u8>) -> Response {
    Response::new(200, body).header("content-encoding", as_what)
}

#[tokio::test]
async fn an_encoded_response_is_decoded_for_any_spelling_of_its_encoding() {
    let members = [gzip("one "), gzip(""), gzip("two")].concat();
    for name in ["gzip", "GZIP", "x-gzip"] {
        let server = server(encoded(name, members.clone())).await;
        assert_eq!(post(server.url(), &Connection::default()).await.unwrap().body, "one two");
        let accepted = server.requests()[0].header("accept-encoding").map(str::to_owned);
        assert_eq!(accepted.as_deref(), Some("gzip, zstd"));
    }
    let frames = [b"one ", b"two "].map(|text| zstd::encode_all(&text[..], 1).unwrap()).concat();
    let server = server(encoded("ZSTD", frames)).await;
    assert_eq!(post(server.url(), &Connection::default()).await.unwrap().body, "one two ");
}

#[tokio::test]
async fn the_limit_applies_to_the_decoded_response() {
    let bomb = server(encoded("gzip", gzip(&"x".repeat(10_001)))).await;
    let error = post(bomb.url(), &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Limit, false));
}

#[tokio::test]
async fn an_unrequested_encoding_is_named() {
    for name in ["br", "gzip, gzip"] {
        let server = server(encoded(name, b"\x0b".to_vec())).await;
        let error = post(server.url(), &Connection::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Malformed, true));
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    let refusal =
        server(Response::new(503, b"\x0b".to_vec()).header("content-encoding", "br")).await;
    let answer = post(refusal.url(), &Connection::default()).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (503, 0));
}

#[tokio::test]
async fn a_wrongly_encoded_response_is_an_error_unless_it_is_empty() {
    let mut cut = gzip("one two three");
    cut.truncate(cut.len() - 9);
    for body in [b"{}".to_vec(), cut] {
        let server = server(encoded("gzip", body)).await;
        let error = post(server.url(), &Connection::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Malformed, true));
        assert!(error.to_string().starts_with("can't decode the response: "), "{error}");
    }
    let empty = server(encoded("gzip", Vec::new())).await;
    assert_eq!(post(empty.url(), &Connection::default()).await.unwrap().body, "");
    let busy = server(Response::new(503, gzip("busy")).header("content-encoding", "X-GZIP")).await;
    assert_eq!(post(busy.url(), &Connection::default()).await.unwrap().body, "busy");
}

#[tokio::test]
async fn an_endless_error_response_is_truncated() {
    let server = server(Response::new(500, "no ".repeat(1000)).endless()).await;
    let answer = post(server.url(), &Connection::default()).await.unwrap();
    assert!(answer.body.starts_with(b"no no") && answer.body.len() < 1 << 20);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_with_a_hint() {
    let server = server(Response::new(200, "").never_finished()).await;
    let timeout = Duration::from_millis(100);
    let server = Server { timeout, ..super::server(server.url(), &Connection::default()) };
    let client = server.client().await.unwrap();
    let reading = ReadBody::Whole { max_bytes: 10_000 };
    let error = client.post(HeaderMap::new(), "", reading).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Timeout, true));
    assert_eq!(error.to_string(), "no complete response within 100ms");
    assert_eq!(error.hint_text(), Some("be patient"));
}

#[tokio::test]
async fn a_refused_connection_is_reported_without_the_path() {
    let server = server(Response::new(200, "")).await;
    let url = format!("{}/hunter2?key=hunter2", server.url());
    drop(server);
    let error = post(&url, &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Network, true));
    assert!(error.to_string().starts_with("no connection: "), "{error}");
    assert_eq!(error.hint_text(), Some("look at the address"));
    assert!(!format!("{error:?}").contains("hunter2"));
}
