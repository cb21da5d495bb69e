//! Behavior of `select` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::Problem;
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_sdk::testing::TransformTest;
use taskferry_transform_select::Select;

const ROW: &str =
    r#"{"job_external_id": "j1", "task": "Plan", "weekly_hours": 1.50, "new": {"a": 1}}"#;

fn select(options: &Value, record: &str) -> Result<String, String> {
    let mut stage = TransformTest::new::<Select>(options).unwrap();
    let records = stage.apply(record).map_err(|error| error.full_message())?;
    assert_eq!(records.len(), 1);
    Ok(records[0].clone())
}

fn errors(options: &Value) -> Vec<(String, &'static str, String)> {
    let error = |problem: Problem| (problem.path.to_string(), problem.code, problem.message);
    TransformTest::new::<Select>(options).unwrap_err().into_iter().map(error).collect()
}

#[test]
fn fields_are_kept_in_the_order_of_the_option() {
    for (options, expected) in [
        (
            json!({"fields": ["task", "job_external_id"]}),
            r#"{"task":"Plan","job_external_id":"j1"}"#,
        ),
        (json!({"fields": ["weekly_hours", "none"]}), r#"{"weekly_hours":1.50,"none":null}"#),
        (json!({"fields": ["task", "none"], "missing": "skip"}), r#"{"task":"Plan"}"#),
        (
            json!({"fields": ["weekly_hours", "task"], "rename": {"weekly_hours": "task", "task": "weekly_hours"}}),
            r#"{"task":1.50,"weekly_hours":"Plan"}"#,
        ),
    ] {
        assert_eq!(select(&options, ROW).unwrap(), expected, "{options}");
    }
}

#[test]
fn other_fields_stay_as_they_are() {
    for (options, expected) in [
        (
            json!({"drop": ["weekly_hours", "none"]}),
            r#"{"job_external_id": "j1", "task": "Plan", "new": {"a": 1}}"#,
        ),
        (
            json!({"drop": ["new"], "rename": {"weekly_hours": "new"}}),
            r#"{"job_external_id": "j1", "task": "Plan", "new": 1.50}"#,
        ),
        (json!({"drop": ["none"]}), ROW),
    ] {
        assert_eq!(select(&options, ROW).unwrap(), expected, "{options}");
    }
}

#[test]
fn records_that_lack_or_repeat_a_field_are_refused() {
    let missing = json!({"fields": ["none"], "missing": "fail"});
    assert_eq!(select(&missing, ROW).unwrap_err(), "the record has no field `none`");
    let taken = json!({"rename": {"weekly_hours": "task"}});
    assert_eq!(
        select(&taken, ROW).unwrap_err(),
        "the record already has a field `task`, so `weekly_hours` can't get this name"
    );
    assert_eq!(
        select(&missing, "[1]").unwrap_err(),
        "the record is not an object, so it has no fields"
    );
}

#[test]
fn contradicting_options_are_errors() {
    let found = |options: Value| {
        errors(&options).into_iter().map(|(path, code, _)| (path, code)).collect::<Vec<_>>()
    };
    let one = |path: &str, code| vec![(path.to_owned(), code)];
    assert_eq!(found(json!({})), one("", "missing-key"));
    assert_eq!(found(json!({"fields": []})), one("fields", "empty-value"));
    assert_eq!(found(json!({"fields": ["a"], "drop": ["b"]})), one("drop", "conflicting-options"));
    assert_eq!(found(json!({"fields": ["a", "b", "a"]})), one("fields[2]", "duplicate-value"));
    assert_eq!(
        found(json!({"drop": ["a"], "rename": {"a": "b"}})),
        one("rename.a", "conflicting-options")
    );
    assert_eq!(
        found(json!({"fields": ["a"], "rename": {"b": "c"}})),
        one("rename.b", "conflicting-options")
    );
    assert_eq!(
        found(json!({"fields": ["a", "b"], "rename": {"a": "b"}})),
        one("rename.a", "duplicate-value")
    );
    assert_eq!(found(json!({"rename": {"a": "c", "b": "c"}})), one("rename.b", "duplicate-value"));
}

proptest! {
    #[test]
    fn selecting_equals_a_simple_model(
        record in prop::collection::btree_map("[a-e]", any::<i32>(), 0..6),
        fields in prop::collection::btree_set("[a-e]", 1..5),
    ) {
        let text = json!(record).to_string();
        let expected: Value = fields.iter().map(|name| (name.clone(), json!(record.get(name)))).collect();
        let kept = select(&json!({"fields": fields}), &text).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), expected);
        let expected: Value = record.iter().filter(|(name, _)| !fields.contains(*name)).map(|(name, value)| (name.clone(), json!(value))).collect();
        let kept = select(&json!({"drop": fields}), &text).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), expected);
    }
}

#[test]
fn select_conforms_to_the_rules_for_transforms() {
    let options = json!({"drop": ["task"], "rename": {"weekly_hours": "hours"}});
    Conformance::transform::<Select>(options).run();
    let options = json!({"fields": ["task_id", "external_id", "weekly_hours"]});
    Conformance::transform::<Select>(options)
        .exempt(Check::UnknownFieldsSurvive, "`fields` drops all others")
        .exempt(Check::OrderKept, "`fields` drops the marks")
        .exempt(Check::ExplanationsNameOptions, "only `drop` and `rename` are explained")
        .run();
}
