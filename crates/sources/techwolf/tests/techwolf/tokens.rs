//! How tokens are requested, stored and replaced.

use serde_json::{Value, json};
use taskferry_sdk::ErrorKind;
use taskferry_testkit::{FaultServer, Response};

use crate::tenant::{SECRET, Tenant, cancel_next_page, page, read_all, token};

fn unauthorized() -> Response {
    Response::new(
        401,
        r#"[{"title": "401 Unauthorized", "description": "The token has expired."}]"#,
    )
}

#[tokio::test]
async fn one_token_serves_many_pages() {
    let names: Vec<String> = (0..20).map(|number| format!("job-{number}")).collect();
    let pages = names.iter().enumerate();
    let pages = pages.map(|(index, name)| page(&[name], (index < 19).then_some(name)));
    let tenant = Tenant::answering(pages).await;
    assert_eq!(tenant.read().await.jobs(), names);
    assert_eq!(tenant.token_requests().len(), 1);
}

#[tokio::test]
async fn the_token_request_has_the_documented_shape() {
    let tenant = Tenant::answering([page(&[], None)]).await;
    tenant.read().await.jobs();
    let request = &tenant.token_requests()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), None);
    let expected = json!({
        "client_id": "client-1",
        "client_secret": SECRET,
        "audience": "eu3.techwolf.ai",
        "grant_type": "client_credentials",
        "tenant": "acme",
    });
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), expected);

    let mut auth = tenant.options(&json!({}))["auth"].clone();
    auth["scopes"] = json!(["read"]);
    let mut source = tenant.source(&json!({"auth": auth})).await;
    read_all(&mut *source).await.jobs();
    let sent: Value = serde_json::from_str(&tenant.token_requests()[1].body).unwrap();
    assert_eq!(sent["scopes"], json!(["read"]));
}

