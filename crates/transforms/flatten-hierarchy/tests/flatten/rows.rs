//! The rows and lists that `flatten_hierarchy` emits.

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{
    BuildContext, Endpoints, NoFiles, Problem, StageError, Subject, TransformPlugin, read_options,
};
use taskferry_testkit::record_text;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;

fn problems(options: &Value) -> Vec<Problem> {
    TransformTest::new::<FlattenHierarchy>(options).unwrap_err()
}

fn apply(options: &Value, text: &str) -> Result<Vec<String>, StageError> {
    TransformTest::new::<FlattenHierarchy>(options).unwrap().apply(text)
}

/// Compares lines, because the order of keys counts.
fn flatten(options: &Value, record: &Value) -> Vec<String> {
    apply(options, &record.to_string()).unwrap()
}

fn refused(options: &Value, record: &Value) -> String {
    apply(options, &record.to_string()).unwrap_err().full_message()
}

#[track_caller]
fn check(options: &Value, record: &Value, expected: &[Value]) {
    let expected: Vec<String> = expected.iter().map(Value::to_string).collect();
    assert_eq!(flatten(options, record), expected);
}

fn task() -> Value {
    json!({"task_id": "t1", "task": "Test it", "ai_impact": {"level": "H1", "rationale": "why", "model": "m"}, "hours": 2})
}

#[test]
fn a_list_task_becomes_a_row() {
    check(
        &json!({}),
        &json!({"external_id": "j", "tasks": [task()], "job_name": "Tester", "family": {"id": 1}}),
        &[
            json!({"job_external_id": "j", "job_name": "Tester", "job_family": {"id": 1}, "task_id": "t1", "task": "Test it",
            "ai_impact_level": "H1", "ai_impact_rationale": "why", "ai_impact_model": "m", "hours": 2,
            "domain": null, "subdomain": null, "cluster": null, "canonical_task": null}),
        ],
    );
}

#[test]
fn a_job_with_a_task_id_is_flattened() {
    let row = json!({"job_external_id": "j", "job_task_id": "own", "task_id": "t1",
        "domain": null, "subdomain": null, "cluster": null, "canonical_task": null});
    let tasks = json!([{"task_id": "t1"}]);
    check(
        &json!({}),
        &json!({"external_id": "j", "task_id": "own", "tasks": tasks}),
        std::slice::from_ref(&row),
    );
    check(&json!({}), &json!({"task_id": "own", "tasks": tasks, "external_id": "j"}), &[row]);
}

#[test]
fn a_hierarchy_task_becomes_a_row_with_its_branch() {
    let job = json!({"external_id": "j", "domains": [{"domain": "Tech", "domain_id": "d", "subdomains": [
        {"name": "Software", "code": 7, "tasks": [{"task_id": "t1"}]}]}]});
    check(
        &json!({}),
        &job,
        &[
            json!({"job_external_id": "j", "task_id": "t1", "domain": "Tech", "subdomain": "Software", "cluster": null,
            "canonical_task": null, "domain_id": "d", "subdomain_code": 7}),
        ],
    );
}

