//! Linked skills translated to the vocabulary of a vendor.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use taskferry_sandbox::{Sandbox, SandboxOptions};

use crate::client::{Client, descriptions, file_of, file_with, settings_of};

const SKILLS: [&str; 6] =
    ["Python", "Machine Learning", "Deep Learning", "Triage", "Tableau", "Data Visualization"];

fn job() -> Value {
    let skills: Vec<_> = SKILLS
        .iter()
        .map(|name| json!({"skill_id": format!("id of {name}"), "skill": name}))
        .collect();
    json!({"external_id": "j1", "tasks": [
        {"task_id": "a", "task": "b", "validation_state": "c", "linked_skills": skills},
        {"task_id": "d", "task": "e", "validation_state": "f", "linked_skills": []},
        {"task_id": "g", "task": "h", "validation_state": "i"},
    ]})
}

/// The skills of the first task.
async fn skills(client: &Client, vendor: &str) -> Vec<Value> {
    let query = format!("?external_vendor={vendor}");
    let page = client.page(&query, &json!({"limit": 1, "include": ["linked_skills"]})).await;
    page["records"][0]["tasks"][0]["linked_skills"].as_array().unwrap().clone()
}

/// A sandbox with these jobs and this vocabulary file.
async fn with_vocabulary(jobs: &[Value], vocabulary: &[u8], settings: &[&str]) -> Client {
    let vocabulary = file_with(vocabulary);
    let options = SandboxOptions {
        vocabulary: Some(vocabulary.path().to_owned()),
        settings: settings_of(settings),
        ..SandboxOptions::default()
    };
    Client::serving(&file_of(jobs), options).await
}

fn names(skills: &[Value]) -> Vec<&str> {
    skills.iter().map(|skill| skill["skill"].as_str().unwrap_or("(null)")).collect()
}

#[tokio::test]
async fn skills_have_the_names_and_ids_of_the_vendor() {
    let client = Client::with_jobs(&[job()]).await;
    let own = skills(&client, "techwolf").await;
    assert_eq!(names(&own), SKILLS);
    let workday = skills(&client, "workday").await;
    // Two skills map to one vendor skill, and `Triage` has no counterpart.
    assert_eq!(
        names(&workday),
        ["Python (Programming Language)", "Machine Learning (ML)", "Tableau", "Data Visualization"]
    );
    let sap = skills(&client, "sap_attribute_library").await;
    assert_eq!(names(&sap), ["Python", "Artificial Intelligence", "Data Analytics"]);
    let ids: BTreeSet<_> =
        [own, workday, sap].concat().iter().map(|skill| skill["skill_id"].to_string()).collect();
    assert_eq!(ids.len(), 6 + 4 + 3, "no vendor has the ids of another");
}

#[tokio::test]
async fn a_vendor_does_not_change_tasks() {
    let client = Client::generated(40).await;
    let body = json!({"include": ["ai_impact", "source_data", "weekly_hours"]});
    let own = client.all("", &body, 100).await;
    for vendor in ["workday", "sap_attribute_library"] {
        assert_eq!(client.all(&format!("?external_vendor={vendor}"), &body, 100).await, own);
    }
}

#[tokio::test]
async fn some_generated_skills_have_no_counterpart_and_none_repeats() {
    let client = Client::generated(100).await;
    let body = json!({"include": ["linked_skills"]});
    let mut counts = Vec::new();
    for vendor in ["techwolf", "workday", "sap_attribute_library"] {
        let mut count = 0;
        for record in client.all(&format!("?external_vendor={vendor}"), &body, 100).await {
            for task in record["tasks"].as_array().unwrap() {
                let skills = task["linked_skills"].as_array().unwrap();
                let distinct: BTreeSet<_> = skills.iter().map(Value::to_string).collect();
                assert_eq!(distinct.len(), skills.len(), "{vendor}: {task}");
                count += skills.len();
            }
        }
        counts.push(count);
    }
    assert!(counts[0] > counts[1] && counts[1] > counts[2] && counts[2] > 0, "{counts:?}");
}

#[tokio::test]
async fn skills_without_a_counterpart_are_dropped_kept_or_null() {
    for (setting, expected) in [("drop", None), ("keep", Some("Triage")), ("null", Some("(null)"))]
    {
        let setting = format!("unmapped_skills={setting}");
        let client = Client::with_settings(&[job()], &[&setting]).await;
        let skills = skills(&client, "workday").await;
        let triage = skills.iter().find(|skill| skill["skill_id"] == "id of Triage");
        assert_eq!(
            triage.map(|skill| names(std::slice::from_ref(skill))[0]),
            expected,
            "{setting}"
        );
    }
}

#[tokio::test]
async fn merging_and_harmonizing_of_skills_can_be_set() {
    let client = Client::with_settings(&[job()], &["duplicate_skills=repeat"]).await;
    assert_eq!(names(&skills(&client, "workday").await)[1..3], ["Machine Learning (ML)"; 2]);

    let client = Client::with_settings(&[job()], &["skill_ids=techwolf"]).await;
    let kept = skills(&client, "workday").await;
    assert_eq!(
        kept[1],
        json!({"skill_id": "id of Machine Learning", "skill": "Machine Learning (ML)"})
    );

    let client = Client::with_settings(&[job()], &["skill_mapping=harmonized"]).await;
    let harmonized = skills(&client, "workday").await;
    assert_eq!(names(&harmonized).last(), Some(&"Data Visualization"));
    assert!(
        !names(&harmonized).contains(&"Tableau"),
        "`Tableau` gets its second counterpart, which another skill has"
    );
}