#[tokio::test]
async fn a_token_refused_during_the_run_is_replaced_once() {
    let tenant =
        Tenant::answering([page(&["a"], Some("a")), unauthorized(), page(&["b"], None)]).await;
    let mut source = tenant.source(&json!({})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a", "b"]);
    let sent: Vec<String> = tenant
        .exports()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
    let statistics = source.statistics();
    assert_eq!((statistics.requests, statistics.retries), (5, 1));
}

#[tokio::test]
async fn a_second_refused_token_fails_the_run() {
    let tenant = Tenant::answering([unauthorized()]).await;
    let error = tenant.error(&json!({})).await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert!(!error.is_temporary());
    assert!(error.full_message().contains("401 Unauthorized: The token has expired."), "{error}");
    assert!(error.hint_text().unwrap().contains("[source.auth]"));
    assert_eq!((tenant.exports().len(), tenant.token_requests().len()), (2, 2));
}

#[tokio::test]
async fn other_faults_do_not_allow_a_second_renewal() {
    let busy = Response::new(503, "");
    let tenant = Tenant::answering([unauthorized(), busy, unauthorized()]).await;
    let error = tenant.error(&json!({})).await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!((tenant.exports().len(), tenant.token_requests().len()), (3, 2));
}

#[tokio::test]
async fn every_page_may_renew_the_token() {
    let tenant = Tenant::answering([
        unauthorized(),
        page(&["a"], Some("a")),
        unauthorized(),
        page(&["b"], None),
    ])
    .await;
    assert_eq!(tenant.read().await.jobs(), ["a", "b"]);
    assert_eq!(tenant.token_requests().len(), 3);
}

#[tokio::test]
async fn a_token_near_expiry_is_replaced_before_it_is_refused() {
    let tokens = [token("short", 0), token("long", 10_800)];
    let pages = [page(&["a"], Some("a")), page(&["b"], Some("b")), page(&["c"], None)];
    let tenant = Tenant::scripted(tokens, pages).await;
    assert_eq!(tenant.read().await.jobs(), ["a", "b", "c"]);
    let sent: Vec<String> = tenant
        .exports()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(sent, ["Bearer short", "Bearer long", "Bearer long"]);
}

#[tokio::test]
async fn a_configured_token_is_used_unchanged() {
    let tenant = Tenant::answering([page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({"auth": {"token": "from-elsewhere"}})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
    assert_eq!(tenant.exports()[0].header("authorization"), Some("Bearer from-elsewhere"));
    assert!(tenant.token_requests().is_empty());
}

#[tokio::test]
async fn a_refused_configured_token_fails_at_once() {
    let tenant = Tenant::answering([unauthorized()]).await;
    let error = tenant.error(&json!({"auth": {"token": "from-elsewhere"}})).await;
    assert_eq!(error.kind(), ErrorKind::Auth);
    assert_eq!(tenant.requests().len(), 1);
    assert!(!format!("{error:?}").contains("from-elsewhere"));
}

#[tokio::test]
async fn refused_credentials_are_reported_with_the_message_of_the_issuer() {
    let refusal = r#"{"error": "access_denied", "error_description": "Unauthorized client"}"#;
    for status in [400, 401, 403] {
        let tenant = Tenant::scripted([Response::new(status, refusal)], [page(&[], None)]).await;
        let error = tenant.error(&json!({})).await;
        assert_eq!(error.kind(), ErrorKind::Auth, "{status}");
        let text = error.full_message();
        assert!(text.starts_with("page 1 (the first): requesting a token: POST http"), "{text}");
        assert!(text.contains("access_denied: Unauthorized client"), "{text}");
        assert!(!text.contains(SECRET), "{text}");
        assert_eq!(tenant.requests().len(), 1, "a refused request is not repeated");
    }
}

#[tokio::test]
async fn a_busy_issuer_is_retried() {
    let tokens = [
        Response::new(429, "").header("retry-after", "0"),
        Response::new(503, "<h1>busy</h1>"),
        Response::new(200, "not a token"),
        token("t", 100),
    ];
    let tenant = Tenant::scripted(tokens, [page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
    let statistics = source.statistics();
    assert_eq!((statistics.requests, statistics.retries), (5, 3));
}

#[tokio::test]
async fn an_issuer_that_stays_busy_is_retried_up_to_max_attempts() {
    let tenant =
        Tenant::scripted(std::iter::repeat_with(|| Response::new(503, "")), [page(&[], None)])
            .await;
    let error = tenant.error(&json!({})).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(tenant.token_requests().len(), 6, "the page request does not repeat the attempts");
}

#[tokio::test]
async fn credentials_are_not_sent_to_the_target_of_a_redirect() {
    let away = Response::new(308, "").header("location", "https://elsewhere.example/oauth/token");
    let tenant = Tenant::scripted([away], [page(&[], None)]).await;
    let error = tenant.error(&json!({})).await;
    assert!(error.full_message().contains("https://elsewhere.example"), "{error}");
    assert!(error.hint_text().unwrap().contains("token_url"));
    assert_eq!(tenant.requests().len(), 1);
}

#[tokio::test]
async fn concurrent_requests_wait_for_one_token() {
    // All requests with the first token are refused, some of them after the second token has replaced it.
    let mut refused = 0;
    let server = FaultServer::start(move |request| match request.header("authorization") {
        None if refused == 0 => token("token-1", 10_800),
        None => token("token-2", 10_800),
        Some("Bearer token-1") => {
            refused += 1;
            unauthorized()
        }
        Some(_) if request.target.contains("/export/") => {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            page(&[body["filters"][0]["job_family_ids"][0].as_str().unwrap()], None)
        }
        Some(_) => Response::new(404, "[]"),
    })
    .await;
    let tenant = Tenant::at(server);
    let families: Vec<String> = (0..8).map(|number| format!("family-{number}")).collect();
    let partition = json!({"by": "job_family", "values": families});
    let mut source = tenant.source(&json!({"partition": partition, "concurrency": 8})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), families);
    assert_eq!(tenant.token_requests().len(), 2);
}

#[tokio::test]
async fn a_cancelled_token_request_can_be_repeated() {
    let tenant = Tenant::answering([page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({})).await;
    cancel_next_page(&mut *source).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
}

#[tokio::test]
async fn the_error_for_a_response_without_a_token_does_not_show_the_response() {
    for body in [r#"{"access_token": ""}"#, r#"{"access_token": 4711}"#, "secret", ""] {
        let tokens = std::iter::repeat_with(move || Response::new(200, body));
        let tenant = Tenant::scripted(tokens, [page(&[], None)]).await;
        let error = tenant.error(&json!({})).await;
        assert_eq!(tenant.token_requests().len(), 6, "a retry may succeed");
        let text = error.full_message();
        assert!(text.ends_with(": the response contains no `access_token`"), "{text}");
    }
}
