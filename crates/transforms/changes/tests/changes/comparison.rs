//! What counts as a change.

use serde_json::{Value, json};

use crate::runs::{Pipeline, job, jobs};

#[test]
fn records_are_compared_with_those_of_the_last_complete_run() {
    let mut pipeline = Pipeline::new(json!({}));
    let first = pipeline.run(&[job("a", "A"), job("b", "B"), job("c", "C")]);
    assert_eq!(first.changes(), ["a added", "b added", "c added"]);
    assert_eq!(first.warnings, [""; 0]);
    let second = pipeline.run(&[job("b", "B"), job("c", "changed"), job("d", "D")]);
    assert_eq!(second.changes(), ["c changed name", "d added", "a removed"]);
    assert_eq!(
        second.records[2],
        json!({"external_id": "a", "name": "A", "change": "removed", "changed_fields": []})
    );
    let counts: Vec<(&str, u64)> = second.counters.counts().collect();
    let expected =
        [("added", 1), ("changed", 1), ("removed", 1), ("returned", 0), ("unchanged", 1)];
    assert_eq!(counts, expected);
    let third = pipeline.run(&[job("a", "A"), job("c", "changed"), job("d", "D")]);
    assert_eq!(third.changes(), ["a returned", "b removed"]);
    let fourth =
        pipeline.run(&[job("a", "A"), job("b", "other"), job("c", "changed"), job("d", "D")]);
    assert_eq!(fourth.changes(), ["b returned name"]);
    assert_eq!(pipeline.run(&[]).changes(), ["a removed", "b removed", "c removed", "d removed"]);
    assert_eq!(pipeline.run(&[]).changes(), [""; 0]);
}

fn changes(options: Value, before: &Value, after: &Value) -> Vec<String> {
    let mut pipeline = Pipeline::new(options);
    pipeline.run(std::slice::from_ref(before));
    pipeline.run(std::slice::from_ref(after)).changes()
}

#[test]
fn the_names_of_the_changed_fields_are_in_the_order_of_the_record() {
    let before = json!({"gone": 1, "external_id": "j", "a": 1, "b": [1, 2], "same": {"x": 1, "y": 2}, "no": null});
    let after = json!({"b": [2, 1], "new": 5, "a": 2, "external_id": "j", "same": {"y": 2, "x": 1}, "none": null});
    assert_eq!(changes(json!({}), &before, &after), ["j changed b new a gone"]);
    let ignoring = json!({"ignore": ["b", "gone"]});
    assert_eq!(changes(ignoring, &before, &after), ["j changed new a"]);
    let ignoring_all = json!({"ignore": ["a", "b", "gone", "new"], "unchanged": "keep"});
    assert_eq!(changes(ignoring_all, &before, &after), ["j unchanged"]);
}

#[test]
fn equal_values_may_be_written_differently() {
    let mut pipeline = Pipeline::new(json!({}));
    let texts = [
        r#"{"external_id": "j1", "hours": 1.50, "text": "A\u0049", "n": -0}"#,
        r#"{"n":0.0,"text":"AI","hours":15e-1,"external_id":"\u006a1"}"#,
    ];
    for text in texts {
        let context = pipeline.context();
        let mut stage = pipeline.open(&context, None).unwrap();
        let mut out = taskferry_sdk::Output::new();
        stage.transform.apply(taskferry_sdk::Record::parse(text).unwrap(), &mut out).unwrap();
        assert_eq!(out.records().len(), usize::from(pipeline.complete.is_empty()));
        stage.finish();
        pipeline.complete = vec![context.run_id];
    }
    for (before, after) in [("1", "\"1\""), ("1", "1.1"), ("10", "1"), ("0.1", "0.01"), ("1", "-1")]
    {
        let value = |text: &str| json!({"external_id": "j", "v": serde_json::from_str::<Value>(text).unwrap()});
        assert_eq!(
            changes(json!({}), &value(before), &value(after)),
            ["j changed v"],
            "{before} {after}"
        );
    }
}

#[test]
fn an_ignored_field_is_stored_with_its_new_value() {
    let mut pipeline = Pipeline::new(json!({"ignore": ["at"]}));
    let at = |at: u64| vec![json!({"external_id": "j", "at": at})];
    pipeline.run(&at(1));
    assert_eq!(pipeline.run(&at(2)).changes(), [""; 0]);
    let removed = pipeline.run(&[]);
    assert_eq!(
        (removed.changes(), &removed.records[0]["at"]),
        (vec!["j removed".to_owned()], &json!(2))
    );
}

