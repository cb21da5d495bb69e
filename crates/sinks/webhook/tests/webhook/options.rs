//! Mistakes in the options.

use serde_json::{Value, json};

use crate::driver::build;

fn problems(more: &Value) -> Vec<(String, &'static str)> {
    let mut options = json!({"url": "https://hooks.example/x"});
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    let problems = build(&options).map(drop).unwrap_err();
    assert!(problems.iter().all(|problem| !format!("{problem:?}").contains("hunter2")));
    problems.iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
}

#[test]
fn an_invalid_url_is_reported_without_showing_it() {
    for (url, code) in [
        ("", "value::empty"),
        (" ", "value::empty"),
        ("hooks.example/hunter2", "url::invalid"),
        ("ftp://hooks.example/hunter2", "url::scheme"),
        ("https://", "url::invalid"),
        ("http://hooks.example/hunter2", "url::unencrypted"),
    ] {
        assert_eq!(problems(&json!({"url": url})), [("url".to_owned(), code)], "{url}");
    }
    let within = json!({"url": "http://receiver.team.svc/", "allow_http": true});
    assert!(build(&within).is_ok());
    assert!(build(&json!({"url": "http://localhost:8080/"})).is_ok());
}

#[test]
fn all_invalid_headers_are_reported_at_once() {
    let headers = json!({
        "Content-Type": "text/plain",
        "IDEMPOTENCY-KEY": "hunter2",
        "Webhook-Id": "hunter2",
        "X-Twice": "a",
        "bad name": "hunter2",
        "x-torn": "hunter2\n",
        "x-twice": "b",
    });
    let expected = [
        ("headers.Content-Type", "header::own"),
        ("headers.IDEMPOTENCY-KEY", "header::own"),
        ("headers.Webhook-Id", "header::own"),
        ("headers.bad name", "header::name"),
        ("headers.x-torn", "header::value"),
        ("headers.x-twice", "header::twice"),
    ];
    assert_eq!(
        problems(&json!({"headers": headers})),
        expected.map(|(path, code)| (path.to_owned(), code))
    );
}

#[test]
fn limits_of_zero_are_refused() {
    let found = problems(&json!({"batch_records": 0, "batch_bytes": "0 B"}));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(problems(&json!({"timeout": "0s"})), [("timeout".to_owned(), "value::invalid")]);
}

#[test]
fn mistakes_of_the_connection_are_reported_with_the_others() {
    let more = json!({
        "timeout": "0s",
        "connection": {"ca_file": "nowhere.pem", "proxy": "socks5://user:hunter2@proxy.example"},
        "retry": {"initial_delay": "1m"},
    });
    let expected = [
        ("timeout", "value::invalid"),
        ("retry.max_delay", "value::invalid"),
        ("connection.ca_file", "file::unreadable"),
        ("connection.proxy", "url::scheme"),
    ];
    assert_eq!(problems(&more), expected.map(|(path, code)| (path.to_owned(), code)));
}

#[test]
fn mistakes_of_signatures_and_events_are_reported_with_the_others() {
    let more = json!({
        "batch_records": 2,
        "signature": {"secrets": ["hunter2", "whsec_hunter2!"]},
        "cloud_events": {"mode": "structured", "type": " ", "source": "not a path"},
        "circuit": {"cool_down": "0s"},
    });
    let expected = [
        ("circuit.cool_down", "value::invalid"),
        ("cloud_events.type", "value::empty"),
        ("cloud_events.source", "url::invalid"),
        ("batch_records", "value::invalid"),
        ("signature.secrets[0]", "secret::prefix"),
        ("signature.secrets[1]", "secret::base64"),
    ];
    assert_eq!(problems(&more), expected.map(|(path, code)| (path.to_owned(), code)));
    assert_eq!(problems(&json!({"concurrency": 0})).len(), 1);
    let one = json!({"url": "https://hooks.example/x", "batch_records": 1,
        "cloud_events": {"mode": "structured"}});
    assert!(build(&one).is_ok());
}
