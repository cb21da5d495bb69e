//! The token endpoint.

use std::time::Duration;

use serde_json::{Value, json};
use taskferry_sandbox::SandboxOptions;

use crate::client::{Client, descriptions, read};

#[tokio::test]
async fn a_token_has_a_lifetime_and_all_scopes() {
    let client = Client::generated(1).await;
    let (status, grant) = client.ask_for_token(json!({})).await;
    assert_eq!(status, 200);
    let keys: Vec<_> = grant.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(grant["expires_in"], 10_800);
    assert_eq!(grant["scope"], "read write read_reports");
    assert_eq!(grant["token_type"], "Bearer");
    assert_ne!(grant["access_token"], client.token, "all tokens are different");
}

#[tokio::test]
async fn requested_scopes_restrict_a_token() {
    let mut client = Client::generated(1).await;
    let (_, grant) = client.ask_for_token(json!({"scopes": ["write", "read"]})).await;
    assert_eq!(grant["scope"], "read write");
    let (_, grant) = client.ask_for_token(json!({"scopes": []})).await;
    assert_eq!(grant["scope"], "read write read_reports");

    client.token = client.new_token(json!({"scopes": ["write"]})).await;
    let refused = client.export("", &json!({"limit": 1})).await;
    assert_eq!(refused.0, 403);
    assert!(descriptions(&refused)[0].contains("`read`"));
}

#[tokio::test]
async fn wrong_token_requests_are_refused_as_auth0_does() {
    let client = Client::generated(1).await;
    let cases = [
        (json!({"client_id": "x"}), 401, "access_denied", "client_id"),
        (json!({"client_secret": "x"}), 401, "access_denied", "client_secret"),
        (json!({"audience": "us3.techwolf.ai"}), 403, "access_denied", "eu3.techwolf.ai"),
        (json!({"tenant": "x"}), 403, "access_denied", "tenant"),
        (json!({"scopes": ["read", "admin"]}), 403, "access_denied", "`admin`"),
        (json!({"scopes": "read"}), 400, "invalid_request", "`scopes`"),
        (json!({"scopes": [1]}), 400, "invalid_request", "`scopes`"),
        (json!({"grant_type": "password"}), 400, "unsupported_grant_type", "client_credentials"),
        (json!({"grant_type": null, "tenant": null}), 400, "invalid_request", "grant_type, tenant"),
        (json!({"client_id": 5}), 400, "invalid_request", "client_id"),
    ];
    for (changes, status, error, says) in cases {
        let (got, body) = client.ask_for_token(changes.clone()).await;
        assert_eq!((got.as_u16(), &body["error"]), (status, &Value::from(error)), "{changes}");
        let keys: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["error", "error_description"]);
        assert!(body["error_description"].as_str().unwrap().contains(says), "{changes}: {body}");
    }
}

#[tokio::test]
async fn a_token_request_must_be_a_json_object_of_bounded_size() {
    let client = Client::generated(1).await;
    let url = &client.sandbox.credentials().token_url;
    for (body, kind, status) in [
        ("grant_type=client_credentials".to_owned(), "application/x-www-form-urlencoded", 400),
        ("{".to_owned(), "application/json", 400),
        ("[]".to_owned(), "application/json", 400),
        (String::new(), "application/json", 400),
        (" ".repeat(1024 * 1024 + 1), "application/json", 413),
    ] {
        let response =
            client.http.post(url).header("content-type", kind).body(body).send().await.unwrap();
        let (got, answer) = read(response).await;
        assert_eq!((got.as_u16(), answer["error"].as_str()), (status, Some("invalid_request")));
    }
}

#[tokio::test]
async fn the_lifetime_of_tokens_can_be_set() {
    let options = SandboxOptions { token_lifetime: Duration::ZERO, ..SandboxOptions::default() };
    let client = Client::of(options).await;
    let (_, grant) = client.ask_for_token(json!({})).await;
    assert_eq!(grant["expires_in"], 0);
    let refused = client.export("", &json!({"limit": 1})).await;
    assert_eq!(refused.0, 401);
    assert!(descriptions(&refused)[0].contains("expired"));
}
