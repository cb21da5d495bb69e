//! The shape of exported records.

use serde_json::{Value, json};

use crate::client::{Client, INCLUDE, full_task, place, task};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_bare_record_has_an_id_and_bare_tasks() {
    let client = Client::with_jobs(&[json!({
        "external_id": "j1", "job_name": "Nurse", "job_family_id": "care", "job_family_name": "Care", "since": 1999,
        "tasks": [full_task("a", &place("d", "s", "c", "t"))],
    })])
    .await;
    let page = client.page("", &json!({"limit": 100})).await;
    assert_eq!(
        page,
        json!({"has_next": false, "records": [{"external_id": "j1", "tasks": [
        {"task_id": "a", "task": "Do the a work", "validation_state": "validated"}], "since": 1999}]}),
        "names and families are in another listing, and unknown fields are kept"
    );
}

#[tokio::test]
async fn every_subset_of_include_adds_exactly_its_fields() {
    let mut rejected = full_task("b", &Value::Null);
    rejected["validation_state"] = "rejected".into();
    let client = Client::with_jobs(&[
        json!({"external_id": "j1", "tasks": [full_task("a", &Value::Null), rejected]}),
    ])
    .await;
    for subset in 0..1_u32 << INCLUDE.len() {
        let include: Vec<_> = INCLUDE
            .iter()
            .enumerate()
            .filter(|(bit, _)| subset & (1 << bit) != 0)
            .map(|(_, name)| *name)
            .collect();
        let page = client.page("", &json!({"limit": 1, "include": include})).await;
        let tasks = page["records"][0]["tasks"].as_array().unwrap();
        assert_eq!(
            tasks.len(),
            if include.contains(&"rejected_tasks") { 2 } else { 1 },
            "{include:?}"
        );
        // The keys are in the order of TechWolf's example.
        let members = ["weekly_hours", "ai_impact", "linked_skills", "source_data"];
        let expected: Vec<_> = ["task_id", "task", "validation_state"]
            .into_iter()
            .chain(members.into_iter().filter(|member| include.contains(member)))
            .collect();
        for task in tasks {
            assert_eq!(keys(task), expected);
        }
    }
}

#[tokio::test]
async fn an_included_field_without_data_is_absent() {
    let mut with_null = task("b", "suggested");
    with_null["weekly_hours"] = Value::Null;
    let client = Client::with_jobs(&[
        json!({"external_id": "j1", "tasks": [task("a", "new state"), with_null]}),
    ])
    .await;
    let page = client.page("", &json!({"limit": 1, "include": INCLUDE})).await;
    let tasks = page["records"][0]["tasks"].as_array().unwrap();
    assert_eq!(keys(&tasks[0]), ["task_id", "task", "validation_state", "linked_skills"]);
    assert_eq!(tasks[0]["linked_skills"], json!([]), "as the setting `no_skills` says");
    assert_eq!(tasks[0]["validation_state"], "new state");
    assert_eq!(tasks[1]["weekly_hours"], Value::Null);
    assert!(keys(&tasks[1]).contains(&"weekly_hours"), "a null of the data is passed on");
}

