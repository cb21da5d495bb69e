//! Logs of every level, including those of libraries, contain no secrets.

use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use serde_json::json;
use taskferry_http::header::{AUTHORIZATION, HeaderMap};
use taskferry_http::{Connection, ReadBody, bearer};
use taskferry_sdk::Secret;
use taskferry_testkit::{FaultServer, Response};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};

use crate::client;
use crate::files::connection;

static LOGGED: Mutex<String> = Mutex::new(String::new());

fn note(text: &str) {
    LOGGED.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
}

/// Records all events of `log` and `tracing`.
struct Listener;

impl Log for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        note(&format!("{}\n", record.args()));
    }

    fn flush(&self) {}
}

impl Visit for Listener {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        note(&format!("{field}={value:?}\n"));
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Self);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &tracing::span::Record<'_>) {
        values.record(&mut Self);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn no_log_of_any_level_contains_secrets() {
    log::set_logger(&Listener).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let _listening = tracing::subscriber::set_default(Listener);

    let server = FaultServer::start(|_| Response::new(200, "canary-answer")).await;
    let proxied = server.url().replace("http://", "http://user:canary-password@");
    let through = connection(&json!({"proxy": proxied}));
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, bearer(&Secret::new("canary-token")).unwrap());
    for (url, connection) in [
        (format!("{}/canary-path?key=canary-query", server.url()), &Connection::default()),
        ("http://receiver.example/canary-path?key=canary-query".to_owned(), &through),
        ("https://receiver.example/canary-path?key=canary-query".to_owned(), &through),
    ] {
        let client = client(&url, connection);
        let answer = client.post(headers.clone(), "canary-body", ReadBody::Prefix).await;
        note(&format!("{client:?} {connection:?} {:?}", answer.err()));
    }
    assert_eq!(server.requests().len(), 3);
    let logged = LOGGED.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(logged.contains("intercepts"), "no event was recorded: {logged}");
    assert!(!logged.contains("canary"), "{logged}");
    assert!(!logged.contains("Y2FuYXJ5") && !logged.contains("dXNlcjpjYW5hcnk"), "{logged}");
}
