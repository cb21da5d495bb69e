//! Behavior that all endpoints share.

use proptest::prelude::*;
use reqwest::Method;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::client::{Client, EMPLOYEES, EXPORT, descriptions, read};

const PROFILE: &str = "/job_architecture/jobs/job-000001/task_profile";

fn endpoints() -> [(Method, &'static str); 9] {
    [
        (Method::POST, EXPORT),
        (Method::POST, EMPLOYEES),
        (Method::GET, PROFILE),
        (Method::PATCH, PROFILE),
        (Method::GET, "/job_architecture/jobs"),
        (Method::GET, "/job_architecture/jobs/job-000001"),
        (Method::GET, "/job_architecture/job_families"),
        (Method::GET, "/job_architecture/job_families/legal"),
        (Method::GET, "/version"),
    ]
}

#[tokio::test]
async fn every_endpoint_requires_a_token() {
    let client = Client::generated(1).await;
    for (method, path) in endpoints() {
        let url = format!("{}{path}", client.sandbox.url());
        let response = client.http.request(method, url).body("{").send().await.unwrap();
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let answer = read(response).await;
        assert_eq!(answer.0, 401, "{path}: the token is checked first");
        descriptions(&answer);
    }
}

#[tokio::test]
async fn every_response_has_the_sandbox_header() {
    let client = Client::generated(1).await;
    for path in ["/", "/openapi.json", "/nothing", EXPORT, "/webhook", "/oauth/token", "/version"] {
        for method in [Method::GET, Method::POST] {
            let url = format!("{}{path}", client.sandbox.url());
            let response = client.http.request(method, url).body("{").send().await.unwrap();
            assert_eq!(response.headers()["x-taskferry-sandbox"], "1", "{path}");
        }
    }
}

#[tokio::test]
async fn every_endpoint_lists_its_methods() {
    let client = Client::generated(1).await;
    for (path, allowed, says) in [
        ("/", "GET,HEAD", "use GET"),
        ("/oauth/token", "POST", "use POST"),
        (EXPORT, "POST", "use POST"),
        (EMPLOYEES, "POST", "use POST"),
        (PROFILE, "GET,HEAD,PATCH", "use GET or PATCH"),
        ("/job_architecture/jobs", "GET,HEAD", "use GET"),
        ("/job_architecture/jobs/job-000001", "GET,HEAD", "use GET"),
        ("/job_architecture/job_families", "GET,HEAD", "use GET"),
        ("/job_architecture/job_families/legal", "GET,HEAD", "use GET"),
        ("/version", "GET,HEAD", "use GET"),
    ] {
        let response = client.send(Method::DELETE, path).send().await.unwrap();
        assert_eq!(response.headers()["allow"], allowed, "{path}");
        let answer = read(response).await;
        assert_eq!(answer.0, 405, "{path}");
        assert!(descriptions(&answer)[0].ends_with(says), "{answer:?}");
    }
}

#[tokio::test]
async fn every_body_must_be_json_of_limited_size() {
    let client = Client::generated(1).await;
    for (method, path) in endpoints().into_iter().filter(|(method, _)| *method != Method::GET) {
        for (kind, body, status) in [
            ("text/plain", "{}".to_owned(), 415),
            ("application/json", "{".to_owned(), 400),
            ("application/json", " ".repeat(1024 * 1024 + 1), 413),
        ] {
            let request = client.send(method.clone(), path).header("content-type", kind).body(body);
            let answer = read(request.send().await.unwrap()).await;
            assert_eq!(answer.0, status, "{path}");
            descriptions(&answer);
        }
    }
}

#[test]
fn no_request_causes_a_server_error() {
    let runtime = Runtime::new().unwrap();
    let client = runtime.block_on(Client::generated(5));
    let text = "[a-z0-9_:T{}\\[\\]\"\\\\,.é-]{0,16}";
    let body = prop_oneof![
        text.prop_map(|text: String| text.into_bytes()),
        (text, text).prop_map(|(id, state)| json!({"tasks": [{"task_id": id, "validation_state": state}]}).to_string().into_bytes()),
        (text, text).prop_map(|(value, operator)| json!({"limit": 1, "filters": [{"filter": "last_updated", "value": value, "operator": operator}]}).to_string().into_bytes()),
        "[0-9]{1,5}-[0-9]{2}-[0-9]{2}(T[0-9:.]{0,12}(Z|[+-][0-9:]{2,6})?)?".prop_map(|value: String| json!({"limit": 1, "filters": [{"filter": "last_updated", "value": value, "operator": "eq"}]}).to_string().into_bytes()),
    ];
    let query = "(\\?(include|limit|offset|response_format|external_vendor|x)=[a-z%&=0-9-]{0,24})?";
    let id = "([a-z0-9-]|%[0-9A-F]{2}){1,12}";
    proptest!(ProptestConfig::with_cases(400), |(endpoint in 0_usize..9, body in body, query in query, id in id)| {
        let (method, path) = &endpoints()[endpoint];
        let path = path.replace("job-000001", &id).replace("legal", &id);
        let request = client.send(method.clone(), &format!("{path}{query}"));
        let request = request.header("content-type", "application/json").body(body);
        let status = runtime.block_on(async { request.send().await.unwrap().status() });
        prop_assert!(status.as_u16() < 500, "{method} {path}{query}: {status}");
    });
}
