//! Values that are no tasks, and fields that are not checked.

use serde_json::{Value, json};
use taskferry_json::Document;
use taskferry_profile::Profile;

/// A job with an id.
fn document(mut job: Value) -> Document {
    job["external_id"] = json!("j");
    Document::parse(job.to_string()).unwrap()
}

#[test]
fn invalid_tasks_and_branches_are_found_at_any_depth() {
    let task = json!({"task_id": 1});
    for (job, message) in [
        (json!({"external_id": "j", "tasks": "x"}), "`tasks` is a string, not a list of tasks"),
        (json!({"external_id": "j", "tasks": 3}), "`tasks` is a number, not a list of tasks"),
        (json!({"external_id": "j", "tasks": false}), "`tasks` is a boolean, not a list of tasks"),
        (json!({"external_id": "j", "tasks": {}}), "`tasks` is an object, not a list of tasks"),
        (json!({"tasks": {"a": {"name": "x"}}}), "`tasks` is an object, not a list of tasks"),
        (json!({"tasks": [task, "x"]}), "`tasks[1]` is a string, not a task or a branch"),
        (json!({"tasks": [null]}), "`tasks[0]` is null, not a task or a branch"),
        (json!({"tasks": [[task]]}), "`tasks[0]` is a list, not a task or a branch"),
        (
            json!({"tasks": [task, {"task": "?"}]}),
            "`tasks[1]` is an object, not a task: it has no `task_id`",
        ),
        (
            json!({"external_id": "j", "domains": "x"}),
            "`domains` is a string, not a branch of the hierarchy",
        ),
        (json!({"domains": ["x"]}), "`domains[0]` is a string, not a task or a branch"),
        (
            json!({"domains": {"Finance": 7}}),
            "`domains.Finance` is a number, not a branch of the hierarchy",
        ),
        (
            json!({"hierarchy": {"Tech": {"tasks": 1}}}),
            "`hierarchy.Tech.tasks` is a number, not a list of tasks",
        ),
        (
            json!({"hierarchy": {"Tech": ["x"]}}),
            "`hierarchy.Tech[0]` is a string, not a task or a branch",
        ),
        (
            json!({"domains": [{"domain": "A", "tasks": [task]}, {"domain": "B", "tasks": "x"}]}),
            "`domains[1].tasks` is a string, not a list of tasks",
        ),
        (
            json!({"domains": [{"domain": "A", "clusters": [{"cluster": "C", "tasks": [{"task": "?"}]}]}]}),
            "`domains[0].clusters[0].tasks[0]` is an object, not a task: it has no `task_id`",
        ),
        (
            json!({"tree": [{"name": "A", "children": "x"}]}),
            "`tree[0].children` is a string, not a branch of the hierarchy",
        ),
        (
            json!({"task_profile": {"domain": {"name": "A", "tasks": [task], "clusters": true}}}),
            "`task_profile.domain.clusters` is a boolean, not a branch of the hierarchy",
        ),
    ] {
        let document = document(job);
        let mismatch = Profile::of(document.root()).unwrap_err();
        assert_eq!(mismatch.to_string(), message, "{document:?}");
    }
}

#[test]
fn other_fields_are_ignored_and_null_counts_as_an_empty_list() {
    let task = json!({"task_id": 1});
    for (job, has_null) in [
        (json!({"external_id": "j"}), false),
        (json!({"external_id": "j", "tasks": []}), false),
        (json!({"external_id": "j", "tasks": null}), true),
        (
            json!({"external_id": "j", "domain": "Tech", "statistics": {"tasks": 5}, "levels": 3, "number_of_tasks": 5, "tasks": []}),
            false,
        ),
        (
            json!({"domains": [{"domain": "A", "tasks": null, "clusters": null}, {"domain": "B", "level": "domain", "tasks": [task]}]}),
            true,
        ),
        (json!({"hierarchy": {"name": "Ours", "version": 3, "domains": []}}), false),
        (json!({"hierarchy": {"domain": "Tech", "subdomain": "Software"}}), false),
        (json!({"hierarchy": {"Tech": null, "Law": [task]}}), true),
    ] {
        let document = document(job);
        let Profile::Job(job) = Profile::of(document.root()).unwrap() else { panic!("a row") };
        assert_eq!(job.has_null_tasks(), has_null, "{document:?}");
    }
    let row = Document::parse(r#"{"task_id": 1, "tasks": "a row says what it likes"}"#).unwrap();
    assert!(matches!(Profile::of(row.root()), Ok(Profile::Row(_))));
}
