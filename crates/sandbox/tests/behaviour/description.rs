//! What the sandbox says about itself.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use taskferry_sandbox::{Sandbox, SandboxOptions};

use crate::client::{Client, full_task, read};

async fn openapi(client: &Client) -> Value {
    let (status, document) =
        read(reqwest::get(format!("{}/openapi.json", client.sandbox.url())).await.unwrap()).await;
    assert_eq!((status.as_u16(), document["openapi"].as_str()), (200, Some("3.1.0")));
    document
}

/// All `$ref`s in the document.
fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_endpoint_that_is_described_is_there_and_no_other_method_is() {
    let client = Client::generated(1).await;
    let document = openapi(&client).await;
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 11);
    for (path, operations) in paths {
        let url =
            format!("{}{}", client.sandbox.url(), path.replace("{external_id}", "job-000001"));
        for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let described = operations.get(method.as_str().to_lowercase()).is_some();
            let status = client.http.request(method.clone(), &url).send().await.unwrap().status();
            assert_eq!(status != 405, described, "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_shape_is_used() {
    let document = openapi(&Client::generated(1).await).await;
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let named: BTreeSet<String> =
        schemas.keys().map(|name| format!("#/components/schemas/{name}")).collect();
    assert_eq!(found, named.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn the_description_follows_the_settings() {
    let jobs = [json!({"external_id": "a", "tasks": [full_task("t", &Value::Null)]})];
    let plain = openapi(&Client::with_settings(&jobs, &[]).await).await;
    let other = openapi(
        &Client::with_settings(
            &jobs,
            &[
                "missing_limit=10",
                "unknown_field=ignore",
                "hierarchy_layout=nodes",
                "feedback_answer=200",
                "vendors=techwolf,workday",
                "bad_value=422",
                "fault_header=off",
            ],
        )
        .await,
    )
    .await;
    let at = |document: &Value, pointer: &str| document.pointer(pointer).cloned();
    let export = "/components/schemas/JobExport";
    assert_eq!(at(&plain, &format!("{export}/required")), Some(json!(["limit"])));
    assert_eq!(at(&other, &format!("{export}/required")), None);
    assert_eq!(at(&plain, &format!("{export}/additionalProperties")), Some(json!(false)));
    assert_eq!(at(&other, &format!("{export}/additionalProperties")), None);
    let tree = "/components/schemas/JobRecord/anyOf/1/required/1";
    let export = "/paths/~1job_architecture~1export~1jobs~1task_profiles/post";
    let vendors = format!("{export}/parameters/1/schema/enum");
    assert_eq!(at(&plain, &vendors).unwrap().as_array().unwrap().len(), 3);
    assert_eq!(at(&other, &vendors), Some(json!(["techwolf", "workday"])));
    assert!(at(&plain, &format!("{export}/responses/503")).is_some());
    assert!(at(&plain, &format!("{export}/responses/422")).is_none());
    assert!(at(&other, &format!("{export}/responses/422")).is_some());
    let fault = "/components/parameters/Fault";
    assert!(at(&plain, fault).is_some() && at(&other, fault).is_none());
    assert_eq!(at(&plain, tree), Some(json!("domains")));
    assert_eq!(at(&other, tree), Some(json!("hierarchy")));
    let patch = "/paths/~1job_architecture~1jobs~1{external_id}~1task_profile/patch/responses";
    assert!(at(&plain, &format!("{patch}/204")).is_some());
    assert!(at(&other, &format!("{patch}/200")).is_some());
}

#[tokio::test]
async fn the_vendors_are_those_of_the_tenant_whose_credentials_are_shown() {
    let tenants = vec!["acme:vendors=workday,techwolf".parse().unwrap(), "beta".parse().unwrap()];
    let document =
        openapi(&Client::of(SandboxOptions { tenants, ..SandboxOptions::default() }).await).await;
    let export = "/paths/~1export~1employees~1task_profiles/post/parameters/1/schema/enum";
    assert_eq!(document.pointer(export), Some(&json!(["techwolf", "workday"])));
}

#[tokio::test]
async fn the_page_is_one_file_that_shows_every_endpoint() {
    let client = Client::generated(1).await;
    let response = reqwest::get(format!("{}/", client.sandbox.url())).await.unwrap();
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = response.text().await.unwrap();
    for path in openapi(&client).await["paths"].as_object().unwrap().keys() {
        assert!(page.contains(path.as_str()), "{path}");
    }
    for part in ["src=", "<script", "<link", "url(", "@import"] {
        assert!(!page.contains(part), "{part} would fetch something");
    }
    assert!(page.contains("sandbox-secret") && page.contains("curl -s"));
    assert!(page.contains("X-Sandbox-Fault"));
}

#[tokio::test]
async fn a_secret_that_was_chosen_is_not_shown_to_everyone() {
    let clients = vec!["sandbox-client:4711-secret".parse().unwrap()];
    let options = SandboxOptions { clients, ..SandboxOptions::default() };
    let running = Sandbox::load(options).unwrap().serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    assert_eq!(running.credentials().client_secret, "4711-secret");
    for path in ["/", "/openapi.json"] {
        let url = format!("{}{path}", running.url());
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(!text.contains("4711"), "{path}");
    }
}
