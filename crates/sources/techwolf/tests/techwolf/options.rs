//! Valid options, and how errors are reported.

use async_trait::async_trait;
use serde_json::{Value, json};
use taskferry_sdk::{
    BuildContext, Endpoints, KeyPath, LocalEndpoint, Problem, RunningEndpoint, Secret,
    SourcePlugin, StageError, read_options,
};
use taskferry_source_techwolf::TechWolfOptions;
use taskferry_testkit::merged;

use crate::tenant::{Tenant, build, build_with, open, page, read_all};

fn problems(more: &Value) -> Vec<(String, &'static str)> {
    let options = json!({"url": "https://acme.eu3.techwolf.ai", "auth": {"token": "t"}});
    let problems = build(&merged(options, more)).map(drop).unwrap_err();
    assert!(problems.iter().all(|problem| !format!("{problem:?}").contains("hunter2")));
    problems.iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
}

fn at(path: &str, code: &'static str) -> (String, &'static str) {
    (path.to_owned(), code)
}

#[test]
fn a_url_and_credentials_are_enough() {
    for url in ["https://acme.eu3.techwolf.ai", "https://acme.example/prefix/", "http://[::1]:80"] {
        assert!(build(&json!({"url": url, "auth": {"token": "t"}})).is_ok(), "{url}");
    }
}

#[test]
fn an_invalid_url_is_reported_with_the_reason() {
    for (url, code) in [
        ("", "empty-value"),
        ("acme.eu3.techwolf.ai", "invalid-url"),
        ("https://", "invalid-url"),
        ("https:///", "invalid-url"),
        ("ftp://acme.example", "unsupported-scheme"),
        ("sandbix:", "unsupported-scheme"),
        ("acme.example:443/x", "unsupported-scheme"),
        ("https://user:hunter2@acme.example", "credentials-in-url"),
        ("https://acme.example?key=hunter2", "unexpected-query"),
        ("https://acme.example/#x", "unexpected-query"),
        ("https://acme.example/job_architecture/export/jobs/task_profiles/", "unexpected-path"),
    ] {
        assert_eq!(problems(&json!({"url": url})), [at("url", code)], "{url}");
    }
}

#[test]
fn incomplete_credentials_are_refused() {
    let without = build(&json!({"url": "https://acme.example"})).map(drop).unwrap_err();
    assert_eq!(without[0].message, "the key `auth` is missing");

    let unset = json!({"token_url": "https://id.example/oauth/token", "client_id": "",
        "client_secret": "", "audience": "eu3.techwolf.ai", "tenant": ""});
    let empty = ["auth.client_id", "auth.client_secret", "auth.tenant"];
    assert_eq!(problems(&json!({"auth": unset})), empty.map(|path| at(path, "empty-value")));

    let partly = json!({"client_id": "c", "client_secret": "hunter2", "token_url": "id.example"});
    assert_eq!(
        problems(&json!({"auth": partly})),
        [at("auth", "missing-key"), at("auth", "missing-key"), at("auth.token_url", "invalid-url")]
    );
    assert_eq!(problems(&json!({"auth": {"token": ""}})), [at("auth.token", "empty-value")]);
}

#[test]
fn a_token_excludes_other_credentials() {
    let both = json!({"token": "hunter2", "client_id": "c", "client_secret": "hunter2"});
    assert_eq!(problems(&json!({"auth": both})), [at("auth.token", "conflicting-options")]);
    let unset = json!({"token": "hunter2", "client_id": "", "client_secret": "", "tenant": "acme"});
    assert!(build(&json!({"url": "https://acme.example", "auth": unset})).is_ok());
    let torn = json!({"auth": {"token": "hunter2\n"}});
    assert_eq!(problems(&torn), [at("auth.token", "invalid-secret")]);
}

#[test]
fn a_filter_requires_exactly_the_keys_of_its_kind() {
    let filters = json!([
        {"filter": "job_family_id_is_in_list", "job_family_ids": ["legal"]},
        {"filter": "last_updated", "value": "2026-01-31T08:00:00Z", "operator": "lt"},
        {"filter": "job_family_id_is_in_list", "value": "2026-01-31"},
        {"filter": "last_updated", "value": "yesterday"},
        {"filter": "job_family_id_is_in_list", "job_family_ids": []},
        {"filter": "job_family_id_is_in_list", "job_family_ids": ["legal", " "]},
        {"filter": "last_updated", "value": "2026-02-31", "operator": "eq"},
    ]);
    assert_eq!(
        problems(&json!({"filters": filters})),
        [
            at("filters[2]", "missing-key"),
            at("filters[2].value", "unknown-key"),
            at("filters[3]", "missing-key"),
            at("filters[3].value", "invalid-value"),
            at("filters[4].job_family_ids", "empty-value"),
            at("filters[5].job_family_ids[1]", "empty-value"),
            at("filters[6].value", "invalid-value"),
        ]
    );
}