#[test]
fn a_level_that_is_described_by_an_object_or_a_list_is_kept() {
    for (domain, label) in [
        (json!({"id": 1, "name": "D"}), json!("D")),
        (json!({"id": 1}), Value::Null),
        (json!(["D", 1]), Value::Null),
        (json!(7), Value::Null),
    ] {
        let nodes = json!([{"domain": domain, "tasks": [{"task_id": "t1"}]}]);
        let row = json!({"job_external_id": "j", "task_id": "t1", "domain": label, "subdomain": null, "cluster": null,
            "canonical_task": null, "hierarchy_domain": domain});
        check(
            &json!({}),
            &json!({"external_id": "j", "domains": nodes}),
            std::slice::from_ref(&row),
        );
    }
    let nodes = json!([{"domain": {"id": 1, "name": "D"}, "tasks": [{"task_id": "t1"}]}]);
    let rows = flatten(&json!({}), &json!({"external_id": "j", "hierarchy": nodes}));
    assert!(rows[0].contains(r#""domain":"D""#), "{}", rows[0]);
}

#[test]
fn a_list_task_keeps_its_own_hierarchy() {
    let hierarchy = json!({"domain": "Tech", "subdomain": null, "cluster": "Testing"});
    let job = json!({"external_id": "j", "tasks": [{"task_id": "t1", "hierarchy": hierarchy}, {"task_id": "t2", "hierarchy": null}]});
    check(
        &json!({}),
        &job,
        &[
            json!({"job_external_id": "j", "task_id": "t1", "hierarchy": hierarchy, "domain": "Tech", "subdomain": null, "cluster": "Testing", "canonical_task": null}),
            json!({"job_external_id": "j", "task_id": "t2", "hierarchy": null, "domain": null, "subdomain": null, "cluster": null, "canonical_task": null}),
        ],
    );
}

#[test]
fn a_null_impact_is_distinguished_from_an_absent_one() {
    let job = json!({"external_id": "j", "tasks": [{"task_id": "t1", "ai_impact": null}, {"task_id": "t2"}]});
    let nowhere = r#""domain":null,"subdomain":null,"cluster":null,"canonical_task":null}"#;
    assert_eq!(
        flatten(&json!({}), &job),
        [
            format!(
                r#"{{"job_external_id":"j","task_id":"t1","ai_impact_level":null,"ai_impact_rationale":null,{nowhere}"#
            ),
            format!(r#"{{"job_external_id":"j","task_id":"t2",{nowhere}"#),
        ]
    );
}

#[test]
fn no_field_is_lost_when_names_collide() {
    let job = json!({"external_id": "j", "job_external_id": "k", "name": "A", "job_name": "B", "domains": [{"domain": "Tech", "cluster_x": 1, "tasks": [
        {"task_id": "t1", "job_name": "C", "domain": "Other", "ai_impact_level": "H9", "ai_impact": {"level": "H1"}}]}]});
    check(
        &json!({}),
        &job,
        &[
            json!({"job_external_id": "j", "job_job_external_id": "k", "job_name": "A", "job_job_name": "B", "task_id": "t1", "task_job_name": "C",
            "domain": "Other", "ai_impact_level": "H9", "task_ai_impact_level": "H1", "ai_impact_rationale": null, "hierarchy_domain": "Tech", "subdomain": null,
            "cluster": null, "canonical_task": null, "domain_cluster_x": 1}),
        ],
    );
}

#[test]
fn numbers_keep_their_spelling() {
    let text = r#"{"external_id":"j","tasks":[{"task_id":"t1","weekly_hours":1.10,"big":100000000000000000001}]}"#;
    let lines = apply(&json!({}), text).unwrap();
    assert!(
        lines[0].contains(r#""weekly_hours":1.10,"big":100000000000000000001,"#),
        "{}",
        lines[0]
    );
}

#[test]
fn a_job_without_tasks_is_handled_as_configured() {
    for job in [
        json!({"external_id": "j", "job_name": "A", "tasks": []}),
        json!({"external_id": "j", "job_name": "A", "domains": [{"domain": "X", "subdomains": []}]}),
    ] {
        check(&json!({}), &job, &[]);
        check(&json!({"into": "tasks"}), &job, &[]);
        check(
            &json!({"empty_jobs": "keep"}),
            &job,
            &[json!({"job_external_id": "j", "job_name": "A", "task_id": null, "task": null,
                "domain": null, "subdomain": null, "cluster": null, "canonical_task": null})],
        );
        check(
            &json!({"empty_jobs": "keep", "into": "tasks"}),
            &job,
            &[json!({"external_id": "j", "job_name": "A", "tasks": []})],
        );
    }
}

#[test]
fn a_hierarchy_becomes_a_job_with_a_flat_list() {
    let job =
        json!({"external_id": "j", "domains": [{"domain": "Tech", "tasks": [task()]}], "last": 1});
    let mut flat = task();
    for (key, value) in [
        ("domain", json!("Tech")),
        ("subdomain", Value::Null),
        ("cluster", Value::Null),
        ("canonical_task", Value::Null),
    ] {
        flat[key] = value;
    }
    let expected = json!({"external_id": "j", "tasks": [flat], "last": 1});
    check(&json!({"into": "tasks"}), &job, std::slice::from_ref(&expected));
    // A flat record gives the same rows as the hierarchy.
    assert_eq!(flatten(&json!({}), &expected), flatten(&json!({}), &job));
}

#[test]
fn list_records_and_rows_pass_unchanged() {
    for text in [
        r#"{ "external_id":"j",  "tasks":[{"task_id":"t", "hierarchy":{"domain":"X"}}] }"#,
        r#"{ "job_external_id":"j",  "task_id":"t", "linked_skills":[] }"#,
    ] {
        assert_eq!(apply(&json!({"into": "tasks"}), text).unwrap(), [text]);
    }
}

#[test]
fn every_skill_becomes_a_row_and_no_task_is_lost() {
    let row = |id: &str, skill: Value| {
        let mut row = json!({"job_external_id": "j", "task_id": id});
        for (key, value) in skill.as_object().unwrap() {
            row[key] = value.clone();
        }
        row["z"] = json!(1);
        row
    };
    let rows = [
        json!({"job_external_id": "j", "task_id": "a", "linked_skills": [{"skill_id": "s1", "skill": "Rust"}, {"skill_id": "s2", "skill": "SQL", "z": 9}, {}], "z": 1}),
        json!({"job_external_id": "j", "task_id": "b", "linked_skills": [], "z": 1}),
        json!({"job_external_id": "j", "task_id": "c", "linked_skills": null, "z": 1}),
        json!({"job_external_id": "j", "task_id": "d"}),
    ];
    let out: Vec<String> =
        rows.iter().flat_map(|row| flatten(&json!({"explode": "linked_skills"}), row)).collect();
    let none = json!({"skill_id": null, "skill": null});
    let expected = [
        row("a", json!({"skill_id": "s1", "skill": "Rust"})),
        row("a", json!({"skill_id": "s2", "skill": "SQL", "linked_skills_z": 9})),
        row("a", none.clone()),
        row("b", none.clone()),
        row("c", none),
        json!({"job_external_id": "j", "task_id": "d", "skill_id": null, "skill": null}),
    ];
    assert_eq!(out, expected.map(|row| row.to_string()));
}

#[test]
fn any_list_field_can_be_exploded() {
    let row = json!({"job_external_id": "j", "task_id": "a", "source_data": [{"external_id": "x"}, {"external_id": "y"}], "tags": []});
    check(
        &json!({"explode": "source_data"}),
        &row,
        &[
            json!({"job_external_id": "j", "task_id": "a", "external_id": "x", "tags": []}),
            json!({"job_external_id": "j", "task_id": "a", "external_id": "y", "tags": []}),
        ],
    );
    assert!(flatten(&json!({"explode": "tags"}), &row)[0].ends_with(r#""tags":null}"#));
    let words = json!({"task_id": "a", "tags": ["x", 1]});
    assert_eq!(
        flatten(&json!({"explode": "tags"}), &words),
        [r#"{"task_id":"a","tags":"x"}"#, r#"{"task_id":"a","tags":1}"#]
    );
}

#[test]
fn a_record_of_another_shape_is_refused() {
    for record in [json!({"total": 3}), json!([1]), Value::Null] {
        assert_eq!(
            refused(&json!({}), &record),
            "the record is neither a job, nor a task, nor a row"
        );
    }
}

#[test]
fn unreadable_tasks_are_refused_and_never_dropped_silently() {
    let nameless = "`tasks[1]` is an object, not a task: it has no `task_id`";
    for (entry, message) in [
        (json!({"task": "nameless"}), nameless),
        (json!(null), "`tasks[1]` is null, not a task or a branch"),
        (json!("text"), "`tasks[1]` is a string, not a task or a branch"),
        (
            json!({"task_id": "t", "ai_impact": "H1"}),
            "`ai_impact` is a string, not an object with a level",
        ),
    ] {
        let job = json!({"external_id": "j", "tasks": [task(), entry]});
        assert_eq!(refused(&json!({}), &job), message);
    }
    for into in ["rows", "tasks"] {
        let options = json!({"into": into, "empty_jobs": "keep"});
        let job = json!({"external_id": "j", "tasks": "x"});
        assert_eq!(refused(&options, &job), "`tasks` is a string, not a list of tasks");
        let job = json!({"external_id": "j", "tasks": [task()], "clusters": 3});
        assert_eq!(
            refused(&options, &job),
            "`clusters` is a number, not a branch of the hierarchy"
        );
        let job =
            json!({"external_id": "j", "domains": [{"domain": "A", "tasks": [{"task": "?"}]}]});
        assert_eq!(
            refused(&options, &job),
            "`domains[0].tasks[0]` is an object, not a task: it has no `task_id`"
        );
    }
    for (skills, message) in [
        (json!("Python"), "`linked_skills` is a string, not a list"),
        (json!([{"skill": "SQL"}, "Python"]), "`linked_skills[1]` is a string, not a skill"),
    ] {
        let task = json!({"task_id": "t", "linked_skills": skills});
        for record in [task.clone(), json!({"external_id": "j", "tasks": [task]})] {
            assert_eq!(refused(&json!({"explode": "linked_skills"}), &record), message);
        }
    }
}

#[test]
fn null_counts_as_an_empty_list_and_is_counted() {
    let options = json!({"empty_jobs": "keep", "into": "tasks"});
    let mut stage = TransformTest::new::<FlattenHierarchy>(&options).unwrap();
    let lines = stage.apply(r#"{"external_id":"j","tasks":null,"x":1}"#).unwrap();
    assert_eq!(stage.warnings().len(), 1);
    assert_eq!(lines, [r#"{"external_id":"j","tasks":[],"x":1}"#]);
    let row = r#"{"job_external_id":"j","job_x":1,"task_id":null,"task":null,"domain":null,"subdomain":null,"cluster":null,"canonical_task":null}"#;
    assert_eq!(
        flatten(
            &json!({"empty_jobs": "keep"}),
            &json!({"external_id": "j", "tasks": null, "x": 1})
        ),
        [row]
    );
}

#[test]
fn a_misspelled_list_is_reported() {
    let problem = &problems(&json!({"explode": "linked_skils"}))[0];
    assert_eq!(problem.help.as_deref(), Some("did you mean \"linked_skills\"?"));
}

#[test]
fn options_are_checked_and_needed_fields_are_declared() {
    let problem = &problems(&json!({"into": "tasks", "explode": "linked_skills"}))[0];
    assert_eq!((problem.path.to_string().as_str(), problem.code), ("explode", "unused-option"));
    assert_eq!(problems(&json!({"explode": ""}))[0].code, "empty-value");
    let needs = |options| {
        let fields =
            |plugin: &FlattenHierarchy, context: &BuildContext<'_>| Ok(plugin.fields(context));
        let rule = build(&options, &Files::new(), fields).unwrap();
        assert!(rule.is_exact());
        rule.required().iter().map(|need| need.field).collect::<Vec<_>>()
    };
    assert_eq!(needs(json!({"explode": "linked_skills"})), ["linked_skills"]);
    assert!(needs(json!({"explode": "tags"})).is_empty());
}

proptest! {
    #[test]
    fn list_and_hierarchy_records_flatten_to_the_same_rows(places in prop::collection::vec((0..3u8, 0..3u8, 0..2u8, 0..2u8), 0..20)) {
        let names = ["domain", "subdomain", "cluster", "canonical_task"];
        let mut list = Vec::new();
        let mut tree = json!({"external_id": "j", "hierarchy": {}});
        for (number, place) in places.iter().enumerate() {
            let labels = [place.0, place.1, place.2, place.3].map(|label| format!("n{label}"));
            let hierarchy: serde_json::Map<_, _> = names.iter().zip(&labels).map(|(name, label)| ((*name).to_owned(), json!(label))).collect();
            let task = json!({"task_id": number, "hierarchy": hierarchy});
            let [domain, subdomain, cluster, canonical] = &labels;
            let slot = &mut tree["hierarchy"][domain][subdomain][cluster][canonical];
            match slot.as_array_mut() {
                Some(tasks) => tasks.push(task.clone()),
                None => *slot = json!([task.clone()]),
            }
            list.push(task);
        }
        let mut rows = flatten(&json!({}), &tree);
        let mut expected = flatten(&json!({}), &json!({"external_id": "j", "tasks": list}));
        rows.sort();
        expected.sort();
        prop_assert_eq!(rows, expected);
    }
}

/// The expected row of a task in a plain list, made from trees.
fn row(job: &Value, task: &Value) -> Value {
    fn put(
        row: &mut serde_json::Map<String, Value>,
        mut name: String,
        prefix: &str,
        value: &Value,
    ) {
        while row.contains_key(&name) {
            name.insert_str(0, prefix);
        }
        row.insert(name, value.clone());
    }
    let mut row = serde_json::Map::new();
    row.insert("job_external_id".to_owned(), job["external_id"].clone());
    for (key, value) in job.as_object().unwrap() {
        if key != "external_id" && key != "tasks" {
            put(&mut row, format!("job_{}", key.trim_start_matches("job_")), "job_", value);
        }
    }
    for (key, value) in task.as_object().unwrap() {
        if key == "ai_impact" {
            put(&mut row, "ai_impact_level".to_owned(), "task_", &value["level"]);
            put(&mut row, "ai_impact_rationale".to_owned(), "task_", &value["rationale"]);
            for (key, value) in value.as_object().into_iter().flatten() {
                if key != "level" && key != "rationale" {
                    put(&mut row, format!("ai_impact_{key}"), "task_", value);
                }
            }
        } else {
            put(&mut row, key.clone(), "task_", value);
        }
    }
    for level in ["domain", "subdomain", "cluster", "canonical_task"] {
        let own = task["hierarchy"].get(level).filter(|label| label.is_string());
        if !task.as_object().unwrap().contains_key(level) {
            row.insert(level.to_owned(), own.cloned().unwrap_or_default());
        } else if let Some(own) = own.filter(|own| **own != task[level]) {
            put(&mut row, level.to_owned(), "hierarchy_", own);
        }
    }
    row.into()
}

proptest! {
    #[test]
    fn every_task_of_a_list_becomes_its_row(text in record_text()) {
        let job: Value = serde_json::from_str(&text).unwrap();
        let Some(members) = job.as_object().filter(|job| job.contains_key("external_id")) else { return Ok(()) };
        let is_list = members.iter().all(|(key, member)| key == "tasks" || !member.is_array() && !member.is_object());
        let tasks = job.get("tasks").and_then(Value::as_array).filter(|_| is_list);
        let (Some(tasks), Ok(lines)) = (tasks, apply(&json!({}), &text)) else { return Ok(()) };
        let expected: Vec<String> = tasks.iter().map(|task| row(&job, task).to_string()).collect();
        let lines: Vec<String> =
            lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap().to_string()).collect();
        prop_assert_eq!(lines, expected);
    }
}

#[test]
fn fields_of_an_employee_are_named_after_the_employee() {
    let endpoints = Endpoints::default();
    let context = BuildContext::new(&NoFiles, &endpoints).for_subject(Subject::Employee);
    let options: FlattenHierarchy = read_options(&json!({}), &[]).unwrap();
    let mut flatten = TransformTest::of(options.build(&context).unwrap());
    let record = json!({"external_id": "e", "name": "A", "employee_name": "B", "job_name": "C",
        "tasks": [{"task_id": "t1"}]});
    let row = json!({"employee_external_id": "e", "employee_name": "A", "employee_employee_name": "B",
        "employee_job_name": "C", "task_id": "t1",
        "domain": null, "subdomain": null, "cluster": null, "canonical_task": null});
    assert_eq!(flatten.apply(&record.to_string()).unwrap(), [row.to_string()]);
    assert_eq!(flatten.apply(&row.to_string()).unwrap(), [row.to_string()], "a row passes through");
}
