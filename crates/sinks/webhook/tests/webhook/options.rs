//! Errors in the options.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};
use taskferry_testkit::merged;

use crate::driver::{base64, build};

fn problems(more: &Value) -> Vec<(String, &'static str)> {
    let options = merged(json!({"url": "https://hooks.example/x"}), more);
    let problems = build(&options).map(drop).unwrap_err();
    assert!(problems.iter().all(|problem| !format!("{problem:?}").contains("hunter2")));
    problems.iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
}

#[test]
fn an_invalid_url_is_reported_without_showing_it() {
    for (url, code) in [
        ("", "empty-value"),
        (" ", "empty-value"),
        ("hooks.example/hunter2", "invalid-url"),
        ("ftp://hooks.example/hunter2", "unsupported-scheme"),
        ("https://", "invalid-url"),
        ("http://hooks.example/hunter2", "unencrypted-url"),
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
        ("headers.Content-Type", "reserved-header"),
        ("headers.IDEMPOTENCY-KEY", "reserved-header"),
        ("headers.Webhook-Id", "reserved-header"),
        ("headers.bad name", "invalid-header"),
        ("headers.x-torn", "invalid-header"),
        ("headers.x-twice", "duplicate-header"),
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
    assert_eq!(problems(&json!({"timeout": "0s"})), [("timeout".to_owned(), "invalid-value")]);
}

#[test]
fn errors_of_the_connection_are_reported_with_the_others() {
    let more = json!({
        "timeout": "0s",
        "connection": {"ca_file": "nowhere.pem", "proxy": "socks5://user:hunter2@proxy.example"},
        "retry": {"initial_delay": "1m"},
    });
    let expected = [
        ("timeout", "invalid-value"),
        ("retry.max_delay", "invalid-value"),
        ("connection.ca_file", "unreadable-file"),
        ("connection.proxy", "unsupported-scheme"),
    ];
    assert_eq!(problems(&more), expected.map(|(path, code)| (path.to_owned(), code)));
}

#[test]
fn errors_of_signatures_and_events_are_reported_with_the_others() {
    let more = json!({
        "batch_records": 2,
        "signature": {"secrets": ["hunter2", "whsec_hunter2!"]},
        "cloud_events": {"mode": "structured", "type": " ", "source": "not a path"},
        "circuit": {"cool_down": "0s"},
    });
    let expected = [
        ("circuit.cool_down", "invalid-value"),
        ("cloud_events.type", "empty-value"),
        ("cloud_events.source", "invalid-url"),
        ("batch_records", "invalid-value"),
        ("signature.secrets[0]", "invalid-secret"),
        ("signature.secrets[1]", "invalid-secret"),
    ];
    assert_eq!(problems(&more), expected.map(|(path, code)| (path.to_owned(), code)));
    assert_eq!(problems(&json!({"concurrency": 0})).len(), 1);
    let one = json!({"url": "https://hooks.example/x", "batch_records": 1,
        "cloud_events": {"mode": "structured"}});
    assert!(build(&one).is_ok());
}

#[test]
fn all_invalid_secrets_are_reported_and_none_is_shown() {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let torn = [&[8; 32], pair.public_key().as_ref()].concat();
    let secret = |prefix: &str, bytes: &[u8]| format!("{prefix}{}", base64(bytes));
    let secrets = [
        (String::new(), "empty-value"),
        ("hunter2".to_owned(), "invalid-secret"),
        ("whpk_hunter2".to_owned(), "invalid-secret"),
        ("whsec_hunter2!".to_owned(), "invalid-secret"),
        (secret("whsec_", &[1; 23]), "invalid-secret"),
        (secret("whsec_", &[1; 65]), "invalid-secret"),
        (secret("whsk_", &[1; 33]), "invalid-secret"),
        (secret("whsk_", &torn), "invalid-secret"),
        (secret("whsk_", &[1; 32]), "valid"),
        (secret("whsk_", &[1; 32]), "duplicate-value"),
    ];
    let expected = secrets.iter().enumerate().filter(|(_, (_, code))| *code != "valid");
    let expected: Vec<(String, &str)> =
        expected.map(|(index, (_, code))| (format!("signature.secrets[{index}]"), *code)).collect();
    let given: Vec<&String> = secrets.iter().map(|(secret, _)| secret).collect();
    assert_eq!(problems(&json!({"signature": {"secrets": given}})), expected);
    let none = problems(&json!({"signature": {"secrets": []}}));
    assert_eq!(none, [("signature.secrets".to_owned(), "empty-value")]);
}

#[test]
fn the_source_of_events_is_a_uri_or_a_path() {
    for (source, is_valid) in [
        ("/hr", true),
        ("hr/tasks", true),
        ("https://hr.example/tasks?x=1#y", true),
        ("urn:uuid:1", true),
        ("//host/x", true),
        ("", false),
        (" ", false),
        ("/h r", false),
        ("/hr\n", false),
        ("https://", false),
        ("/{pipeline}", false),
        ("/ü", false),
    ] {
        let events = json!({"mode": "batched", "source": source});
        let built = build(&json!({"url": "https://hooks.example/x", "cloud_events": events}));
        assert_eq!(built.is_ok(), is_valid, "{source}");
    }
}
