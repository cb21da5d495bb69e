//! Tasks are found in every layout of a record.

use std::convert::Infallible;

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_json::{Document, Node};

use taskferry_profile::{Job, Level, Profile, visit_linked_skills};

fn document(record: &Value) -> Document {
    Document::parse(record.to_string()).unwrap()
}

fn job(record: &Document) -> Job<'_> {
    match Profile::of(record.root()) {
        Ok(Profile::Job(job)) => job,
        other => panic!("{other:?}"),
    }
}

fn id(task: Node<'_>) -> String {
    task.get("task_id").unwrap().to_value().unwrap().to_string()
}

/// The id of every task with the labels of its branch, `level: label`.
fn paths(record: &Value) -> Vec<String> {
    let record = document(record);
    let mut found = Vec::new();
    let Ok(()) = job(&record).visit_tasks(|task, branch| {
        let mut path: Vec<String> = branch
            .iter()
            .map(|level| format!("{}={}", level.name(), level.label().unwrap_or("?".into())))
            .collect();
        path.push(id(task));
        found.push(path.join(" > "));
        Ok::<(), Infallible>(())
    });
    found
}

/// The record with only the tasks with these ids.
fn retain(record: &Value, ids: &[&str]) -> Value {
    let record = document(record);
    let mut edit = record.edit();
    let keep = |task| Ok::<_, Infallible>(ids.contains(&id(task).as_str()));
    let Ok(_) = job(&record).retain_tasks(&mut edit, keep);
    serde_json::from_slice(edit.finish().as_bytes()).unwrap()
}

const FULL: &str =
    "domain=Tech > subdomain=Software > cluster=Testing > canonical_task=Test it > 1";

#[test]
fn the_tasks_of_a_list_record_have_no_branch() {
    let job = json!({"external_id": "j", "tasks": [{"task_id": 1}, {"task_id": 2, "hierarchy": {"domains": [{"task_id": 3}]}}]});
    assert_eq!(paths(&job), ["1", "2"]);
}

#[test]
fn every_plausible_layout_gives_the_same_levels() {
    let task = json!({"task_id": 1});
    let layouts = [
        json!({"domains": [{"domain": "Tech", "subdomains": [{"subdomain": "Software", "clusters": [{"cluster": "Testing", "canonical_tasks": [{"canonical_task": "Test it", "tasks": [task]}]}]}]}]}),
        json!({"hierarchy": {"domains": [{"domain_name": "Tech", "subdomains": [{"subdomain_name": "Software", "clusters": [{"cluster_name": "Testing", "canonical_tasks": [{"canonical_task_name": "Test it", "tasks": [task]}]}]}]}]}}),
        json!({"hierarchy": [{"name": "Tech", "level": "domain", "children": [{"name": "Software", "level": "subdomain", "children": [{"name": "Testing", "level": "cluster", "children": [{"name": "Test it", "level": "canonical_task", "tasks": [task]}]}]}]}]}),
        json!({"hierarchy": {"name": "Tech", "level": "Domain", "children": [{"name": "Software", "children": [{"title": "Testing", "children": [{"label": "Test it", "tasks": [task]}]}]}]}}),
        json!({"hierarchy": {"Tech": {"Software": {"Testing": {"Test it": {"tasks": [task]}}}}}}),
        json!({"hierarchy": {"Tech": {"Software": {"Testing": {"Test it": [task]}}}}}),
        json!({"domains": {"Tech": {"subdomains": {"Software": {"clusters": {"Testing": {"canonical_tasks": {"Test it": {"tasks": [task]}}}}}}}}}),
        json!({"task_profile": {"domain": {"id": "d", "name": "Tech", "subdomain": {"name": "Software", "cluster": {"name": "Testing", "canonical_task": {"name": "Test it", "tasks": [task]}}}}}}),
        json!({"tree": [{"what": "Tech", "nodes": [{"what": "Software", "nodes": [{"what": "Testing", "nodes": [{"what": "Test it", "nodes": [task]}]}]}]}]}),
        json!({"hierarchy": {"name": "Our taxonomy", "domains": [{"name": "Tech", "subdomains": [{"name": "Software", "clusters": [{"name": "Testing", "canonical_tasks": [{"name": "Test it", "tasks": [task]}]}]}]}]}}),
    ];
    for layout in layouts {
        assert_eq!(paths(&layout), [FULL], "{layout}");
    }
}

#[test]
fn a_job_with_a_task_id_is_a_job() {
    let job =
        json!({"external_id": "j", "task_id": "own", "tasks": [{"task_id": 1}, {"task_id": 2}]});
    assert_eq!(paths(&job), ["1", "2"]);
    assert_eq!(retain(&job, &["2"])["tasks"], json!([{"task_id": 2}]));
    for row in [json!({"external_id": "x", "task_id": 1}), json!({"tasks": [], "task_id": 1})] {
        assert!(matches!(Profile::of(document(&row).root()), Ok(Profile::Row(_))));
    }
}

#[test]
fn an_omitted_level_leaves_a_gap() {
    let job = json!({"domains": [{"domain": "Tech", "clusters": [{"cluster": "Testing", "tasks": [{"task_id": 1}]}], "tasks": [{"task_id": 2}]}]});
    assert_eq!(paths(&job), ["domain=Tech > cluster=Testing > 1", "domain=Tech > 2"]);
}

#[test]
fn levels_beyond_the_fourth_are_counted() {
    let job = json!({"hierarchy": {"A": {"B": {"C": {"D": {"E": [{"task_id": 1}]}}}}}});
    assert_eq!(
        paths(&job),
        ["domain=A > subdomain=B > cluster=C > canonical_task=D > level_5=E > 1"]
    );
}

