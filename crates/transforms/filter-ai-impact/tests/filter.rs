//! Behavior of `filter_ai_impact` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{BuildContext, Counters, Plugin, Severity, StageError, TransformPlugin};
use taskferry_testkit::record_text;
use taskferry_transform_filter_ai_impact::FilterAiImpact;

fn stage(options: &Value) -> TransformTest {
    TransformTest::new::<FilterAiImpact>(options).unwrap()
}

/// The emitted records and the counters.
fn apply(options: &Value, text: &str) -> Result<(Vec<String>, Counters), StageError> {
    let mut stage = stage(options);
    Ok((stage.apply(text)?, stage.counters().clone()))
}

fn counted(options: &Value, record: &Value) -> Counters {
    apply(options, &record.to_string()).unwrap().1
}

fn refused(options: &Value, record: &Value) -> StageError {
    apply(options, &record.to_string()).unwrap_err()
}

fn filter(options: &Value, record: &Value) -> Vec<Value> {
    let (lines, _) = apply(options, &record.to_string()).unwrap();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn task(id: &str, level: &str) -> Value {
    json!({"task_id": id, "unknown": {"x": 1}, "ai_impact": {"level": level, "rationale": "…"}})
}

fn ids(job: &Value) -> Vec<&str> {
    job["tasks"].as_array().unwrap().iter().map(|task| task["task_id"].as_str().unwrap()).collect()
}

fn five() -> Value {
    json!({"external_id": "j", "tasks": [task("a", "H1"), task("b", "H2"), task("c", "H3"), task("d", "H4"), task("e", "H5")]})
}

#[test]
fn levels_match_exactly_or_within_a_range() {
    for (options, expected) in [
        (json!({"levels": ["H1", "H4"]}), vec!["a", "d"]),
        (json!({"at_most": "H2"}), vec!["a", "b"]),
        (json!({"at_least": "H4"}), vec!["d", "e"]),
        (json!({"at_least": "H2", "at_most": "H3"}), vec!["b", "c"]),
        (json!({"at_least": "H5", "at_most": "H5"}), vec!["e"]),
    ] {
        let kept = filter(&options, &five());
        assert_eq!(ids(&kept[0]), expected, "{options}");
        assert_eq!(kept[0]["tasks"][0]["unknown"], json!({"x": 1}));
    }
}

#[test]
fn a_hierarchy_loses_its_empty_branches() {
    let job = json!({"external_id": "j", "domains": [
        {"domain": "A", "clusters": [{"cluster": "A1", "tasks": [task("a", "H1")]}, {"cluster": "A2", "tasks": [task("b", "H3")]}]},
        {"domain": "B", "tasks": [task("c", "H3")]}]});
    let expected = json!({"external_id": "j", "domains": [
        {"domain": "A", "clusters": [{"cluster": "A1", "tasks": [task("a", "H1")]}]}]});
    assert_eq!(filter(&json!({"levels": ["H1"]}), &job), [expected]);
}

#[test]
fn a_row_is_kept_or_dropped() {
    let rows = json!([{"job_external_id": "j", "task_id": "a", "ai_impact_level": "H1"}, {"job_external_id": "j", "task_id": "b", "ai_impact_level": "H3"}, task("c", "H1")]);
    let kept: Vec<Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|row| filter(&json!({"levels": ["H1"]}), row))
        .collect();
    assert_eq!(kept, [rows[0].clone(), rows[2].clone()]);
}

#[test]
fn a_record_without_dropped_tasks_is_passed_on_unchanged() {
    let text = r#"{ "external_id":"j",  "tasks":[{"task_id":"a","weekly_hours":1.10,"ai_impact":{"level":"H1"}}] }"#;
    assert_eq!(apply(&json!({"levels": ["H1"]}), text).unwrap().0, [text]);
    let empty = r#"{ "external_id":"j","tasks":[] }"#;
    let keep = json!({"levels": ["H1"], "empty_jobs": "keep"});
    assert_eq!(apply(&keep, empty).unwrap().0, [empty]);
}

