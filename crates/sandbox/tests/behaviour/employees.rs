//! The export of employees.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::client::{Client, descriptions, full_task};

#[tokio::test]
async fn the_tasks_of_an_employee_are_those_of_a_job() {
    let client = Client::generated(40).await;
    let jobs = client
        .all("", &json!({"include": ["ai_impact", "linked_skills", "weekly_hours"]}), 100)
        .await;
    let known: HashMap<String, Value> = jobs
        .iter()
        .flat_map(|job| job["tasks"].as_array().unwrap())
        .map(|task| (task["task_id"].to_string(), task["task"].clone()))
        .collect();
    let client = client.of_employees();
    let include =
        json!({"include": ["ai_impact", "linked_skills", "weekly_hours", "source_events"]});
    let employees = client.all("", &include, 100).await;
    assert!((30..=90).contains(&employees.len()), "{}", employees.len());
    assert_eq!(employees[0]["external_id"], "employee-000001");
    let mut events = 0;
    for task in employees.iter().flat_map(|employee| employee["tasks"].as_array().unwrap()) {
        assert_eq!(known.get(&task["task_id"].to_string()), Some(&task["task"]));
        for event in task["source_events"].as_array().unwrap() {
            let keys: Vec<_> = event.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["external_id", "event_type"]);
            events += 1;
        }
        assert!(task.get("source_data").is_none());
    }
    assert!(events > 0);
    assert!(employees.iter().any(|employee| employee["tasks"] == json!([])));
}

#[tokio::test]
async fn every_subset_of_include_adds_exactly_its_attributes() {
    const ATTRIBUTES: [&str; 5] =
        ["ai_impact", "source_events", "linked_skills", "rejected_tasks", "weekly_hours"];
    let mut rejected = full_task("b", &Value::Null);
    rejected["validation_state"] = "rejected".into();
    let tasks = json!([full_task("a", &Value::Null), rejected]);
    let jobs: Vec<_> =
        (0..4).map(|number| json!({"external_id": number.to_string(), "tasks": tasks})).collect();
    let client = Client::with_jobs(&jobs).await.of_employees();
    for subset in 0..1_u32 << ATTRIBUTES.len() {
        let include: Vec<_> = (0..ATTRIBUTES.len())
            .filter(|bit| subset & (1 << bit) != 0)
            .map(|bit| ATTRIBUTES[bit])
            .collect();
        let employees = client.all("", &json!({"include": include}), 100).await;
        let tasks: Vec<_> =
            employees.iter().flat_map(|employee| employee["tasks"].as_array().unwrap()).collect();
        let has_rejected = tasks.iter().any(|task| task["validation_state"] == "rejected");
        assert_eq!(has_rejected, include.contains(&"rejected_tasks"), "{include:?}");
        let attributes = ["weekly_hours", "ai_impact", "linked_skills", "source_events"];
        let expected: Vec<_> = ["task_id", "task", "validation_state"]
            .into_iter()
            .chain(attributes.into_iter().filter(|attribute| include.contains(attribute)))
            .collect();
        for task in tasks {
            let keys: Vec<_> = task.as_object().unwrap().keys().collect();
            assert_eq!(keys, expected);
        }
    }
}

#[tokio::test]
async fn employees_are_ordered_by_creation_and_a_cursor_continues_after_an_employee() {
    let client = Client::generated(40).await.of_employees();
    let employees = client.all("", &json!({}), 100).await;
    let ids: Vec<_> =
        employees.iter().map(|employee| employee["external_id"].as_str().unwrap()).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for (index, id) in ids.iter().enumerate() {
        let (_, page) = client.export("", &json!({"limit": 1, "starting_after": id})).await;
        let next = page["records"][0]["external_id"].as_str();
        assert_eq!(next, ids.get(index + 1).copied());
        let has_next = index + 2 < ids.len();
        assert_eq!(page["has_next"], has_next);
        assert_eq!(page.get("next_starting_after").is_some(), has_next);
    }
}

