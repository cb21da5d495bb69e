//! The profile of one job, and feedback on it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, INCLUDE, descriptions, full_task, place, read, task};

const J1: &str = "/job_architecture/jobs/j1/task_profile";

fn jobs() -> [Value; 2] {
    let mut rejected = full_task("c", &Value::Null);
    rejected["validation_state"] = "rejected".into();
    [
        json!({"external_id": "j1", "last_updated": "2022-01-01", "tasks": [
            full_task("a", &place("d", "s", "c", "t")), task("b", "suggested"), rejected]}),
        json!({"external_id": "j2", "tasks": []}),
    ]
}

async fn patch(client: &Client, path: &str, body: &Value) -> (StatusCode, Value) {
    let response = client.send(Method::PATCH, path).json(body).send().await.unwrap();
    if response.status() == 204 {
        return (response.status(), Value::Null);
    }
    read(response).await
}

fn decision(task: &str, state: &str) -> Value {
    json!({"task_id": task, "validation_state": state})
}

fn states(record: &Value) -> Vec<(&str, &str)> {
    let tasks = record["tasks"].as_array().unwrap();
    tasks
        .iter()
        .map(|task| (task["task_id"].as_str().unwrap(), task["validation_state"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_profile_equals_the_record_of_a_minimal_export() {
    let client = Client::generated(5).await;
    let query = INCLUDE.map(|name| format!("include={name}")).join("&");
    for format in ["list", "hierarchy"] {
        for vendor in ["techwolf", "workday"] {
            let view = format!("?response_format={format}&external_vendor={vendor}");
            let page = client.page(&view, &json!({"limit": 5, "include": INCLUDE})).await;
            for record in page["records"].as_array().unwrap() {
                let id = record["external_id"].as_str().unwrap();
                let path = format!("/job_architecture/jobs/{id}/task_profile{view}&{query}");
                assert_eq!(client.get_ok(&path).await.to_string(), record.to_string());
            }
        }
    }
}

#[tokio::test]
async fn an_invalid_profile_request_is_refused_like_an_export() {
    let client = Client::with_jobs(&jobs()).await;
    for (path, status, says) in [
        (
            "/job_architecture/jobs/j9/task_profile".to_owned(),
            404,
            "no job with the external_id `j9`",
        ),
        ("/job_architecture/jobs/%FF/task_profile".to_owned(), 404, "no job"),
        (
            format!("{J1}?include=ai_impact,weekly_hours"),
            400,
            "`include`: `ai_impact,weekly_hours` is not one of",
        ),
        (format!("{J1}?include=source_events"), 400, "`include`: `source_events` is not one of"),
        (format!("{J1}?limit=5"), 400, "`limit`: there is no such parameter"),
        (format!("{J1}?response_format=list&response_format=list"), 400, "more than once"),
        (format!("{J1}?external_vendor=oracle"), 400, "`oracle`"),
    ] {
        let answer = client.get(&path).await;
        assert_eq!(answer.0, status, "{path}");
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{path}: {found:?}");
    }
    let client = Client::with_settings(&jobs(), &["single_job_extensions=off"]).await;
    assert_eq!(client.get(&format!("{J1}?include=ai_impact&include=ai_impact")).await.0, 200);
    assert_eq!(client.get(&format!("{J1}?include=linked_skills")).await.0, 400);
    assert_eq!(client.get(&format!("{J1}?external_vendor=workday")).await.0, 400);
}

#[tokio::test]
async fn feedback_validates_and_rejects_tasks() {
    let client = Client::with_jobs(&jobs()).await;
    let body = json!({"tasks": [decision("a", "rejected"), decision("b", "validated")]});
    assert_eq!(patch(&client, J1, &body).await.0, 204);
    assert_eq!(states(&client.get_ok(J1).await), [("b", "validated")]);
    let page = client.page("", &json!({"limit": 1, "include": ["rejected_tasks"]})).await;
    assert_eq!(
        states(&page["records"][0]),
        [("a", "rejected"), ("b", "validated"), ("c", "rejected")]
    );

    // The last decision is stored.
    let body = json!({"tasks": [decision("c", "validated"), decision("b", "rejected")]});
    assert_eq!(patch(&client, J1, &body).await.0, 204);
    assert_eq!(states(&client.get_ok(J1).await), [("c", "validated")]);
    let whole = client
        .get_ok(&format!("{J1}?include=weekly_hours&include=ai_impact&include=rejected_tasks"))
        .await;
    assert_eq!(whole["tasks"][0]["ai_impact"], json!({"level": "H2", "rationale": "Ναί"}));
}

#[tokio::test]
async fn feedback_updates_the_last_updated_time() {
    let client = Client::with_jobs(&jobs()).await;
    let filter = json!([{"filter": "last_updated", "operator": "lt", "value": "2022-01-02"}]);
    assert_eq!(client.all("", &json!({"filters": filter}), 5).await.len(), 1);
    let before = client.get_ok("/job_architecture/jobs/j1").await;
    assert_eq!(before["last_updated"], "2022-01-01T00:00:00Z");
    patch(&client, J1, &json!({"tasks": [decision("a", "validated")]})).await;
    assert_eq!(client.all("", &json!({"filters": filter}), 5).await.len(), 0);
    let after = client.get_ok("/job_architecture/jobs/j1").await;
    let since =
        json!([{"filter": "last_updated", "operator": "eq", "value": after["last_updated"]}]);
    assert_eq!(
        client.all("", &json!({"filters": since}), 5).await.len(),
        1,
        "the filter accepts the listed time"
    );
    let order: Vec<_> =
        client.all("", &json!({}), 1).await.iter().map(|job| job["external_id"].clone()).collect();
    assert_eq!(order, ["j1", "j2"], "feedback does not change the order");
}

#[tokio::test]
async fn invalid_feedback_is_reported_and_changes_nothing() {
    let client = Client::with_jobs(&jobs()).await;
    let many: Vec<_> = (0..101).map(|number| decision(&number.to_string(), "rejected")).collect();
    for (body, status, says) in [
        (json!({}), 400, "`tasks` is required"),
        (json!({"tasks": []}), 400, "`tasks` must be an array of 1 to 100 tasks; it has 0"),
        (json!({"tasks": many}), 400, "`tasks` must be an array of 1 to 100 tasks; it has 101"),
        (json!({"tasks": ["a"]}), 400, "`tasks[0]` must be an object"),
        (
            json!({"tasks": [{"validation_state": "rejected"}]}),
            400,
            "`tasks[0].task_id` is required",
        ),
        (
            json!({"tasks": [decision("a", "suggested")]}),
            400,
            "`suggested` is not one of validated, rejected",
        ),
        (json!({"tasks": [{"task_id": "a"}]}), 400, "`tasks[0].validation_state` is required"),
        (
            json!({"tasks": [decision("a", "rejected"), decision("a", "validated")]}),
            422,
            "`tasks[1].task_id`: `a` occurs twice",
        ),
        (
            json!({"tasks": [{"task_id": "a", "validation_state": "rejected", "why": 1}]}),
            400,
            "`tasks[0].why`",
        ),
        (json!({"tasks": [decision("a", "rejected")], "by": "me"}), 400, "`by`"),
        (json!([]), 400, "JSON object"),
        (
            json!({"tasks": [decision("a", "rejected"), decision("z", "rejected")]}),
            422,
            "the job has no task `z`",
        ),
    ] {
        let answer = patch(&client, J1, &body).await;
        assert_eq!(answer.0, status, "{body}");
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{body}: {found:?}");
    }
    let right = json!({"tasks": [decision("a", "rejected")]});
    assert_eq!(patch(&client, "/job_architecture/jobs/j9/task_profile", &right).await.0, 404);
    assert_eq!(patch(&client, &format!("{J1}?x=1"), &right).await.0, 400);
    assert_eq!(states(&client.get_ok(J1).await), [("a", "validated"), ("b", "suggested")]);
}

#[tokio::test]
async fn feedback_requires_the_write_scope() {
    let mut client = Client::with_jobs(&jobs()).await;
    client.token = client.new_token(json!({"scopes": ["read"]})).await;
    let answer = patch(&client, J1, &json!({"tasks": [decision("a", "rejected")]})).await;
    assert_eq!(answer.0, 403);
    assert!(descriptions(&answer)[0].contains("`write`"));
    client.token = client.new_token(json!({"scopes": ["write"]})).await;
    assert_eq!(client.get(J1).await.0, 403);
}

#[tokio::test]
async fn the_response_to_feedback_can_be_set() {
    let client = Client::with_settings(&jobs(), &["feedback_answer=200", "unknown_task=404"]).await;
    let (status, record) = patch(&client, J1, &json!({"tasks": [decision("a", "rejected")]})).await;
    assert_eq!((status.as_u16(), states(&record)), (200, vec![("b", "suggested")]));
    assert_eq!(patch(&client, J1, &json!({"tasks": [decision("z", "rejected")]})).await.0, 404);
}

#[tokio::test]
async fn feedback_changes_no_other_byte() {
    let line = r#"{"external_id":"j1","tasks":[{"task_id":"a","task":"Émile \"né\" 東京 \u00e9","validation_state":"suggested","weekly_hours":1.30}]}"#;
    let client = Client::with_text(line).await;
    patch(&client, J1, &json!({"tasks": [decision("a", "validated")]})).await;
    let response =
        client.send(Method::GET, &format!("{J1}?include=weekly_hours")).send().await.unwrap();
    assert_eq!(response.text().await.unwrap(), line.replace("suggested", "validated"));
}

#[tokio::test]
async fn concurrent_decisions_are_all_stored() {
    let tasks: Vec<_> = (0..24).map(|number| task(&format!("t{number}"), "suggested")).collect();
    let client = Client::with_jobs(&[json!({"external_id": "j1", "tasks": tasks})]).await;
    let bodies: Vec<_> = (0..24)
        .map(|number| json!({"tasks": [decision(&format!("t{number}"), "validated")]}))
        .collect();
    let all = bodies.iter().map(|body| patch(&client, J1, body));
    for (status, _) in futures_util::future::join_all(all).await {
        assert_eq!(status, 204);
    }
    let profile = client.get_ok(J1).await;
    assert!(states(&profile).iter().all(|(_, state)| *state == "validated"), "{profile}");
}

#[tokio::test]
async fn feedback_at_the_latest_time_keeps_a_valid_date() {
    let job = json!({"external_id": "j", "last_updated": "9999-12-30T22:00:00Z", "tasks": [task("a", "suggested")]});
    let client = Client::with_jobs(&[job]).await;
    let body = json!({"tasks": [decision("a", "validated")]});
    assert_eq!(patch(&client, "/job_architecture/jobs/j/task_profile", &body).await.0, 204);
    let listed = client.get_ok("/job_architecture/jobs/j").await;
    assert!(listed["last_updated"].as_str().unwrap().starts_with("9999-12-30"), "{listed}");
}