#[test]
fn a_node_without_a_label_keeps_its_level() {
    let job = json!({"domains": [{"domain_id": "d1", "tasks": [{"task_id": 1}]}]});
    assert_eq!(paths(&job), ["domain=? > 1"]);
}

#[test]
fn extra_fields_of_a_node_are_kept() {
    let job = json!({"domains": [{"name": "Tech", "id": 7, "domain_code": "T", "level": "domain", "tags": ["a"], "tasks": [{"task_id": 1}], "clusters": []}]});
    let record = document(&job);
    let Ok(()) = self::job(&record).visit_tasks(|_, branch| {
        let extras: Vec<(String, Value)> = branch
            .iter()
            .flat_map(Level::extras)
            .map(|(key, value)| (key.to_string(), value.to_value().unwrap()))
            .collect();
        let expected =
            [("domain_id", json!(7)), ("domain_code", json!("T")), ("domain_tags", json!(["a"]))];
        assert_eq!(extras, expected.map(|(key, value)| (key.to_owned(), value)));
        Ok::<(), Infallible>(())
    });
}

#[test]
fn only_branches_without_tasks_are_pruned() {
    let job = json!({
        "external_id": "j", "meta": {"tags": []}, "domains": [
            {"domain": "A", "note": {"x": []}, "clusters": [
                {"cluster": "A1", "tasks": [{"task_id": 1}]}, {"cluster": "A2", "tasks": [{"task_id": 2}]},
                {"cluster": "A3", "tasks": []}]},
            {"domain": "B", "tasks": [{"task_id": 3}]}]});
    let expected = json!({
        "external_id": "j", "meta": {"tags": []}, "domains": [
            {"domain": "A", "note": {"x": []}, "clusters": [
                {"cluster": "A1", "tasks": [{"task_id": 1}]}, {"cluster": "A3", "tasks": []}]}]});
    assert_eq!(retain(&job, &["1"]), expected);
}

#[test]
fn empty_lists_of_the_job_are_kept() {
    for (job, empty) in [
        (json!({"a": 1, "tasks": [{"task_id": 1}]}), json!({"a": 1, "tasks": []})),
        (
            json!({"hierarchy": {"domains": [{"name": "A", "tasks": [{"task_id": 1}]}]}}),
            json!({"hierarchy": {"domains": []}}),
        ),
        (json!({"hierarchy": {"A": {"tasks": [{"task_id": 1}]}}}), json!({"hierarchy": {}})),
    ] {
        assert_eq!(retain(&job, &[]), empty);
    }
}

#[test]
fn skills_are_found_at_any_depth() {
    let record = json!({"linked_skills": [1], "a": [{"tasks": {"linked_skills": [{"linked_skills": 2}]}}],
        "b": {"linked_skills": "no"}});
    let (record, mut seen) = (document(&record), Vec::new());
    let stop = visit_linked_skills(record.root(), &mut |skills| {
        seen.push(skills.to_value().unwrap());
        if skills.as_str().is_some() { Err("no list") } else { Ok(()) }
    });
    assert_eq!(seen, [json!([1]), json!([{"linked_skills": 2}]), json!("no")]);
    assert_eq!(stop, Err("no list"));
}

#[test]
fn tasks_are_read_at_every_valid_depth() {
    let mut deep = json!({"task_id": 1, "linked_skills": [{}]});
    for _ in 0..60 {
        deep = json!([{"children": deep}]);
    }
    let job = json!({"external_id": "j", "hierarchy": deep});
    assert_eq!(paths(&job), ["1"]);
    assert_eq!(retain(&job, &[]), json!({"external_id": "j", "hierarchy": []}));
    let record = document(&job);
    assert_eq!(visit_linked_skills(record.root(), &mut |_| Err("found")), Err("found"));
}

fn anything() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        Just("task_id"),
        Just("tasks"),
        Just("domains"),
        Just("domain"),
        Just("name"),
        Just("level"),
        Just("hierarchy"),
        Just("children"),
        Just("external_id"),
        Just("linked_skills"),
        Just("x"),
        Just("Größe"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..5).prop_map(|members| {
                members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
        ]
    })
}

/// The ids of all tasks in a tree.
fn ids(value: &Value) -> Vec<String> {
    match value {
        Value::Object(task) if task.contains_key("task_id") => vec![task["task_id"].to_string()],
        Value::Object(members) => members.values().flat_map(ids).collect(),
        Value::Array(items) => items.iter().flat_map(ids).collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn every_task_is_visited_exactly_once(record in anything()) {
        let parsed = document(&record);
        let Ok(Profile::Job(job)) = Profile::of(parsed.root()) else { return Ok(()) };
        let expected: Vec<String> =
            record.as_object().into_iter().flatten().flat_map(|(_, member)| ids(member)).collect();
        let mut visited = Vec::new();
        let Ok(()) = job.visit_tasks(|task, branch| {
            branch.iter().for_each(|level| _ = level.extras());
            visited.push(id(task));
            Ok::<(), Infallible>(())
        });
        prop_assert_eq!(&visited, &expected);
        let mut edit = parsed.edit();
        prop_assert_eq!(job.retain_tasks(&mut edit, |_| Ok::<_, Infallible>(true)), Ok(expected.len()));
        prop_assert!(edit.is_empty());
        let Ok(kept) = job.retain_tasks(&mut edit, |task| Ok::<_, Infallible>(id(task).starts_with('"')));
        let left: Value = serde_json::from_slice(edit.finish().as_bytes()).unwrap();
        let left: Vec<String> = left.as_object().into_iter().flatten().flat_map(|(_, member)| ids(member)).collect();
        let expected: Vec<String> = expected.into_iter().filter(|id| id.starts_with('"')).collect();
        prop_assert_eq!(kept, left.len());
        prop_assert_eq!(left, expected);
    }
}
