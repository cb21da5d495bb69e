//! Requests and pages of a listing, and listings without progress.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::ErrorKind;
use taskferry_testkit::Response;

use crate::tenant::{Tenant, page, read_all};

#[tokio::test]
async fn pages_are_read_until_there_is_no_next_page() {
    let tenant = Tenant::answering([
        page(&["a", "b"], Some("b")),
        page(&["c"], Some("c")),
        page(&["d"], None),
    ])
    .await;
    let listing = tenant.read().await;
    assert_eq!(listing.jobs(), ["a", "b", "c", "d"]);

    let next: Vec<Option<&str>> =
        listing.pages.iter().map(|page| Some(page.next.as_ref()?.as_str())).collect();
    assert_eq!(next, [Some("b"), Some("c"), None]);
    let size = tenant_page_size(&["a", "b"], Some("b"));
    assert_eq!(listing.pages[0].bytes, size);
}

fn tenant_page_size(jobs: &[&str], next: Option<&str>) -> u64 {
    let records: Vec<Value> =
        jobs.iter().map(|job| json!({"external_id": job, "tasks": []})).collect();
    let body = json!({"has_next": true, "records": records, "next_starting_after": next});
    body.to_string().len() as u64
}

#[tokio::test]
async fn a_request_has_the_documented_shape() {
    let tenant = Tenant::answering([page(&["a"], Some("a")), page(&["b"], None)]).await;
    let mut source = tenant
        .source(&json!({
            "url": format!("{}/gateway/", tenant.url()),
            "response_format": "hierarchy",
            "external_vendor": "sap_attribute_library",
            "limit": 1,
            "include": ["linked_skills", "ai_impact"],
            "filters": [
                {"filter": "job_family_id_is_in_list", "job_family_ids": ["legal"]},
                {"filter": "last_updated", "value": "2026-01-31", "operator": "gte"},
            ],
        }))
        .await;
    assert_eq!(read_all(&mut *source).await.jobs(), ["a", "b"]);

    let [first, second] = &tenant.exports()[..] else { panic!("two requests") };
    assert_eq!(first.method, "POST");
    let target = "/gateway/job_architecture/export/jobs/task_profiles\
                  ?external_vendor=sap_attribute_library&response_format=hierarchy";
    assert_eq!(first.target, target);
    assert_eq!(first.header("authorization"), Some("Bearer token-1"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert!(first.header("user-agent").unwrap().starts_with("taskferry/"));
    let accepted = first.header("accept-encoding").unwrap();
    assert!(accepted.contains("gzip") && accepted.contains("zstd"), "{accepted}");

    let body: Value = serde_json::from_str(&first.body).unwrap();
    let expected = json!({
        "limit": 1,
        "include": ["ai_impact", "linked_skills"],
        "filters": [
            {"filter": "job_family_id_is_in_list", "job_family_ids": ["legal"]},
            {"filter": "last_updated", "value": "2026-01-31", "operator": "gte"},
        ],
    });
    assert_eq!(body, expected);
    let body: Value = serde_json::from_str(&second.body).unwrap();
    assert_eq!(body["starting_after"], "a");
}

#[tokio::test]
async fn unset_options_are_not_sent() {
    let tenant = Tenant::answering([page(&[], None)]).await;
    tenant.read().await.jobs();
    assert_eq!(tenant.exports()[0].body, r#"{"limit":100}"#);
    let query = "?external_vendor=techwolf&response_format=list";
    assert!(tenant.exports()[0].target.ends_with(query));
}

#[tokio::test]
async fn unknown_fields_and_any_order_of_keys_are_accepted() {
    let body = r#"{"next_starting_after": "zzz", "took_ms": 1.50, "records":
        [{"tasks": [{"new": 1e400}], "external_id": "a\u00e9", "grade": 7.10}], "has_next": false, "x": {}}"#;
    let tenant = Tenant::answering([Response::new(200, body)]).await;
    let listing = tenant.read().await;
    assert_eq!(listing.jobs(), ["aé"]);
    let text = listing.pages[0].records[0].record.to_json();
    assert_eq!(text, r#"{"tasks": [{"new": 1e400}], "external_id": "a\u00e9", "grade": 7.10}"#);
}

#[tokio::test]
async fn an_empty_page_is_not_the_end() {
    let tenant = Tenant::answering([
        page(&["a"], Some("a")),
        page(&[], Some("b")),
        page(&[], Some("c")),
        page(&["d"], None),
    ])
    .await;
    assert_eq!(tenant.read().await.jobs(), ["a", "d"]);
}

#[tokio::test]
async fn a_cursor_may_be_any_string() {
    let cursor = "ä\"\\ \u{1F43A}".repeat(50);
    let tenant = Tenant::answering([page(&["a"], Some(&cursor)), page(&["b"], None)]).await;
    assert_eq!(tenant.read().await.jobs(), ["a", "b"]);
    let body: Value = serde_json::from_str(&tenant.exports()[1].body).unwrap();
    assert_eq!(body["starting_after"], cursor);
}

#[tokio::test]
async fn no_request_follows_the_last_page() {
    let tenant = Tenant::answering([page(&["a"], None)]).await;
    let mut source = tenant.source(&json!({})).await;
    assert!(source.next_page().await.unwrap().is_some());
    assert!(source.next_page().await.unwrap().is_none());
    assert!(source.next_page().await.unwrap().is_none());
    assert_eq!(tenant.exports().len(), 1);
}

/// Reads until an error and returns its text.
async fn stuck(answers: impl IntoIterator<Item = Response>) -> String {
    let tenant = Tenant::answering(answers).await;
    let error = tenant.error(&json!({})).await;
    assert_eq!(error.kind(), ErrorKind::NoProgress, "{error:?}");
    assert!(!error.is_temporary());
    error.full_message()
}

#[tokio::test]
async fn a_cursor_that_does_not_advance_is_named() {
    let text = stuck([page(&["a"], Some("a")), page(&["b"], Some("a"))]).await;
    assert!(text.contains("page 2 (after `a`)"), "{text}");
    assert!(text.contains("the page returns its own cursor `a` as the next one"), "{text}");
}

#[tokio::test]
async fn a_repeated_cursor_is_named() {
    let text = stuck([
        page(&["a"], Some("a")),
        page(&["b"], Some("b")),
        page(&["c"], Some("c")),
        page(&["d"], Some("a")),
    ])
    .await;
    assert!(text.contains("page 4 (after `c`)"), "{text}");
    assert!(text.contains("the cursor `a` is returned twice"), "{text}");
}

#[tokio::test]
async fn a_page_that_overlaps_with_the_preceding_one_is_named() {
    let text = stuck([page(&["a", "b"], Some("b")), page(&["b", "c"], Some("c"))]).await;
    assert!(text.contains("page 2 (after `b`)") && text.contains("`b`"), "{text}");

    let across_an_empty_page =
        stuck([page(&["a"], Some("a")), page(&[], Some("x")), page(&["a"], None)]).await;
    assert!(across_an_empty_page.contains("page 3 (after `x`)"), "{across_an_empty_page}");
}

#[tokio::test]
async fn a_page_repeated_later_is_named() {
    let text = stuck([
        page(&["a", "b"], Some("b")),
        page(&["c"], Some("c")),
        page(&["a", "b"], Some("d")),
    ])
    .await;
    assert!(text.contains("page 3 (after `c`)") && text.contains("`a`"), "{text}");
}

#[tokio::test]
async fn has_next_without_a_cursor_is_an_error() {
    for next in [r#""""#, "null"] {
        let job = r#"{"external_id": "a"}"#;
        let body =
            format!(r#"{{"has_next": true, "records": [{job}], "next_starting_after": {next}}}"#);
        let tenant = Tenant::answering([Response::new(200, body)]).await;
        let text = tenant.error(&json!({})).await.full_message();
        assert!(text.contains("page 1 (the first)"), "{text}");
        assert!(text.contains("next_starting_after"), "{text}");
        assert_eq!(tenant.exports().len(), 1, "a retry would not help");
    }
}

/// An empty page with `cursor` as its next cursor.
fn empty(cursor: Option<&str>) -> Response {
    page(&[], cursor)
}

/// An empty page with `has_next` and no cursor.
fn empty_and_lost() -> Response {
    Response::new(200, r#"{"has_next": true, "records": []}"#)
}

#[tokio::test]
async fn a_stuck_empty_page_is_retried() {
    let first = || page(&["a"], Some("a"));
    for answers in [
        vec![first(), empty(Some("a")), empty(Some("a")), page(&["b"], None)],
        vec![first(), empty(Some("a")), empty(Some("b")), page(&["b"], None)],
        vec![first(), empty_and_lost(), page(&["b"], None)],
        vec![empty_and_lost(), first(), page(&["b"], None)],
    ] {
        let requests = answers.len();
        let tenant = Tenant::answering(answers).await;
        assert_eq!(tenant.read().await.jobs(), ["a", "b"]);
        assert_eq!(tenant.exports().len(), requests);
    }
}

#[tokio::test]
async fn a_persistent_stuck_empty_page_is_reported() {
    let tenant = Tenant::answering([page(&["a"], Some("a")), empty(Some("a"))]).await;
    let error = tenant
        .error(&json!({"retry": {"initial_delay": "1ms", "max_delay": "1ms", "max_attempts": 3}}))
        .await;
    assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::NoProgress, false));
    assert!(!error.is_resumable());
    assert!(
        error.full_message().contains("page 2 (after `a`): gave up after 3 attempts"),
        "{error}"
    );
    assert!(
        error.full_message().ends_with("returns its own cursor `a` as the next one"),
        "{error}"
    );
    assert_eq!(tenant.exports().len(), 4);
}

#[tokio::test]
async fn the_last_of_duplicate_keys_counts_for_cursors_and_repeated_jobs() {
    let first = r#"{"has_next":false,"records":[{"external_id":"x","external_id":"a"}],"next_starting_after":"x","next_starting_after":"a","has_next":true}"#;
    let again = r#"{"has_next":false,"records":[{"external_id":"x"},{"external_id":"y","tasks":[],"external_id":"a"}]}"#;
    let tenant = Tenant::answering([first, again].map(|body| Response::new(200, body))).await;
    let mut source = tenant.source(&json!({})).await;
    let page = source.next_page().await.unwrap().unwrap();
    assert_eq!(page.records[0].id.as_deref(), Some("a"));
    assert_eq!(page.next.unwrap().as_str(), "a");
    let error = source.next_page().await.unwrap_err();
    assert!(error.to_string().contains("the record `a` is returned twice"), "{error}");
    assert!(tenant.exports()[1].body.contains(r#""starting_after":"a""#));
}

#[tokio::test]
async fn a_byte_order_mark_before_a_response_is_skipped() {
    let marked = |text: &str| Response::new(200, format!("\u{feff}{text}"));
    let token = marked(r#"{"access_token": "t", "expires_in": 10800}"#);
    let pages = [
        marked(
            r#"{"has_next": true, "records": [{"external_id": "a"}], "next_starting_after": "a"}"#,
        ),
        marked(r#" {"has_next": false, "records": [{"external_id": "b"}]}"#),
    ];
    let tenant = Tenant::scripted([token], pages).await;
    assert_eq!(tenant.read().await.jobs(), ["a", "b"]);
    let refusal =
        Response::new(403, "\u{feff}[{\"title\": \"Forbidden\", \"description\": \"not yours\"}]");
    let error = Tenant::answering([refusal]).await.error(&json!({})).await;
    assert!(error.full_message().ends_with("Forbidden: not yours"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_job_is_read_once_in_order_with_any_page_size(jobs in 0_usize..40, size in 1_usize..12) {
        let ids: Vec<String> = (0..jobs).map(|number| format!("job-{number}")).collect();
        let mut pages: Vec<Response> = Vec::new();
        let chunks: Vec<&[String]> = ids.chunks(size).collect();
        for (index, chunk) in chunks.iter().enumerate() {
            let names: Vec<&str> = chunk.iter().map(String::as_str).collect();
            let next = (index + 1 < chunks.len()).then(|| names[names.len() - 1]);
            pages.push(page(&names, next));
        }
        if pages.is_empty() {
            pages.push(page(&[], None));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(async { Tenant::answering(pages).await.read().await.jobs() });
        prop_assert_eq!(read, ids);
    }
}
