//! The OpenAPI document and the documentation page.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use taskferry_sandbox::{Sandbox, SandboxOptions};

use crate::client::{Client, EMPLOYEES, EXPORT, descriptions, full_task, read};

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
async fn every_described_endpoint_exists_and_accepts_no_other_method() {
    let client = Client::generated(1).await;
    let document = openapi(&client).await;
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 12);
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
async fn every_endpoint_is_described() {
    let client = Client::generated(1).await;
    let document = openapi(&client).await;
    let mut described = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().keys();
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let missing = descriptions(&client.get("/none").await).remove(0);
    let served = missing.split_once("the sandbox has ").unwrap().1;
    assert_eq!(served.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(), described);
}

#[tokio::test]
async fn every_reference_resolves_and_every_schema_is_used() {
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
async fn the_described_vendors_are_those_of_the_shown_tenant() {
    let tenants = vec!["acme:vendors=workday,techwolf".parse().unwrap(), "beta".parse().unwrap()];
    let document =
        openapi(&Client::of(SandboxOptions { tenants, ..SandboxOptions::default() }).await).await;
    let export = "/paths/~1export~1employees~1task_profiles/post/parameters/1/schema/enum";
    assert_eq!(document.pointer(export), Some(&json!(["techwolf", "workday"])));
}

/// Sends a request and validates the response against the schema that the document has for it.
async fn assert_described(
    client: &Client,
    document: &Value,
    (method, path): (Method, &str),
    (query, id): (&str, &str),
    body: Option<Value>,
) -> u16 {
    let mut request =
        client.send(method.clone(), &format!("{}{query}", path.replace("{external_id}", id)));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let described =
        &document["paths"][path][method.as_str().to_lowercase()]["responses"][status.to_string()];
    assert!(described.is_object(), "{method} {path}{query}: {status} is not described");
    for (name, header) in described["headers"].as_object().into_iter().flatten() {
        let is_required = header["required"] == true;
        assert!(!is_required || response.headers().contains_key(name), "{method} {path}: {name}");
    }
    let text = response.text().await.unwrap();
    let Some(schema) = described.pointer("/content/application~1json/schema") else {
        assert!(status == 204 && text.is_empty(), "{method} {path}: {text}");
        return status;
    };
    let schema = json!({"allOf": [schema], "components": document["components"]});
    let validator = jsonschema::validator_for(&schema).unwrap();
    let body: Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{method} {path}{query}: {}", errors.join("\n"));
    status
}

#[tokio::test]
async fn the_responses_of_every_endpoint_match_the_description() {
    const PROFILE: &str = "/job_architecture/jobs/{external_id}/task_profile";
    let all = |sources: &str| json!({"limit": 20, "include": ["ai_impact", sources, "linked_skills", "rejected_tasks", "weekly_hours"]});
    let (jobs, employees) = (all("source_data"), all("source_events"));
    let decisions =
        |task: &Value| json!({"tasks": [{"task_id": task, "validation_state": "validated"}]});
    let others = [
        "hierarchy_layout=nodes",
        "unmapped_skills=null",
        "missing_member=null",
        "feedback_answer=200",
        "bad_value=422",
    ];
    for (assignments, feedback, invalid) in [(&[][..], 204, 400), (&others[..], 200, 422)] {
        let settings = crate::client::settings_of(assignments);
        let mut client = Client::of(SandboxOptions { settings, ..Default::default() }).await;
        let document = openapi(&client).await;
        let page = client.page("", &json!({"limit": 1})).await;
        let (get, post, patch) = (Method::GET, Method::POST, Method::PATCH);
        let task = decisions(&page["records"][0]["tasks"][0]["task_id"]);
        let token = client.token_request(&json!({}));
        let mut cases = vec![
            (&post, "/oauth/token", "", "", Some(token), 200),
            (&post, "/oauth/token", "", "", Some(json!({})), 400),
            (&patch, PROFILE, "", "job-000001", Some(task), feedback),
            (&patch, PROFILE, "", "job-000001", Some(decisions(&json!("none"))), 422),
            (&patch, PROFILE, "", "none", Some(decisions(&json!("none"))), 404),
            (&get, PROFILE, "?include=ai_impact&include=source_data", "job-000001", None, 200),
            (&get, PROFILE, "?include=none", "job-000001", None, invalid),
            (&get, "/job_architecture/jobs", "?limit=3&offset=1", "", None, 200),
            (&get, "/job_architecture/jobs", "?limit=0", "", None, invalid),
            (&get, "/job_architecture/jobs/{external_id}", "", "job-000001", None, 200),
            (&get, "/job_architecture/jobs/{external_id}", "", "none", None, 404),
            (&get, "/job_architecture/job_families", "", "", None, 200),
            (&get, "/job_architecture/job_families/{external_id}", "", "legal", None, 200),
            (&get, "/version", "", "", None, 200),
            (&post, "/webhook", "", "", Some(json!([{}])), 204),
            (&get, "/openapi.json", "", "", None, 200),
        ];
        for (path, body) in [(EXPORT, &jobs), (EMPLOYEES, &employees)] {
            for query in [
                "",
                "?external_vendor=workday",
                "?external_vendor=sap_attribute_library",
                "?response_format=hierarchy",
                "?response_format=hierarchy&external_vendor=workday",
            ] {
                cases.push((&post, path, query, "", Some(body.clone()), 200));
            }
            let unknown = json!({"limit": 1, "starting_after": "none"});
            cases.push((&post, path, "", "", Some(unknown), 404));
            cases.push((&post, path, "", "", Some(json!({"limit": 0})), invalid));
        }
        for (method, path, query, id, body, status) in cases.clone() {
            let request = (method.clone(), path);
            let found = assert_described(&client, &document, request, (query, id), body).await;
            assert_eq!(found, status, "{method} {path}{query}");
        }
        client.token = "none".to_owned();
        for (method, path, query, id, body, _) in cases {
            if document["paths"][path][method.as_str().to_lowercase()]["security"].is_null() {
                let request = (method.clone(), path);
                let found = assert_described(&client, &document, request, (query, id), body).await;
                assert_eq!(found, 401, "{method} {path}");
            }
        }
    }
}

#[tokio::test]
async fn the_documentation_page_is_one_file_with_every_endpoint() {
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
async fn a_configured_secret_is_not_published() {
    let clients = vec!["sandbox-client:4711-secret".parse().unwrap()];
    let options = SandboxOptions { clients, ..SandboxOptions::default() };
    let running = Sandbox::load(options).unwrap().serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    assert_eq!(running.credentials().client_secret.expose(), "4711-secret");
    for path in ["/", "/openapi.json"] {
        let url = format!("{}{path}", running.url());
        let text = reqwest::get(url).await.unwrap().text().await.unwrap();
        assert!(!text.contains("4711"), "{path}");
    }
}