#[test]
fn a_task_without_a_level_is_handled_as_configured() {
    for level in [json!({}), json!({"ai_impact": null}), json!({"ai_impact": {"level": null}})] {
        let mut lacking = level.clone();
        lacking["task_id"] = json!("b");
        let job = json!({"external_id": "j", "tasks": [task("a", "H1"), lacking]});
        assert_eq!(ids(&filter(&json!({"levels": ["H1"]}), &job)[0]), ["a"]);
        assert_eq!(
            ids(&filter(&json!({"levels": ["H1"], "missing": "keep"}), &job)[0]),
            ["a", "b"]
        );
        let fail = json!({"at_most": "H2", "missing": "fail"});
        let error = refused(&fail, &job);
        assert_eq!(error.to_string(), "task `b` has no AI impact level");
        assert!(error.hint_text().unwrap().contains("include"));
    }
}

#[test]
fn an_unknown_level_is_missing_in_a_range_and_can_be_named() {
    let job =
        json!({"external_id": "j", "tasks": [task("a", "H1"), task("b", "H9"), {"task_id": "c"}]});
    assert_eq!(ids(&filter(&json!({"at_least": "H1"}), &job)[0]), ["a"]);
    assert_eq!(
        ids(&filter(&json!({"at_least": "H1", "missing": "keep"}), &job)[0]),
        ["a", "b", "c"]
    );
    assert_eq!(ids(&filter(&json!({"levels": ["H9"], "missing": "drop"}), &job)[0]), ["b"]);
    let fail = json!({"at_least": "H1", "missing": "fail"});
    let error = refused(&fail, &job);
    assert_eq!(error.to_string(), "task `b` has the unknown AI impact level \"H9\"");
}

#[test]
fn tasks_dropped_without_a_known_level_are_counted() {
    let tasks = json!([task("a", "h1"), {"task_id": "b"}, {"task_id": "c", "ai_impact": null}, task("d", ""),
        task("e", "H6"), task("f", "H6"), task("g", "H2")]);
    let list = json!({"external_id": "j", "tasks": tasks});
    let hierarchy =
        json!({"external_id": "j", "domains": [{"domain": "A", "tasks": list["tasks"]}]});
    for job in [&list, &hierarchy] {
        for (options, without, unknown) in [
            (json!({"levels": ["H1"]}), 2, vec![("H6", 2), ("", 1), ("h1", 1)]),
            (json!({"at_least": "H1"}), 2, vec![("H6", 2), ("", 1), ("h1", 1)]),
            (json!({"levels": ["H6"]}), 2, vec![("", 1), ("h1", 1)]),
            (json!({"levels": ["H6"], "missing": "keep"}), 0, vec![("", 1), ("h1", 1)]),
            (json!({"at_least": "H1", "missing": "keep"}), 0, vec![]),
        ] {
            let counters = counted(&options, job);
            let frequent = counters.frequent("unknown_level");
            let levels: Vec<_> =
                frequent.iter().map(|one| (one.value.as_str(), one.count)).collect();
            assert_eq!(levels, unknown, "{options}");
            let count: u64 = unknown.iter().map(|(_, count)| count).sum();
            assert_eq!(counters.get("unknown_level"), count, "{options}");
            assert_eq!(counters.get("without_level"), without, "{options}");
        }
    }
    let row = json!({"task_id": "a", "ai_impact_level": "H6"});
    assert_eq!(counted(&json!({"levels": ["H1"]}), &row).get("unknown_level"), 1);
}

#[test]
fn a_configured_unknown_level_without_tasks_is_reported() {
    let options = json!({"levels": ["H11", "H2", "H9", "H11"]});
    let job = json!({"external_id": "j", "tasks": [task("a", "H1"), task("b", "H9")]});
    let mut stage = stage(&options);
    assert!(stage.warnings().is_empty());
    stage.apply(&job.to_string()).unwrap();
    assert_eq!(stage.warnings(), ["no task has the level `H11`; the levels are H1 to H5"]);
}

