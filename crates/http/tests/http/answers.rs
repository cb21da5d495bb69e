//! How responses are handled.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};
use std::time::SystemTime;

use taskferry_http::header::{HeaderMap, HeaderName, HeaderValue};
use taskferry_http::{Connection, ReadBody, Server};
use taskferry_sdk::{Duration, ErrorKind};
use taskferry_testkit::{FaultServer, Response};

use crate::post;

async fn serve(answer: Response) -> FaultServer {
    FaultServer::start(move |_| answer.clone()).await
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    for (status, location) in
        [(301, "http://elsewhere.example/x?sig=1"), (308, "//elsewhere.example/y")]
    {
        let server = serve(Response::new(status, "moved").header("location", location)).await;
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
    let server = serve(Response::new(503, "busy").header("retry-after", "7")).await;
    let answer = post(server.url(), &Connection::default()).await.unwrap();
    assert_eq!(
        (answer.summary().as_str(), &answer.body[..]),
        ("the server answered 503 Service Unavailable", &b"busy"[..])
    );
    let error = answer.error("busy");
    assert!(error.is_temporary());
    assert_eq!(error.wait().unwrap().as_secs(), 7);
    let wait = async |value: &str| {
        let server = serve(Response::new(429, "").header("retry-after", value)).await;
        post(server.url(), &Connection::default()).await.unwrap().wait
    };
    assert_eq!(wait("1.5").await, Some(Duration::from_millis(1500).get()));
    assert_eq!(wait(" 5 ").await, Some(Duration::from_secs(5).get()));
    assert_eq!(wait(&"9".repeat(30)).await, Some(Duration::from_secs(u64::MAX).get()));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT").await, Some(Duration::from_secs(0).get()));
    let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100).get());
    assert!((90..=100).contains(&wait(&date).await.unwrap().as_secs()), "{date}");
    for nothing in ["-5", "soon", ".", "1.2.3", ""] {
        assert_eq!(wait(nothing).await, None, "{nothing}");
    }
}

#[tokio::test]
async fn statuses_are_temporary_or_permanent() {
    let status = Arc::new(AtomicU16::new(0));
    let sent = Arc::clone(&status);
    let server = FaultServer::start(move |_| Response::new(sent.load(Relaxed), "")).await;
    let temporary = [408, 425, 429, 500, 501, 502, 503, 504, 520].map(|code| (code, true));
    let permanent =
        [301, 308, 400, 401, 403, 404, 405, 409, 413, 422, 451].map(|code| (code, false));
    for (code, is_temporary) in temporary.into_iter().chain(permanent) {
        status.store(code, Relaxed);
        let error = post(server.url(), &Connection::default()).await.unwrap().error("x");
        assert_eq!(error.is_temporary(), is_temporary, "{code}");
        assert_eq!(error.kind() == ErrorKind::RateLimited, code == 429, "{code}");
    }
}

#[tokio::test]
async fn a_response_is_read_up_to_the_limit() {
    let beyond = serve(Response::new(200, "x".repeat(10_001))).await;
    let error = post(beyond.url(), &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Limit, false));
    let within = serve(Response::new(200, "x".repeat(10_000))).await;
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
    for name in ["gzip", "GZIP", "X-GZip", " gzip ", "identity, gzip"] {
        let server = serve(encoded(name, members.clone())).await;
        assert_eq!(post(server.url(), &Connection::default()).await.unwrap().body, "one two");
        let accepted = server.requests()[0].header("accept-encoding").map(str::to_owned);
        assert_eq!(accepted.as_deref(), Some("gzip, zstd"));
    }
    let frames = [b"one ", b"two "].map(|text| zstd::encode_all(&text[..], 1).unwrap()).concat();
    let server = serve(encoded("ZSTD", frames)).await;
    assert_eq!(post(server.url(), &Connection::default()).await.unwrap().body, "one two ");
    for name in ["", "identity"] {
        let server = serve(encoded(name, b"plain".to_vec())).await;
        assert_eq!(post(server.url(), &Connection::default()).await.unwrap().body, "plain");
    }
}

#[tokio::test]
async fn any_bytes_are_decoded_within_the_limit_or_refused() {
    let mut random = 1_u64;
    let mut byte = move || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random.to_be_bytes()[0]
    };
    // With a valid header of the encoding, the decoder also reads the random bytes after it.
    let starts = [gzip("x")[..10].to_vec(), zstd::encode_all(&b"x"[..], 1).unwrap()[..5].to_vec()];
    let server = FaultServer::start(|request| {
        let encoding = request.header("x-encoding").unwrap();
        Response::new(200, request.bytes.clone()).header("content-encoding", encoding)
    })
    .await;
    let client = crate::client(server.url(), &Connection::default());
    for (encoding, start) in ["gzip", "zstd"].into_iter().zip(starts) {
        let headers = HeaderMap::from_iter([(
            HeaderName::from_static("x-encoding"),
            HeaderValue::from_static(encoding),
        )]);
        for length in 0..100 {
            let rest: Vec<u8> = (0..length).map(|_| byte()).collect();
            for body in [rest.clone(), [&start[..], &rest].concat()] {
                let read = ReadBody::Whole { max_bytes: 200 };
                if let Ok(response) = client.post(headers.clone(), body, read).await {
                    assert!(response.body.len() <= 200);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_limit_applies_to_the_decoded_response() {
    let bomb = serve(encoded("gzip", gzip(&"x".repeat(10_001)))).await;
    let error = post(bomb.url(), &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Limit, false));
}

#[tokio::test]
async fn an_unrequested_encoding_is_named() {
    for name in ["br", "gzip, gzip"] {
        let server = serve(encoded(name, b"\x0b".to_vec())).await;
        let error = post(server.url(), &Connection::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Malformed, true));
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
    let refusal =
        serve(Response::new(503, b"\x0b".to_vec()).header("content-encoding", "br")).await;
    let answer = post(refusal.url(), &Connection::default()).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.len()), (503, 0));
}

#[tokio::test]
async fn a_wrongly_encoded_response_is_an_error_unless_it_is_empty() {
    let mut cut = gzip("one two three");
    cut.truncate(cut.len() - 9);
    for body in [b"{}".to_vec(), cut] {
        let server = serve(encoded("gzip", body)).await;
        let error = post(server.url(), &Connection::default()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Malformed, true));
        assert!(error.to_string().starts_with("can't decode the response: "), "{error}");
    }
    let empty = serve(encoded("gzip", Vec::new())).await;
    assert_eq!(post(empty.url(), &Connection::default()).await.unwrap().body, "");
    let busy = serve(Response::new(503, gzip("busy")).header("content-encoding", "X-GZIP")).await;
    assert_eq!(post(busy.url(), &Connection::default()).await.unwrap().body, "busy");
}

#[tokio::test]
async fn an_endless_error_response_is_truncated() {
    let server = serve(Response::new(500, "no ".repeat(1000)).endless()).await;
    let answer = post(server.url(), &Connection::default()).await.unwrap();
    assert!(answer.body.starts_with(b"no no") && answer.body.len() < 1 << 20);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout_with_a_hint() {
    let server = serve(Response::new(200, "").never_finished()).await;
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
    let server = serve(Response::new(200, "")).await;
    let url = format!("{}/hunter2?key=hunter2", server.url());
    drop(server);
    let error = post(&url, &Connection::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Network, true));
    assert!(error.to_string().starts_with("no connection: "), "{error}");
    assert_eq!(error.hint_text(), Some("look at the address"));
    assert!(!format!("{error:?}").contains("hunter2"));
}
