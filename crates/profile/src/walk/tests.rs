use std::convert::Infallible;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Every task's id with the labels above it, `level: label`.
fn paths(record: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(()) = visit_tasks(record, |task, branch| {
        let mut path: Vec<String> = branch
            .iter()
            .map(|level| format!("{}={}", level.name(), level.label().unwrap_or("?")))
            .collect();
        path.push(task["task_id"].to_string());
        found.push(path.join(" > "));
        Ok::<(), Infallible>(())
    });
    found
}

const FULL: &str =
    "domain=Tech > subdomain=Software > cluster=Testing > canonical_task=Test it > 1";

#[test]
fn a_list_record_has_nothing_above_its_tasks() {
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
fn a_job_with_a_task_id_of_its_own_is_a_job() {
    let mut job =
        json!({"external_id": "j", "task_id": "own", "tasks": [{"task_id": 1}, {"task_id": 2}]});
    assert_eq!((shape(&job), check_tasks(&job)), (Shape::Job, Ok(0)));
    assert_eq!(paths(&job), ["1", "2"]);
    retain_tasks(&mut job, |task| task["task_id"] == 2);
    assert_eq!(job["tasks"], json!([{"task_id": 2}]));
    assert_eq!(take_tasks(&mut job).len(), 1);
    for row in [json!({"external_id": "x", "task_id": 1}), json!({"tasks": [], "task_id": 1})] {
        assert_eq!(shape(&row), Shape::Row);
    }
}

#[test]
fn a_level_that_is_left_out_leaves_a_gap() {
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
fn a_node_without_a_label_keeps_its_place() {
    let job = json!({"domains": [{"domain_id": "d1", "tasks": [{"task_id": 1}]}]});
    assert_eq!(paths(&job), ["domain=? > 1"]);
}

#[test]
fn what_a_node_says_beside_its_label_is_kept() {
    let job = json!({"domains": [{"name": "Tech", "id": 7, "domain_code": "T", "level": "domain", "tags": ["a"], "tasks": [{"task_id": 1}], "clusters": []}]});
    let Ok(()) = visit_tasks(&job, |_, branch| {
        let extras: Vec<(String, Value)> = branch
            .iter()
            .flat_map(Level::extras)
            .map(|(key, value)| (key, value.clone()))
            .collect();
        let expected =
            [("domain_id", json!(7)), ("domain_code", json!("T")), ("domain_tags", json!(["a"]))];
        assert_eq!(extras, expected.map(|(key, value)| (key.to_owned(), value)));
        Ok::<(), Infallible>(())
    });
}

#[test]
fn branches_without_tasks_are_pruned_and_nothing_else() {
    let mut job = json!({
        "external_id": "j", "meta": {"tags": []}, "domains": [
            {"domain": "A", "note": {"x": []}, "clusters": [
                {"cluster": "A1", "tasks": [{"task_id": 1}]}, {"cluster": "A2", "tasks": [{"task_id": 2}]},
                {"cluster": "A3", "tasks": []}]},
            {"domain": "B", "tasks": [{"task_id": 3}]}]});
    retain_tasks(&mut job, |task| task["task_id"] == 1);
    let expected = json!({
        "external_id": "j", "meta": {"tags": []}, "domains": [
            {"domain": "A", "note": {"x": []}, "clusters": [
                {"cluster": "A1", "tasks": [{"task_id": 1}]}, {"cluster": "A3", "tasks": []}]}]});
    assert_eq!(job, expected);
}

#[test]
fn the_jobs_own_lists_stay_when_they_are_empty() {
    for (mut job, empty) in [
        (json!({"a": 1, "tasks": [{"task_id": 1}]}), json!({"a": 1, "tasks": []})),
        (
            json!({"hierarchy": {"domains": [{"name": "A", "tasks": [{"task_id": 1}]}]}}),
            json!({"hierarchy": {"domains": []}}),
        ),
        (json!({"hierarchy": {"A": {"tasks": [{"task_id": 1}]}}}), json!({"hierarchy": {}})),
    ] {
        retain_tasks(&mut job, |_| false);
        assert_eq!(job, empty);
    }
}

#[test]
fn skills_are_found_wherever_they_stand() {
    let mut record = json!({"linked_skills": [1], "a": [{"tasks": {"linked_skills": [2]}}], "b": {"linked_skills": "no"}});
    let mut seen = Vec::new();
    let Ok(()) = visit_linked_skills(&record, &mut |skills| {
        seen.push(skills.clone());
        Ok::<(), Infallible>(())
    });
    assert_eq!(seen, [json!([1]), json!([2]), json!("no")]);
    let stop = visit_linked_skills_mut(&mut record, &mut |skills| {
        if skills[0] == 2 {
            return Err("two");
        }
        skills.clear();
        Ok(())
    });
    assert_eq!((stop, &record["linked_skills"]), (Err("two"), &json!([])));
}

#[test]
fn what_can_be_no_task_and_no_branch_is_found_wherever_it_stands() {
    let wrong = |job: Value| check_tasks(&job).unwrap_err().to_string();
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
        assert_eq!(wrong(job.clone()), message, "{job}");
    }
}

#[test]
fn what_says_nothing_about_tasks_is_left_alone_and_null_counts_as_an_empty_list() {
    let task = json!({"task_id": 1});
    for (job, nulls) in [
        (json!({"external_id": "j"}), 0),
        (json!({"external_id": "j", "tasks": []}), 0),
        (json!({"external_id": "j", "tasks": null}), 1),
        (
            json!({"external_id": "j", "domain": "Tech", "statistics": {"tasks": 5}, "levels": 3, "number_of_tasks": 5, "tasks": []}),
            0,
        ),
        (
            json!({"domains": [{"domain": "A", "tasks": null, "clusters": null}, {"domain": "B", "level": "domain", "tasks": [task]}]}),
            2,
        ),
        (json!({"hierarchy": {"name": "Ours", "version": 3, "domains": []}}), 0),
        (json!({"hierarchy": {"domain": "Tech", "subdomain": "Software"}}), 0),
        (json!({"hierarchy": {"Tech": null, "Law": [task]}}), 1),
        (json!({"task_id": 1, "tasks": "a row says what it likes"}), 0),
        (json!("no job"), 0),
    ] {
        assert_eq!(check_tasks(&job), Ok(nulls), "{job}");
    }
}

#[test]
fn what_is_nested_deeper_than_json_is_read_is_left_alone() {
    let mut deep = json!({"task_id": 1, "linked_skills": [{}]});
    for _ in 0..10_000 {
        deep = Value::Array(vec![deep]);
    }
    let mut job = json!({"external_id": "j"});
    job["tasks"] = deep;
    assert!(paths(&job).is_empty());
    assert_eq!(shape(&job), Shape::Job);
    retain_tasks(&mut job, |_| false);
    assert!(take_tasks(&mut job).is_empty());
    assert_eq!(visit_linked_skills(&job, &mut |_| Err("too deep to be seen")), Ok(()));
    assert_eq!(
        check_tasks(&job).unwrap_err().to_string(),
        "`tasks[0]` is a list, not a task or a branch"
    );
    // Dropping ten thousand levels at once would overflow the stack of a test thread.
    while let Value::Array(items) = job["tasks"].take() {
        job["tasks"] = items.into_iter().next().unwrap_or_default();
    }
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

proptest! {
    #[test]
    fn any_json_is_walked_without_a_panic_and_in_one_order(mut record in anything()) {
        let _ = shape(&record);
        let seen = paths(&record).len();
        let unchanged = record.clone();
        let mut asked = 0;
        retain_tasks(&mut record, |_| { asked += 1; true });
        prop_assert_eq!(&record, &unchanged);
        prop_assert_eq!(asked, seen);
        let mut ids = Vec::new();
        let Ok(()) = visit_tasks(&record, |task, branch| {
            branch.iter().for_each(|level| level.extras().for_each(drop));
            ids.push(task["task_id"].clone());
            Ok::<(), Infallible>(())
        });
        retain_tasks(&mut record, |task| task["task_id"].is_string());
        let left: Vec<Value> = take_tasks(&mut record).iter().map(|task| task["task_id"].clone()).collect();
        ids.retain(Value::is_string);
        prop_assert_eq!(left, ids);
    }

    #[test]
    fn linked_skills_are_the_same_to_look_at_and_to_change(mut record in anything()) {
        let mut seen = Vec::new();
        let Ok(()) = visit_linked_skills(&record, &mut |skills| {
            seen.extend(skills.as_array().cloned());
            Ok::<(), Infallible>(())
        });
        let unchanged = record.clone();
        let mut changed = Vec::new();
        let Ok(()) = visit_linked_skills_mut(&mut record, &mut |skills| {
            changed.push(skills.clone());
            Ok::<(), Infallible>(())
        });
        prop_assert_eq!(seen, changed);
        prop_assert_eq!(&record, &unchanged);
    }
}