#[tokio::test]
async fn numbers_and_strings_are_served_unchanged() {
    let hours = ["5", "1.3", "1.30", "0.1234567890123456789", "100000000000000000000001", "2e3"];
    let tasks: Vec<_> = hours
        .iter()
        .enumerate()
        .map(|(index, hours)| {
            format!(r#"{{"task_id":"t{index}","task":"Émile \"né\" 東京 \u00e9","validation_state":"x","weekly_hours":{hours}}}"#)
        })
        .collect();
    let line = format!(r#"{{"external_id":"j1","tasks":[{}]}}"#, tasks.join(","));
    let client = Client::with_text(&line).await;
    let body = json!({"limit": 1, "include": ["weekly_hours"]});
    let text = client.request("").json(&body).send().await.unwrap().text().await.unwrap();
    assert_eq!(text, format!(r#"{{"has_next":false,"records":[{line}]}}"#));
}

#[tokio::test]
async fn a_full_record_matches_the_documented_example() {
    let line = r#"{"external_id":"7d0c6a1e-51f1-4b8e-9d0a-0e6d7d1f3b55","tasks":[{"task_id":"label-training-data","task":"Label training data","validation_state":"validated","weekly_hours":7,"ai_impact":{"level":"H2","rationale":"Most labels can be proposed"},"linked_skills":[{"skill_id":"1c7a-1","skill":"Data Quality"},{"skill_id":"1c7a-2","skill":"Python"}],"source_data":[{"external_id":"7d0c6a1e"}]},{"task_id":"present-findings","task":"Present findings to the team","validation_state":"suggested","ai_impact":{"level":"H4","rationale":"People want to ask"},"linked_skills":[{"skill_id":"1c7a-3","skill":"Public Speaking"}],"source_data":[{"external_id":"7d0c6a1e"}]}]}"#;
    let client = Client::with_text(line).await;
    let body = json!({"limit": 10, "include": INCLUDE});
    let response = client.request("").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.text().await.unwrap(),
        format!(r#"{{"has_next":false,"records":[{line}]}}"#)
    );
}

#[tokio::test]
async fn a_job_without_tasks_is_kept() {
    let jobs = [
        json!({"external_id": "j1", "tasks": []}),
        json!({"external_id": "j2", "tasks": [task("a", "rejected")]}),
    ];
    let client = Client::with_jobs(&jobs).await;
    let list =
        client.page("?response_format=list&external_vendor=techwolf", &json!({"limit": 9})).await;
    let empty = |id: &str| json!({"external_id": id, "tasks": []});
    assert_eq!(list["records"], json!([empty("j1"), empty("j2")]));
    let tree = client.page("?response_format=hierarchy", &json!({"limit": 9})).await;
    let empty = |id: &str| json!({"external_id": id, "domains": []});
    assert_eq!(tree["records"], json!([empty("j1"), empty("j2")]));
}

#[tokio::test]
async fn a_hierarchy_record_nests_tasks_in_order_of_first_appearance() {
    let tasks = [
        full_task("a", &place("Law", "Contracts", "Review", "Check terms")),
        full_task("b", &Value::Null),
        full_task("c", &place("Care", "Nursing", "Wards", "Comfort")),
        full_task("d", &place("Law", "Contracts", "Review", "Mark up")),
        full_task("e", &place("Law", "Courts", "Review", "Check terms")),
        full_task("f", &place("Law", "Contracts", "Review", "Check terms")),
    ];
    let client = Client::with_jobs(&[json!({"external_id": "j1", "tasks": tasks})]).await;
    let page = client
        .page("?response_format=hierarchy", &json!({"limit": 1, "include": ["weekly_hours"]}))
        .await;
    let task = |id: &str| json!({"task_id": id, "task": format!("Do the {id} work"), "validation_state": "validated", "weekly_hours": 5});
    let expected = json!({
        "external_id": "j1",
        "domains": [
            {"domain": "Law", "subdomains": [
                {"subdomain": "Contracts", "clusters": [{"cluster": "Review", "canonical_tasks": [
                    {"canonical_task": "Check terms", "tasks": [task("a"), task("f")]},
                    {"canonical_task": "Mark up", "tasks": [task("d")]},
                ]}]},
                {"subdomain": "Courts", "clusters": [{"cluster": "Review", "canonical_tasks": [
                    {"canonical_task": "Check terms", "tasks": [task("e")]},
                ]}]},
            ]},
            {"domain": "Care", "subdomains": [{"subdomain": "Nursing", "clusters": [{"cluster": "Wards",
                "canonical_tasks": [{"canonical_task": "Comfort", "tasks": [task("c")]}]}]}]},
        ],
        "tasks": [task("b")],
    });
    assert_eq!(page["records"][0].to_string(), expected.to_string());
}

#[tokio::test]
async fn both_formats_contain_the_same_tasks() {
    let client = Client::generated(60).await;
    let body = json!({"include": INCLUDE});
    let list = client.all("", &body, 100).await;
    let tree = client.all("?response_format=hierarchy", &body, 100).await;
    assert_eq!(list.len(), tree.len());
    for (list, tree) in list.iter().zip(&tree) {
        let mut flat = list["tasks"].as_array().unwrap().clone();
        let mut nested = Vec::new();
        collect_tasks(tree, &mut nested);
        for tasks in [&mut flat, &mut nested] {
            tasks.sort_by_key(|task| task["task_id"].to_string());
        }
        assert_eq!(flat, nested);
    }
}

fn collect_tasks(value: &Value, found: &mut Vec<Value>) {
    match value {
        Value::Object(members) if members.contains_key("task_id") => found.push(value.clone()),
        Value::Object(members) => members.values().for_each(|member| collect_tasks(member, found)),
        Value::Array(items) => items.iter().for_each(|item| collect_tasks(item, found)),
        _ => {}
    }
}