#[tokio::test]
async fn conflicting_ranks_are_resolved_per_skill() {
    let vocabulary = b"vendor,skill,vendor_skill,rank\nworkday,A,X,1\nworkday,A,Y,2\nworkday,B,Y,1\nworkday,B,X,2\n";
    let skills_of = json!([{"skill_id": "a", "skill": "A"}, {"skill_id": "b", "skill": "B"}]);
    let job = json!({"external_id": "j", "tasks": [
        {"task_id": "t", "task": "t", "validation_state": "s", "linked_skills": skills_of}]});
    let settings = ["skill_mapping=harmonized", "duplicate_skills=repeat"];
    let client = with_vocabulary(&[job], vocabulary, &settings).await;
    assert_eq!(names(&skills(&client, "workday").await), ["Y", "Y"]);
}

#[tokio::test]
async fn a_vendor_that_is_not_activated_is_refused_or_ignored() {
    for (setting, status) in [("400", 400), ("403", 403), ("ignore", 200)] {
        let inactive = format!("inactive_vendor={setting}");
        let client =
            Client::with_settings(&[job()], &["vendors=techwolf,workday", &inactive]).await;
        let body = json!({"limit": 1, "include": ["linked_skills"]});
        let answer = client.export("?external_vendor=sap_attribute_library", &body).await;
        assert_eq!(answer.0, status);
        if status == 200 {
            let skills = &answer.1["records"][0]["tasks"][0]["linked_skills"];
            assert_eq!(names(skills.as_array().unwrap()), SKILLS);
        } else {
            let found = descriptions(&answer);
            assert!(
                found[0].contains(
                    "`sap_attribute_library` is not activated on this tenant, only techwolf,workday"
                ),
                "{found:?}"
            );
        }
        assert_eq!(client.export("?external_vendor=workday", &body).await.0, 200);
    }
}

#[tokio::test]
async fn a_vocabulary_file_overrides_the_built_in_one() {
    let vocabulary = b"vendor,skill,vendor_skill,vendor_skill_id,rank\n\
        workday,Python,Snake,w2,2\nworkday,Python,Serpent,w1,1\nworkday,Triage,Sorting,,\n";
    let client = with_vocabulary(&[job()], vocabulary, &[]).await;
    let workday = skills(&client, "workday").await;
    assert_eq!(workday[0], json!({"skill_id": "w1", "skill": "Serpent"}));
    assert_eq!(names(&workday), ["Serpent", "Sorting"]);
    assert_eq!(
        skills(&client, "sap_attribute_library").await.len(),
        3,
        "a vendor outside of the file keeps its built-in vocabulary"
    );
}

#[tokio::test]
async fn a_skill_is_looked_up_by_id_then_by_name_and_gets_the_lowest_rank() {
    let vocabulary = b"rank,vendor,skill_id,skill,vendor_skill,vendor_skill_id\n\
        ,workday,s1,,Last,\n2,workday,s1,,Second,w2\n1,workday,s1,Python,First,w1\n\
        3,workday,s2,,By Id,\n1,workday,,Rust,By Name,\n";
    let skill = |id: &str, name: &str| json!({"skill_id": id, "skill": name});
    let skills_of = [skill("s1", "x"), skill("s2", "Rust"), skill("s3", "Rust"), skill("s3", "C")];
    let job = json!({"external_id": "j", "tasks": [
        {"task_id": "t", "task": "t", "validation_state": "s", "linked_skills": skills_of}]});
    let client = with_vocabulary(&[job], vocabulary, &[]).await;
    assert_eq!(names(&skills(&client, "workday").await), ["First", "By Id", "By Name"]);
}

#[test]
fn an_invalid_vocabulary_is_reported_with_its_line() {
    let error = |path: &Path| {
        let vocabulary = Some(path.to_owned());
        let options = SandboxOptions { vocabulary, ..SandboxOptions::default() };
        Sandbox::load(options).unwrap_err().to_string()
    };
    let missing = "vendor,skill\r\n";
    let repeated = "vendor,skill,vendor_skill,skill,note,note\n";
    let open = "vendor,skill,vendor_skill\n\"workday,A,B\n";
    let row = |row: &str| format!("vendor,skill,vendor_skill,rank\r\n,,,\nworkday,A,B,1\n{row}\n");
    for (text, line, says) in [
        (format!("\r\n{missing}"), 2, "the column `vendor_skill` is missing; "),
        (repeated.to_owned(), 1, "duplicate column `skill`"),
        (open.to_owned(), 2, "is not closed"),
        (row("workday,A"), 4, "the row has 2 columns"),
        (row("oracle,A,B,1"), 4, "the vendor `oracle`"),
        (row("techwolf,A,B,1"), 4, "the vendor `techwolf`"),
        (row("workday,,B,1"), 4, "`skill_id` and `skill` are both empty"),
        (row("workday,A,,1"), 4, "`vendor_skill` is empty"),
        (row("workday,A,B,x"), 4, "the rank `x`"),
    ] {
        let file = file_with(text.as_bytes());
        let message = error(file.path());
        assert!(message.starts_with(&format!("line {line} of the vocabulary")), "{message}");
        assert!(message.contains(says), "{message}");
    }
    let message = error(Path::new("no/such/file"));
    assert!(message.starts_with("the vocabulary `no/such/file` can't be opened"), "{message}");
}