#[test]
fn rows_are_identified_by_job_and_task() {
    let row = |job: &str, task: Option<&str>, hours: u64| json!({"job": job, "job_external_id": job, "task_id": task, "hours": hours, "external_id": "x"});
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&[
        row("j1", Some("t1"), 1),
        row("j1", Some("t2"), 1),
        row("j2", Some("t1"), 1),
        row("j3", None, 0),
    ]);
    let second =
        pipeline.run(&[row("j1", Some("t1"), 1), row("j2", Some("t1"), 2), row("j3", None, 0)]);
    assert_eq!(second.changes(), ["x changed hours", "x removed"]);
    assert_eq!(second.records[1]["task_id"], "t2");
}

#[test]
fn a_removed_record_is_forgotten_after_some_days() {
    let mut pipeline = Pipeline::new(json!({"returned_within_days": 2}));
    pipeline.run(&jobs(0..2));
    pipeline.run(&[]);
    assert_eq!(pipeline.run(&jobs([0])).changes(), ["j0 returned"]);
    // The second job is forgotten now.
    assert_eq!(pipeline.run(&jobs(0..2)).changes(), ["j1 added"]);
}

#[test]
fn a_changed_pipeline_begins_a_new_baseline() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..2));
    let warning = |reason: &str| {
        vec![format!(
            "this run starts a new baseline because {reason}: all records have the change `added`, and no removals are emitted"
        )]
    };
    pipeline.options = json!({"key": ["external_id"]});
    let run = pipeline.run(&jobs(0..1));
    assert_eq!(run.warnings, warning("`key` has changed since run run-1"));
    assert_eq!(run.changes(), ["j0 added"]);
    pipeline.inputs[0].digest = "2".to_owned();
    let run = pipeline.run(&jobs(1..2));
    assert_eq!(
        run.warnings,
        warning("the options of source `techwolf` have changed since run run-2")
    );
    assert_eq!(run.changes(), ["j1 added"]);
    pipeline.inputs.push(taskferry_sdk::StageDigest::new("jq", "1"));
    let run = pipeline.run(&jobs(1..2));
    assert_eq!(run.warnings, warning("an earlier transform was added or removed since run run-3"));
    pipeline.inputs[1].digest = "2".to_owned();
    let run = pipeline.run(&jobs(1..2));
    assert_eq!(run.warnings, warning("the options of transform `jq` have changed since run run-4"));
    // The other options can change.
    pipeline.options =
        json!({"key": ["external_id"], "ignore": ["name"], "max_removals": 1, "unchanged": "keep"});
    let run = pipeline.run(&jobs(1..2));
    assert_eq!((run.changes(), run.warnings), (vec!["j1 unchanged".to_owned()], Vec::new()));
    pipeline.complete = vec!["a run without this transform".to_owned()];
    let run = pipeline.run(&jobs(1..2));
    let reason = "the state folder has no records of this transform from the last complete run (a run without this transform)";
    assert_eq!(run.warnings, warning(reason));
}

#[test]
fn records_that_cannot_be_compared_are_refused() {
    let mut pipeline = Pipeline::new(json!({}));
    let run = pipeline.run(&[
        job("a", "A"),
        json!({"name": "B"}),
        json!({"external_id": null}),
        json!(["a"]),
        json!({"external_id": "c", "change": 1}),
        job("a", "again"),
        job("d", "D"),
    ]);
    assert_eq!(run.changes(), ["a added", "d added"]);
    assert_eq!(
        run.refused,
        [
            "the record has no key: `external_id` is missing or null",
            "the record has no key: `external_id` is missing or null",
            "the record is not an object",
            "the record already has a field `change`",
            "the key `external_id` = `a` is not unique: page 1, record 1 has the same key",
        ]
    );
    // In the second run, the key is also in the baseline.
    let run = pipeline.run(&[job("d", "D"), job("a", "A"), job("a", "again")]);
    assert_eq!(
        run.refused,
        ["the key `external_id` = `a` is not unique: page 1, record 2 has the same key"]
    );
    assert_eq!(run.changes(), [""; 0]);
}