#[tokio::test]
async fn both_formats_contain_the_same_tasks_of_an_employee() {
    let client = Client::generated(20).await.of_employees();
    let list = client.all("", &json!({}), 100).await;
    let hierarchy = client.all("?response_format=hierarchy", &json!({}), 100).await;
    assert_eq!(list.len(), hierarchy.len());
    for (list, hierarchy) in list.iter().zip(&hierarchy) {
        assert_eq!(list["external_id"], hierarchy["external_id"]);
        assert!(hierarchy["domains"].is_array());
        let count = |record: &Value| record.to_string().matches(r#""task_id""#).count();
        assert_eq!(count(list), count(hierarchy));
    }
}

#[tokio::test]
async fn pages_of_employees_add_up_in_every_format() {
    let client = Client::generated(40).await.of_employees();
    for query in ["", "?response_format=hierarchy", "?external_vendor=workday"] {
        let body = json!({"include": ["linked_skills", "source_events"]});
        assert_eq!(client.all(query, &body, 7).await, client.all(query, &body, 100).await);
    }
}

#[tokio::test]
async fn the_filter_is_active_selects_employees() {
    let client = Client::generated(200).await.of_employees();
    let count =
        async |filters: Value| client.all("", &json!({"filters": filters}), 100).await.len();
    let is_active = |yes: bool| json!({"filter": "is_active", "is_active": yes});
    let (everyone, active, inactive) = (
        count(json!([])).await,
        count(json!([is_active(true)])).await,
        count(json!([is_active(false)])).await,
    );
    assert_eq!(everyone, active + inactive);
    assert!(inactive > 0 && active > inactive * 4, "{active} {inactive}");
    assert_eq!(count(json!([is_active(true), is_active(false)])).await, 0);
}

#[tokio::test]
async fn the_setting_unfiltered_employees_selects_employees() {
    let jobs: Vec<_> =
        (0..60).map(|id| json!({"external_id": id.to_string(), "tasks": []})).collect();
    let is_active = |yes: bool| json!({"filters": [{"filter": "is_active", "is_active": yes}]});
    let everyone = Client::with_settings(&jobs, &[]).await.of_employees();
    let client =
        Client::with_settings(&jobs, &["unfiltered_employees=active"]).await.of_employees();
    let (active, inactive) = (
        everyone.all("", &is_active(true), 100).await,
        everyone.all("", &is_active(false), 100).await,
    );
    assert!(!inactive.is_empty());
    assert_eq!(everyone.all("", &json!({}), 100).await.len(), active.len() + inactive.len());
    assert_eq!(client.all("", &json!({}), 7).await, active);
    assert_eq!(client.all("", &json!({"filters": []}), 100).await, active);
    assert_eq!(client.all("", &is_active(false), 100).await, inactive);
}

#[tokio::test]
async fn an_invalid_employee_request_is_reported() {
    let client = Client::generated(5).await.of_employees();
    for (body, status, says) in [
        (json!({}), 400, "`limit` is required"),
        (json!({"limit": 101}), 400, "`limit` must be a whole number from 1 to 100; it is `101`"),
        (
            json!({"limit": 5, "starting_after": "x".repeat(101)}),
            400,
            "`starting_after` must be a text of 1 to 100 characters",
        ),
        (
            json!({"limit": 5, "include": ["source_data"]}),
            400,
            "`source_data` is not one of ai_impact, source_events",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "last_updated", "value": "2022-01-01", "operator": "lt"}]}),
            400,
            "`last_updated` is not supported; the supported filters are `is_active`",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "is_active"}]}),
            400,
            "`filters[0].is_active` is required",
        ),
        (
            json!({"limit": 5, "filters": [{"filter": "is_active", "is_active": "yes"}]}),
            400,
            "it is `yes`",
        ),
        (
            json!({"limit": 5, "starting_after": "job-000001"}),
            404,
            "no employee with the external_id `job-000001`",
        ),
    ] {
        let answer = client.export("", &body).await;
        assert_eq!(answer.0, status, "{body}");
        let found = descriptions(&answer);
        assert!(found.len() == 1 && found[0].contains(says), "{body}: {found:?}");
    }
}

#[tokio::test]
async fn a_task_rejected_for_a_job_is_rejected_for_its_employees() {
    let tasks: Vec<_> =
        (0..12).map(|number| crate::client::task(&format!("t{number}"), "validated")).collect();
    let jobs: Vec<_> =
        (0..6).map(|number| json!({"external_id": format!("j{number}"), "tasks": tasks})).collect();
    let client = Client::with_jobs(&jobs).await.of_employees();
    let before = client.all("", &json!({}), 100).await;
    let count = |employees: &[Value]| {
        employees.iter().map(|employee| employee["tasks"].as_array().unwrap().len()).sum::<usize>()
    };
    assert!(count(&before) > 20);
    for number in 0..6 {
        let decisions: Vec<_> = (0..12)
            .map(|task| json!({"task_id": format!("t{task}"), "validation_state": "rejected"}))
            .collect();
        let path = format!("/job_architecture/jobs/j{number}/task_profile");
        let request = client.send(reqwest::Method::PATCH, &path).json(&json!({"tasks": decisions}));
        assert_eq!(request.send().await.unwrap().status(), 204);
    }
    let after = client.all("", &json!({}), 100).await;
    assert_eq!((count(&after), after.len()), (0, before.len()));
    let rejected = client.all("", &json!({"include": ["rejected_tasks"]}), 100).await;
    assert_eq!(count(&rejected), count(&before));
}
