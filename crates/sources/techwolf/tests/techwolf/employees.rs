//! `subject = "employees"`.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use taskferry_sandbox::SandboxOptions;
use taskferry_sdk::{ErrorKind, Shard, SourcePlugin, Subject, read_options};
use taskferry_source_techwolf::TechWolfOptions;
use taskferry_testkit::merged;

use crate::sandbox::{options, read, records, sandbox_with};
use crate::tenant::{Tenant, build, open_in, page, read_all, run_in};

fn employees(more: &Value) -> Value {
    merged(json!({"subject": "employees"}), more)
}

#[tokio::test]
async fn small_pages_return_what_one_page_returns() {
    let sandbox = sandbox_with(45, SandboxOptions::default()).await;
    for format in ["list", "hierarchy"] {
        let more = |limit| {
            employees(&json!({"limit": limit, "response_format": format,
                "include": ["ai_impact", "linked_skills", "weekly_hours", "source_events", "rejected_tasks"]}))
        };
        let (small, whole) = (read(&sandbox, &more(7)).await, read(&sandbox, &more(100)).await);
        let ids = small.jobs();
        assert!(small.pages.len() > whole.pages.len() && ids.len() > 20, "{}", ids.len());
        assert!(ids.iter().all(|id| id.starts_with("employee-")), "{ids:?}");
        assert_eq!(records(&small), records(&whole));
        assert!(records(&whole)[0].to_json().contains("\"source_events\""));
    }
}

#[tokio::test]
async fn active_employees_and_those_who_have_left_are_all_employees() {
    let sandbox = sandbox_with(60, SandboxOptions::default()).await;
    let with = async |filters: Value| -> BTreeSet<String> {
        let listing = read(&sandbox, &employees(&json!({"filters": filters}))).await;
        listing.jobs().into_iter().collect()
    };
    let is_active = |is_active: bool| json!([{"filter": "is_active", "is_active": is_active}]);
    let all = with(json!([])).await;
    let (active, left) = (with(is_active(true)).await, with(is_active(false)).await);
    assert!(!active.is_empty() && !left.is_empty() && active.is_disjoint(&left));
    assert_eq!(active.union(&left).cloned().collect::<BTreeSet<_>>(), all);
}

#[tokio::test]
async fn many_cursors_and_shards_return_what_one_cursor_returns() {
    let sandbox = sandbox_with(150, SandboxOptions::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let options = |more: &Value| options(&sandbox, &employees(more));
    let source = build(&options(&json!({}))).unwrap();
    let mut source = open_in(source, run_in(folder.path())).await;
    let serial = read_all(&mut *source).await.jobs();
    assert!(serial.len() > 200, "{}", serial.len());
    let source = build(&options(&json!({"concurrency": 3}))).unwrap();
    let mut source = open_in(source, run_in(folder.path())).await;
    assert_eq!(read_all(&mut *source).await.jobs(), serial);
    let mut shards = Vec::new();
    for index in 1..=2 {
        let own = tempfile::tempdir().unwrap();
        let mut run = run_in(own.path());
        run.whole_dir = Some(folder.path().to_owned());
        run.shard = Shard::new(index, 2).ok();
        let mut source = open_in(build(&options(&json!({}))).unwrap(), run).await;
        let jobs = read_all(&mut *source).await.jobs();
        assert!(!jobs.is_empty());
        shards.extend(jobs);
    }
    assert_eq!(shards, serial);
    // Cursors of employees are not valid for jobs.
    let log = std::fs::read(folder.path().join("cursors.ndjson")).unwrap();
    let jobs = crate::sandbox::options(&sandbox, &json!({"concurrency": 3}));
    let mut source = open_in(build(&jobs).unwrap(), run_in(folder.path())).await;
    assert_eq!(read_all(&mut *source).await.jobs().len(), 150);
    assert_ne!(std::fs::read(folder.path().join("cursors.ndjson")).unwrap(), log);
}

#[tokio::test]
async fn requests_go_to_the_export_of_employees() {
    let tenant = Tenant::answering([page(&["e1"], Some("e1")), page(&["e2"], None)]).await;
    let filter = json!([{"filter": "is_active", "is_active": false}]);
    let more = employees(&json!({"filters": filter, "include": ["source_events"]}));
    let listing = read_all(&mut *tenant.source(&more).await).await;
    assert_eq!(listing.jobs(), ["e1", "e2"]);
    let exports = tenant.exports();
    let path = "/export/employees/task_profiles?external_vendor=techwolf&response_format=list";
    assert!(exports.iter().all(|request| request.target == path), "{exports:?}");
    assert_eq!(
        serde_json::from_str::<Value>(&exports[1].body).unwrap(),
        json!({"limit": 100, "starting_after": "e1", "include": ["source_events"], "filters": filter})
    );
}

#[tokio::test]
async fn a_listing_of_employees_is_checked_for_progress() {
    let tenant = Tenant::answering([page(&["e1"], Some("e1")), page(&["e1"], None)]).await;
    let error = tenant.error(&employees(&json!({}))).await;
    assert_eq!(error.kind(), ErrorKind::NoProgress);
    assert!(error.full_message().contains("the record `e1` is returned twice"), "{error}");
}

#[test]
fn options_of_the_other_subject_are_errors() {
    let problems = |more: &Value| -> Vec<String> {
        let options = json!({"url": "https://acme.eu3.techwolf.ai", "auth": {"token": "t"}});
        let problems = build(&merged(options, more)).map(drop).unwrap_err();
        assert!(problems.iter().all(|problem| problem.help.is_some()));
        problems.iter().map(|problem| problem.path.to_string()).collect()
    };
    let families = json!({"filter": "job_family_id_is_in_list", "job_family_ids": ["legal"]});
    let active = json!({"filter": "is_active", "is_active": true});
    let mixed = json!({
        "subject": "employees",
        "include": ["ai_impact", "source_data"],
        "filters": [active, families],
        "partition": {"by": "job_family", "values": ["legal"]},
    });
    assert_eq!(problems(&mixed), ["include[1]", "filters[1].filter", "partition"]);
    let mixed = json!({"include": ["source_events"], "filters": [active]});
    assert_eq!(problems(&mixed), ["include[0]", "filters[0].filter"]);
    let url = json!({"url": "https://acme.example/export/employees/task_profiles"});
    let mut options = employees(&url);
    options["auth"] = json!({"token": "t"});
    assert_eq!(build(&options).map(drop).unwrap_err()[0].code, "unexpected-path");
}

#[test]
fn the_source_declares_the_fields_of_employees() {
    let options = json!({"url": "sandbox:", "subject": "employees", "include": ["source_events"]});
    let options: TechWolfOptions = read_options(&options, &[]).unwrap();
    assert_eq!(options.subject(), Subject::Employee);
    let fields = options.fields();
    let advice = |field| fields.tasks.missing(field).map(|missing| missing.hint.unwrap());
    assert_eq!(advice("source_events"), None);
    assert!(advice("source_data").unwrap().contains("`source_events` instead"));
    assert!(fields.own.missing("employee_name").is_none());
    assert!(fields.own.missing("job_name").is_some());
}
