//! Faulty servers.

use serde_json::json;
use taskferry_sdk::ErrorKind;
use taskferry_testkit::Response;

use crate::tenant::{SECRET, Tenant, cancel_next_page, page, read_all};

/// Checks that the source reads the only page after this faulty response.
async fn recovers_from(fault: Response) {
    recovers_within("60s", fault).await;
}

async fn recovers_within(timeout: &str, fault: Response) {
    let tenant = Tenant::answering([fault, page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({"timeout": timeout})).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a"]);
    let statistics = source.statistics();
    assert_eq!((statistics.requests, statistics.retries), (3, 1));
}

#[tokio::test]
async fn a_429_is_retried() {
    recovers_from(Response::new(429, "").header("retry-after", "0")).await;
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    recovers_from(Response::new(429, "[]").header("retry-after", past)).await;
}

#[tokio::test]
async fn a_busy_gateway_is_retried() {
    let page = "<html><head><title>503 Service Temporarily Unavailable</title></head></html>";
    recovers_from(Response::new(503, page)).await;
    for status in [408, 425, 500, 502, 504] {
        recovers_from(Response::new(status, "")).await;
    }
}

#[tokio::test]
async fn a_truncated_body_is_retried() {
    recovers_from(page(&["x"], None).truncated()).await;
    recovers_from(Response::new(200, r#"{"has_next": false, "records": [{"external"#)).await;
}

#[tokio::test]
async fn a_stalled_body_is_retried() {
    recovers_within("1s", page(&["x"], None).never_finished()).await;
}

#[tokio::test]
async fn a_malformed_page_is_retried() {
    for garbage in ["", "OK", "null", "[true, []]", "{}", "{\"has_next\": \"no\", \"records\": []}"]
    {
        recovers_from(Response::new(200, garbage)).await;
    }
    recovers_from(Response::new(200, vec![0x7b, 0xff, 0xfe])).await;
    recovers_from(page(&["x"], None).header("content-encoding", "gzip")).await;
}

#[tokio::test]
async fn a_page_with_an_invalid_job_is_retried() {
    for record in ["5", "[\"a\"]", "{}", "{\"external_id\": 5}", "null"] {
        let body = format!(r#"{{"has_next": false, "records": [{record}]}}"#);
        recovers_from(Response::new(200, body)).await;
    }
}

#[tokio::test]
async fn a_persistent_invalid_job_is_reported() {
    let body = r#"{"has_next": false, "records": [{"external_id": "a"}, {"tasks": []}]}"#;
    let tenant = Tenant::answering([page(&["z"], Some("z")), Response::new(200, body)]).await;
    let error = tenant.error(&json!({})).await;
    let text = error.full_message();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(text.starts_with("page 2 (after `z`): gave up after 6 attempts: POST http"), "{text}");
    assert!(text.contains("record 2 of the page is not a task profile"), "{text}");
    assert!(text.contains("external_id"), "{text}");
    assert_eq!(error.record(), Some(1));
}

#[tokio::test]
async fn a_requested_delay_beyond_the_limit_ends_the_run() {
    for (wish, seconds) in [("7200", "7200s"), ("Tue, 01 Jan 2199 00:00:00 GMT", "s, more than")] {
        for status in [429, 503] {
            let busy = Response::new(status, "").header("retry-after", wish);
            let tenant = Tenant::answering([busy]).await;
            let error = tenant.error(&json!({})).await;
            let hint = error.hint_text().unwrap();
            assert!(hint.contains("asked for a wait of") && hint.contains(seconds), "{hint}");
            assert_eq!(
                tenant.exports().len(),
                1,
                "a delay longer than `max_retry_after` ends the run"
            );
        }
    }
}

#[tokio::test]
async fn an_endless_page_is_abandoned() {
    let tenant = Tenant::answering([Response::new(200, "[1,".repeat(1000)).endless()]).await;
    let error = tenant.error(&json!({"max_page_bytes": "100 kB"})).await;
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.full_message().contains("exceeds 100000 bytes"));
    assert!(error.hint_text().unwrap().contains("max_page_bytes"));
    assert_eq!(tenant.exports().len(), 1, "a retry would return the same size");
}

#[tokio::test]
async fn a_page_with_too_large_a_content_length_is_not_read() {
    let tenant = Tenant::answering([Response::new(200, "x".repeat(2000)).never_finished()]).await;
    let error = tenant.error(&json!({"max_page_bytes": "1 kB"})).await;
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let tenant = Tenant::answering([Response::new(200, "").never_finished()]).await;
    let retry = json!({"max_attempts": 2, "initial_delay": "1ms"});
    let error = tenant.error(&json!({"timeout": "100ms", "retry": retry})).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.full_message();
    assert!(text.contains("gave up after 2 attempts"), "{text}");
    assert!(text.contains("no complete response within 100ms"), "{text}");
    assert_eq!(tenant.exports().len(), 2);
}

#[tokio::test]
async fn an_error_response_is_shown_with_its_description() {
    let errors = r#"[{"title": "400 Bad Request", "description": "limit must be at most 100."},
        {"title": "400 Bad Request", "description": "include: unknown value."}]"#;
    let tenant = Tenant::answering([Response::new(400, errors)]).await;
    let error = tenant.error(&json!({})).await;
    let url = format!("{}/job_architecture/export/jobs/task_profiles", tenant.url());
    let expected = format!(
        "page 1 (the first): POST {url}: the server answered 400 Bad Request: \
         limit must be at most 100.; include: unknown value."
    );
    assert_eq!(error.full_message(), expected);
    assert_eq!(tenant.exports().len(), 1, "a refused request is not repeated");
}

#[tokio::test]
async fn error_statuses_have_distinct_kinds() {
    for (status, kind, hint) in [
        (400, ErrorKind::Refused, "`include`"),
        (403, ErrorKind::Auth, "external_vendor"),
        (404, ErrorKind::Refused, "check `url`"),
        (422, ErrorKind::Refused, "`filters`"),
    ] {
        let tenant = Tenant::answering([Response::new(status, "")]).await;
        let error = tenant.error(&json!({})).await;
        assert_eq!(error.kind(), kind, "{status}");
        assert!(error.hint_text().unwrap().contains(hint), "{status}: {:?}", error.hint_text());
        assert!(error.full_message().contains("without an explanation"), "{error}");
    }
    let tenant = Tenant::answering([page(&["a"], Some("a")), Response::new(404, "")]).await;
    let error = tenant.error(&json!({})).await;
    assert!(error.hint_text().unwrap().contains("may have been deleted"));
}

#[tokio::test]
async fn an_error_page_is_shown_as_safe_text() {
    let html = "<html><style>p{}</style><h1>Access\x1b[2J denied</h1>".to_owned();
    let long = format!("<p>{}</p>", "word ".repeat(10_000));
    for (body, shown) in
        [(html, "Access [2J denied"), (long, "word word"), ("[[[[".to_owned(), "[[[[")]
    {
        let tenant = Tenant::answering([Response::new(403, body)]).await;
        let text = tenant.error(&json!({})).await.full_message();
        assert!(text.contains(shown), "{text}");
        assert!(!text.contains('\x1b') && text.len() < 500, "{text}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Response::new(307, "").header("location", "https://elsewhere.example/x?sig=1");
    let tenant = Tenant::answering([elsewhere]).await;
    let error = tenant.error(&json!({})).await;
    let text = error.full_message();
    assert!(
        text.contains("a redirect to https://elsewhere.example, which is not followed"),
        "{text}"
    );
    assert!(error.hint_text().unwrap().contains("correct `url`"));
    assert_eq!(tenant.exports().len(), 1);
}

#[tokio::test]
async fn an_unreachable_server_is_reported() {
    let tenant = Tenant::answering([page(&[], None)]).await;
    let options = tenant.options(&json!({"auth": {"token": "t"}}));
    let retry = json!({"max_attempts": 2, "initial_delay": "1ms"});
    let mut options = options;
    options["retry"] = retry;
    drop(tenant);
    let mut source = crate::tenant::opened(&options).await;
    let error = source.next_page().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(!error.is_temporary());
    assert!(error.full_message().contains("no connection"), "{error}");
}

#[tokio::test]
async fn secrets_repeated_in_a_response_are_masked() {
    let echo = format!("you sent Bearer token-1 and {SECRET}");
    for answer in [
        Response::new(400, echo.clone()),
        Response::new(400, json!([{"title": echo, "description": echo}]).to_string()),
        Response::new(200, echo.clone()),
    ] {
        let tenant = Tenant::answering([answer]).await;
        let mut source = tenant.source(&json!({})).await;
        let error = source.next_page().await.unwrap_err();
        for text in [error.full_message(), format!("{error:?}"), format!("{source:?}")] {
            assert!(!text.contains("token-1") && !text.contains(SECRET), "{text}");
        }
        assert!(error.full_message().contains("you sent Bearer [secret]"), "{error}");
    }
}

#[tokio::test]
async fn a_cancelled_page_request_can_be_repeated() {
    let tenant = Tenant::answering([page(&["a"], Some("a")), page(&["b"], None)]).await;
    let mut source = tenant.source(&json!({})).await;
    source.next_page().await.unwrap();
    cancel_next_page(&mut *source).await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["b"]);
}
