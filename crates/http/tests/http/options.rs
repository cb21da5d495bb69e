//! How errors in options are reported.

use serde_json::{Value, json};
use taskferry_sdk::testing::Files;

use crate::files::checked;

fn problems(options: &Value) -> Vec<(String, &'static str, String)> {
    let pem = |text| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let files = Files::new().with("empty.pem", "").with("text.pem", "hello");
    let files = files.with("no.pem", pem("bm8gY2VydGlmaWNhdGU=")).with("torn.pem", pem("???"));
    let problems = checked(options, &files).unwrap_err().into_iter();
    let shown = problems.map(|problem| {
        assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        (problem.path.to_string(), problem.code, problem.message)
    });
    shown.collect()
}

#[test]
fn an_unusable_ca_file_is_reported_by_the_check() {
    for (file, code, says) in [
        ("nowhere.pem", "unreadable-file", "can't read the certificates in `nowhere.pem`"),
        ("empty.pem", "invalid-certificate", "`empty.pem` contains no PEM certificate"),
        ("text.pem", "invalid-certificate", "`text.pem` contains no PEM certificate"),
        ("no.pem", "invalid-certificate", "`no.pem` contains an invalid certificate"),
        ("torn.pem", "invalid-certificate", "`torn.pem` is not a PEM file"),
    ] {
        let found = problems(&json!({"ca_file": file}));
        let [(path, found_code, message)] = &found[..] else { panic!("{found:?}") };
        assert_eq!((path.as_str(), *found_code), ("connection.ca_file", code), "{file}");
        assert!(message.starts_with(says), "{message}");
    }
}

#[test]
fn an_invalid_proxy_is_reported_without_showing_it() {
    for (proxy, code) in [
        ("proxy.example:3128", "unsupported-scheme"),
        ("hunter2", "invalid-url"),
        ("http://", "invalid-url"),
        ("socks5://user:hunter2@proxy.example", "unsupported-scheme"),
        ("http://user:hunter2@proxy.example/path", "unexpected-path"),
        ("http://proxy.example?key=hunter2", "unexpected-path"),
    ] {
        let found = problems(&json!({"proxy": proxy}));
        assert_eq!((found[0].0.as_str(), found[0].1), ("connection.proxy", code), "{proxy}");
    }
}

#[test]
fn all_errors_are_reported_at_once() {
    assert_eq!(problems(&json!({"ca_file": "nowhere.pem", "proxy": "ftp://x"})).len(), 2);
    let switch = problems(&json!({"insecure": true}));
    assert_eq!(switch[0].1, "unknown-key", "no option disables the check of certificates");
}

#[test]
fn empty_options_count_as_absent() {
    for options in [json!({}), json!({"ca_file": "", "proxy": ""}), json!({"proxy": "none"})] {
        assert!(checked(&options, &Files::new()).is_ok(), "{options}");
    }
}