#[test]
fn all_errors_are_reported_at_once() {
    let found = problems(&json!({"url": "x", "limit": 101, "timeout": "0s", "auth": {}}));
    assert_eq!(found.len(), 3 + 5, "{found:?}");
    assert_eq!(problems(&json!({"limit": 0})), [at("limit", "invalid-value")]);
}

#[test]
fn the_source_declares_the_fields_its_tasks_lack() {
    let options = json!({"url": "sandbox:", "include": ["ai_impact"]});
    let options: TechWolfOptions = read_options(&options, &[]).unwrap();
    let tasks = options.fields().tasks;
    let advice = |field| tasks.missing(field).map(|missing| missing.hint.unwrap());
    assert_eq!((advice("ai_impact"), advice("task")), (None, None));
    let expected = "add \"weekly_hours\" to `include` in [source]";
    assert_eq!(advice("weekly_hours").as_deref(), Some(expected));
    assert!(advice("linked_skills").is_some() && advice("source_data").is_some());
}

/// An in-process endpoint, like the sandbox that the runner registers.
#[derive(Debug)]
struct Local;

#[async_trait]
impl LocalEndpoint for Local {
    async fn start(self: Box<Self>) -> Result<RunningEndpoint, StageError> {
        let tenant = Tenant::answering([page(&["a"], Some("a")), page(&["b"], None)]).await;
        let named = ["client_id", "client_secret", "audience", "tenant"];
        let token_url = Secret::new(format!("{}/oauth/token", tenant.url()));
        let settings = named.map(|name| (name, Secret::new("local")));
        let settings = settings.into_iter().chain([("token_url", token_url)]).collect();
        let url = tenant.url().to_owned();
        let webhook_url = format!("{url}/webhook");
        Ok(RunningEndpoint { url, webhook_url, settings, guard: Box::new(tenant) })
    }
}

fn local(url: &str, _: &BuildContext<'_>) -> Result<Box<dyn LocalEndpoint>, Vec<Problem>> {
    match url {
        "local:" => Ok(Box::new(Local)),
        _ => Err(vec![Problem::at(KeyPath::root(), "local::url", "no such thing")]),
    }
}

#[tokio::test]
async fn an_in_process_endpoint_provides_its_credentials() {
    let mut endpoints = Endpoints::default();
    endpoints.register("local", local);
    for options in [
        json!({"url": "local:"}),
        json!({"url": "local:", "auth": {"client_id": "", "token_url": ""}}),
    ] {
        let mut source = open(build_with(&options, &endpoints).unwrap()).await;
        assert_eq!(read_all(&mut *source).await.jobs(), ["a", "b"]);
    }
    let problems = build_with(&json!({"url": "local:?x"}), &endpoints).map(drop).unwrap_err();
    assert_eq!(problems[0].path.to_string(), "url");
}

#[test]
fn the_read_order_options_are_checked() {
    assert_eq!(problems(&json!({"concurrency": 0})), [at("concurrency", "invalid-value")]);
    assert_eq!(problems(&json!({"concurrency": 33})), [at("concurrency", "invalid-value")]);
    let parts = |values: Value| json!({"by": "job_family", "values": values});
    for (values, path, code) in [
        (json!([]), "partition.values", "empty-value"),
        (json!(["legal", " "]), "partition.values[1]", "empty-value"),
        (json!(["legal", "it", "legal"]), "partition.values[2]", "duplicate-value"),
    ] {
        assert_eq!(problems(&json!({"partition": parts(values)})), [at(path, code)]);
    }
    let filter = json!([{"filter": "job_family_id_is_in_list", "job_family_ids": ["it"]}]);
    let both = json!({"partition": parts(json!(["legal"])), "filters": filter});
    assert_eq!(problems(&both), [at("filters[0]", "conflicting-options")]);
}
