//! Excerpts of untrusted texts.

use proptest::prelude::*;
use taskferry_http::{Connection, excerpt};
use taskferry_sdk::{Secret, is_unprintable};
use taskferry_testkit::{FaultServer, Response};

use crate::post;

#[test]
fn a_long_text_is_truncated_between_characters() {
    let text = "żółw ".repeat(100);
    let shown = excerpt(text.as_bytes(), &[]).unwrap();
    assert_eq!(shown.chars().count(), 201);
    assert!(shown.ends_with('…'), "{shown}");
}

#[test]
fn markup_is_reduced_to_its_text() {
    for (page, words) in [
        ("<!doctype html><TITLE>Bad Gateway</TITLE>", "Bad Gateway"),
        ("<SCRIPT>alert('<b>')</SCRIPT ><p>a<br/>b", "a b"),
        ("<!-- <p>hidden --> shown <unclosed", "shown"),
        ("<script>never closed", ""),
        ("{\"a\": \"1 < 2\"}", "{\"a\": \"1 < 2\"}"),
    ] {
        assert_eq!(excerpt(page.as_bytes(), &[]).unwrap_or_default(), words, "{page}");
    }
}

#[test]
fn secrets_repeated_by_a_server_are_masked() {
    let secret = Secret::new("hunter2");
    let shown = excerpt(b"you sent Bearer hunter2", &[&secret, &Secret::default()]);
    assert_eq!(shown.as_deref(), Some("you sent Bearer [secret]"));
}

#[test]
fn secrets_repeated_as_json_are_masked() {
    let secret = Secret::new("é\"b/😀");
    for echo in [
        r#"{"s": "é\"b/😀"}"#,
        r#"{"s": "\u00e9\"b\/\ud83d\ude00"}"#,
        r#"{"s": "\u00e9\"b/\ud83d\ude00"}"#,
    ] {
        assert_eq!(excerpt(echo.as_bytes(), &[&secret]).unwrap(), r#"{"s": "[secret]"}"#);
    }
}

#[test]
fn credentials_inside_a_secret_are_masked() {
    let secret = Secret::new("Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5IHBhc3N3b3Jk");
    for echo in [
        "welcome canary-user:canary password",
        "`canary password` is wrong",
        "?pw=canary%20password&x=1",
        "Y2FuYXJ5LXVzZXI6Y2FuYXJ5IHBhc3N3b3Jk",
        "eDpjYW5hcnkgcGFzc3dvcmQ=",
    ] {
        let shown = excerpt(echo.as_bytes(), &[&secret]).unwrap();
        assert!(shown.contains("[secret]") && !shown.contains("canary"), "{shown}");
        assert!(!shown.contains("Y2Fu") && !shown.contains("YXNzd29y"), "{shown}");
    }
}

proptest! {
    #[test]
    fn any_bytes_become_one_short_line(text in prop::collection::vec(any::<u8>(), 0..400), markup in "(<|>|/|!--|-->|script|style|[a-z ]){0,40}") {
        for text in [&text[..], markup.as_bytes()] {
            if let Some(line) = excerpt(text, &[]) {
                prop_assert!(line.chars().count() <= 201);
                prop_assert!(!line.chars().any(is_unprintable) && !line.is_empty());
            }
        }
    }

    #[test]
    fn an_excerpt_contains_no_secret(secret in "[a-zA-Z0-9+/=_.\"\\\\é -]{6,40}", before in ".{0,20}", after in ".{0,20}", json in any::<bool>()) {
        let echo = if json { serde_json::to_string(&secret).unwrap() } else { secret.clone() };
        let shown = excerpt(format!("{before}{echo}{after}").as_bytes(), &[&Secret::new(secret.clone())]);
        let blank = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let secret = blank(&secret);
        prop_assume!(secret.len() >= 6 && !blank("[secret]").contains(&secret));
        let shown = shown.unwrap_or_default();
        prop_assert!(!shown.contains(&secret), "{} shows {}", shown, secret);
    }
}

#[test]
fn control_and_direction_characters_are_removed() {
    assert_eq!(excerpt("a\u{202e}b\u{0}c\u{feff}".as_bytes(), &[]).as_deref(), Some("a b c"));
    assert_eq!(excerpt(&[0xff, b'x'], &[]).as_deref(), Some("\u{fffd}x"));
}

#[tokio::test]
async fn an_excerpt_contains_no_credentials_of_the_address() {
    let echo = "pass%2Fw+rd&%3D or pass/w+rd&= or dXNlcjpwYXNzL3crcmQmPQ== of the user";
    let server = FaultServer::start(move |_| Response::new(400, echo)).await;
    let address = server.url().replace("http://", "http://user:pass%2Fw+rd&=@");
    let answer = post(&address, &Connection::default()).await.unwrap();
    let shown = answer.excerpt(&answer.body, &[]).unwrap();
    assert_eq!(shown, "[secret] or [secret] or [secret] of the [secret]");
    let answer = post(server.url(), &Connection::default()).await.unwrap();
    assert_eq!(answer.excerpt(&answer.body, &[]).as_deref(), Some(echo));
}