#[test]
fn a_dropped_record_is_counted_by_the_option_that_dropped_it() {
    let by = |options: Value, job: &Value| {
        let counters = counted(&options, job);
        let counts = counters.counts().filter(|(name, _)| name.starts_with("dropped_by_"));
        counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    let job = |levels: &[Value]| {
        let task = |level: &Value| json!({"task_id": "t", "ai_impact": {"level": level}});
        json!({"external_id": "j", "tasks": levels.iter().map(task).collect::<Vec<_>>()})
    };
    let levels = json!({"levels": ["H1"]});
    assert_eq!(by(levels.clone(), &job(&[])), "dropped_by_empty_jobs 1", "there was no task");
    assert_eq!(by(levels.clone(), &job(&[json!("H4")])), "dropped_by_levels 1");
    assert_eq!(by(json!({"at_most": "H2"}), &job(&[json!("H4")])), "dropped_by_at_most 1");
    assert_eq!(by(levels.clone(), &job(&[json!(null)])), "dropped_by_missing 1");
    assert_eq!(by(levels.clone(), &job(&[json!("H1"), json!("H4")])), "", "the job stays");
    assert_eq!(by(json!({"levels": ["H1"], "empty_jobs": "keep"}), &job(&[])), "");
}

#[test]
fn unreadable_tasks_are_refused_and_do_not_count_as_missing() {
    let refusal = |record: &Value| refused(&json!({"levels": ["H1"]}), record).full_message();
    let in_job = |task: &Value| json!({"external_id": "j", "tasks": [{"task_id": "a"}, task]});
    let in_hierarchy =
        |task: &Value| json!({"external_id": "j", "domains": [{"domain": "A", "tasks": [task]}]});
    let alone = |task: &Value| task.clone();
    let shapes: [&dyn Fn(&Value) -> Value; 3] = [&in_job, &in_hierarchy, &alone];
    for (task, message) in [
        (
            json!({"task_id": "t", "ai_impact": "H1"}),
            "task `t`: `ai_impact` is a string, not an object with a level",
        ),
        (
            json!({"task_id": "t", "ai_impact": ["H1"]}),
            "task `t`: `ai_impact` is a list, not an object with a level",
        ),
        (
            json!({"task_id": "t", "ai_impact": {"level": 1}}),
            "task `t`: `ai_impact.level` is a number, not a level such as \"H1\"",
        ),
        (
            json!({"task_id": "t", "ai_impact_level": 1}),
            "task `t`: `ai_impact_level` is a number, not a level such as \"H1\"",
        ),
    ] {
        for shape in shapes {
            assert_eq!(refusal(&shape(&task)), message);
        }
    }
    for (job, message) in [
        (json!({"external_id": "j", "tasks": "x"}), "`tasks` is a string, not a list of tasks"),
        (
            json!({"external_id": "j", "tasks": [3]}),
            "`tasks[0]` is a number, not a task or a branch",
        ),
        (
            json!({"external_id": "j", "domains": [{"domain": "A", "tasks": "x"}]}),
            "`domains[0].tasks` is a string, not a list of tasks",
        ),
        (
            json!({"external_id": "j", "tasks": [task("a", "H1")], "domains": "x"}),
            "`domains` is a string, not a branch of the hierarchy",
        ),
    ] {
        assert_eq!(refusal(&job), message);
    }
}

#[test]
fn null_counts_as_an_empty_list_and_is_counted() {
    let options = json!({"levels": ["H1"], "empty_jobs": "keep"});
    let text = r#"{ "external_id":"j", "tasks":null }"#;
    let mut stage = stage(&options);
    assert_eq!(stage.apply(text).unwrap(), [text]);
    assert_eq!(stage.counters().get("null_tasks"), 1);
    assert_eq!(
        stage.warnings(),
        ["`tasks` or a branch of the hierarchy is null in 1 job; null is read as an empty list"]
    );
}

#[test]
fn a_job_without_tasks_is_handled_as_configured() {
    let keep = json!({"levels": ["H5"], "empty_jobs": "keep"});
    for job in [
        json!({"external_id": "j", "tasks": [task("a", "H1")]}),
        json!({"external_id": "j", "tasks": []}),
    ] {
        assert_eq!(filter(&json!({"levels": ["H5"]}), &job), Vec::<Value>::new());
        assert_eq!(filter(&keep, &job), [json!({"external_id": "j", "tasks": []})]);
    }
}

#[test]
fn a_record_of_another_shape_is_refused() {
    for record in [json!({"total": 3}), json!([1]), json!("text"), Value::Null] {
        let error = refused(&json!({"at_most": "H1"}), &record);
        assert_eq!(error.to_string(), "the record is neither a job, nor a task, nor a row");
    }
}

#[test]
fn all_invalid_options_are_reported_at_once() {
    let problems = |options: Value| -> Vec<(String, Option<String>)> {
        let problems = TransformTest::new::<FilterAiImpact>(&options).unwrap_err();
        problems.into_iter().map(|problem| (problem.path.to_string(), problem.help)).collect()
    };
    let all = Some("the levels are `H1`, `H2`, `H3`, `H4` and `H5`".to_owned());
    let write = |level: &str| Some(format!("write `{level}`"));
    assert_eq!(
        problems(json!({"levels": ["h1", "H1", "high", "H10", "3", "H"]})),
        [
            ("levels[0]".to_owned(), write("H1")),
            ("levels[2]".to_owned(), all.clone()),
            ("levels[4]".to_owned(), write("H3")),
            ("levels[5]".to_owned(), all.clone())
        ]
    );
    assert_eq!(
        problems(json!({"at_most": "H9", "at_least": "h2"})),
        [("at_least".to_owned(), write("H2")), ("at_most".to_owned(), all)]
    );
    assert_eq!(problems(json!({"at_most": "H1", "at_least": "H3"}))[0].0, "at_least");
    assert_eq!(problems(json!({"at_most": "H1", "levels": ["H3"]}))[0].0, "levels");
    assert_eq!(problems(json!({"levels": []}))[0].0, "levels");
    assert_eq!(problems(json!({}))[0].0, "");
}

#[test]
fn a_level_that_is_listed_twice_is_a_warning() {
    let warnings =
        |plugin: &FilterAiImpact, context: &BuildContext<'_>| Ok(Plugin::warnings(plugin, context));
    let options = json!({"levels": ["H2", "H1", "H2"]});
    let [warning] = &build(&options, &Files::new(), warnings).unwrap()[..] else { panic!() };
    assert_eq!(warning.severity, Severity::Warning);
    assert_eq!(warning.path.to_string(), "levels[2]");
    assert_eq!(warning.message, "`H2` is in the list twice");
    assert_eq!(warning.related[0].path.to_string(), "levels[0]");
    assert!(stage(&options).apply(&five().to_string()).is_ok());
}

#[test]
fn the_transform_declares_the_fields_it_needs() {
    let fields = |plugin: &FilterAiImpact, context: &BuildContext<'_>| Ok(plugin.fields(context));
    let rule = build(&json!({"levels": ["H1"]}), &Files::new(), fields).unwrap();
    assert_eq!((rule.required()[0].field, rule.is_exact()), ("ai_impact", true));
}

proptest! {
    #[test]
    fn the_tasks_below_and_above_a_level_are_all_tasks(levels in prop::collection::vec(1..=5, 0..12)) {
        let tasks: Vec<Value> = levels.iter().enumerate().map(|(index, level)| task(&index.to_string(), &format!("H{level}"))).collect();
        let job = json!({"external_id": "j", "tasks": tasks});
        let count = |key: &str, level: &str| {
            let options = json!({key: level, "empty_jobs": "keep"});
            filter(&options, &job)[0]["tasks"].as_array().unwrap().len()
        };
        prop_assert_eq!(count("at_most", "H2") + count("at_least", "H3"), levels.len());
    }
}

#[test]
fn kept_tasks_keep_their_bytes() {
    let kept = r#"{"n": 1.50e3,"n": 2.0,  "task_id":"\u0061","ai_impact":{"level" : "H1"}}"#;
    let job = |tasks: &str| {
        format!(r#"{{ "domains":[ {{"x":"é\/", "tasks":[{tasks}]}} ],"external_id":"j" }}"#)
    };
    let dropped = r#"{"task_id":"b","ai_impact":{"level":"H2"}}"#;
    let text = job(&format!("{dropped}, {kept},{dropped}"));
    assert_eq!(apply(&json!({"levels": ["H1"]}), &text).unwrap().0, [job(kept)]);
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let text = r#"{"external_id":"j","tasks":[{"task_id":"a","ai_impact":{"level":"H1"}}],"tasks":[{"task_id":"b","ai_impact":{"level":"H2","level":"H1"}}]}"#;
    assert_eq!(apply(&json!({"levels": ["H1"]}), text).unwrap().0, [text]);
    assert_eq!(apply(&json!({"levels": ["H2"]}), text).unwrap().0, [""; 0]);
}

/// All tasks in a tree.
fn tasks(value: &Value) -> Vec<&Value> {
    match value {
        Value::Object(task) if task.contains_key("task_id") => vec![value],
        Value::Object(members) => members.values().flat_map(tasks).collect(),
        Value::Array(items) => items.iter().flat_map(tasks).collect(),
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn only_tasks_of_other_levels_are_dropped_from_a_list_record(text in record_text()) {
        let options = json!({"levels": ["H1", "H9"], "empty_jobs": "keep"});
        let Ok((lines, _)) = apply(&options, &text) else { return Ok(()) };
        let is_wanted = |task: &Value| {
            let level = task["ai_impact"].get("level").or(task.get("ai_impact_level"));
            level.is_some_and(|level| level == "H1" || level == "H9")
        };
        let mut record: Value = serde_json::from_str(&text).unwrap();
        let is_job = record.get("external_id").is_some() && record.get("tasks").is_some();
        if record.get("task_id").is_some() && !is_job {
            prop_assert_eq!(lines.len(), usize::from(is_wanted(&record)));
            return Ok(());
        }
        prop_assume!(record.get("external_id").is_some());
        let kept: Value = serde_json::from_str(&lines[0]).unwrap();
        let below = |job: &Value| job.as_object().unwrap().values().flat_map(tasks).cloned().collect::<Vec<_>>();
        let mut expected = below(&record);
        expected.retain(is_wanted);
        prop_assert_eq!(below(&kept), expected);
        let is_list = record.as_object().unwrap().iter().all(|(key, member)| key == "tasks" || tasks(member).is_empty());
        if let Some(list) = record["tasks"].as_array_mut().filter(|_| is_list) {
            list.retain(is_wanted);
            prop_assert_eq!(kept, record);
        }
    }
}

fn effects(options: &Value, record: &Value) -> Vec<String> {
    let mut stage = stage(options);
    stage.apply(&record.to_string()).unwrap();
    stage.effects().iter().map(|effect| format!("{}: {}", effect.option, effect.text)).collect()
}

#[test]
fn each_option_explains_what_it_drops_and_keeps() {
    assert_eq!(
        effects(&json!({"at_least": "H2", "at_most": "H4"}), &five()),
        [
            "at_least: drops the task `a`: its level is H1",
            "at_most: drops the task `e`: its level is H5"
        ]
    );
    let record = json!({"external_id": "j", "tasks": [task("a", "H9"), {"task_id": "b"}]});
    assert_eq!(
        effects(&json!({"levels": ["H1"]}), &record),
        [
            "levels: drops the task `a`: its level is H9",
            "missing: drops the task `b`: it has no level",
            "empty_jobs: drops the job: no task remains",
        ]
    );
    let lenient = json!({"at_most": "H1", "missing": "keep", "empty_jobs": "keep"});
    assert_eq!(
        effects(&lenient, &record),
        [
            "missing: keeps the task `a`: its level is H9",
            "missing: keeps the task `b`: it has no level",
        ]
    );
}

#[test]
fn filter_ai_impact_conforms_to_the_rules_for_transforms() {
    Conformance::transform::<FilterAiImpact>(json!({"levels": ["H1", "H2"]})).run();
    let options = json!({"at_least": "H2", "missing": "keep", "empty_jobs": "keep"});
    Conformance::transform::<FilterAiImpact>(options).run();
}
