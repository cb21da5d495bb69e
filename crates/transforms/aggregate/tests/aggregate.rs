//! Behavior of `aggregate` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance, ROWS};
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{AnyTransform, Output, Record, TransformPlugin};
use taskferry_transform_aggregate::Aggregate;

fn aggregate(options: &Value, records: &[&str]) -> Vec<String> {
    let mut stage = TransformTest::new::<Aggregate>(options).unwrap();
    for record in records {
        assert_eq!(stage.apply(record).unwrap(), [""; 0]);
    }
    stage.finish().unwrap()
}

fn all() -> Value {
    let hours = |name: &str| json!({name: "hours"});
    json!({
        "group_by": ["level"], "count": "tasks", "sum": hours("sum"), "mean": hours("mean"), "min": hours("min"),
        "max": hours("max"),
    })
}

#[test]
fn groups_appear_in_the_order_of_their_first_record() {
    let records = [
        r#"{"level":"H2","hours":1.50}"#,
        r#"{"level":"H1","hours":2}"#,
        r#"{"hours":1e1}"#,
        r#"{"level":"\u0048\u0032","hours":-0.25}"#,
        r#"{"level":null,"hours":null}"#,
        r#"{"level":"H3"}"#,
    ];
    assert_eq!(
        aggregate(&all(), &records),
        [
            r#"{"level":"H2","tasks":2,"sum":1.25,"mean":0.625,"min":-0.25,"max":1.5}"#,
            r#"{"level":"H1","tasks":1,"sum":2,"mean":2,"min":2,"max":2}"#,
            r#"{"level":null,"tasks":2,"sum":10,"mean":10,"min":10,"max":10}"#,
            r#"{"level":"H3","tasks":1,"sum":0,"mean":null,"min":null,"max":null}"#,
        ]
    );
}

#[test]
fn without_group_by_all_records_are_one_group() {
    assert_eq!(aggregate(&json!({"count": "n"}), &["{}", "{}"]), [r#"{"n":2}"#]);
    assert_eq!(aggregate(&json!({"count": "n"}), &[]), [""; 0]);
}

#[test]
fn a_refused_record_changes_nothing() {
    let mut options = all();
    options["max_groups"] = json!(1);
    let mut stage = TransformTest::new::<Aggregate>(&options).unwrap();
    stage.apply(r#"{"level":"H1","hours":1}"#).unwrap();
    for (record, message) in [
        (r#"{"level":"H1","hours":"5"}"#, "the field `hours` is a text, not a number"),
        (r#"{"level":"H1","hours":[1]}"#, "the field `hours` is a list, not a number"),
        (
            r#"{"level":"H1","hours":123456789012345678901234567890}"#,
            "the number in `hours` has more than 28 digits",
        ),
        (
            r#"{"level":"H2","hours":1}"#,
            "the record needs the new group `\"H2\"`, but the limit `max_groups` (1) is reached",
        ),
    ] {
        assert_eq!(stage.apply(record).unwrap_err().full_message(), message);
    }
    assert_eq!(
        stage.finish().unwrap(),
        [r#"{"level":"H1","tasks":1,"sum":1,"mean":1,"min":1,"max":1}"#]
    );
}

#[test]
fn contradicting_options_are_errors() {
    let codes = |options: Value| {
        let problems = TransformTest::new::<Aggregate>(&options).unwrap_err();
        problems
            .into_iter()
            .map(|problem| (problem.path.to_string(), problem.code))
            .collect::<Vec<_>>()
    };
    let one = |path: &str, code| vec![(path.to_owned(), code)];
    assert_eq!(codes(json!({"group_by": ["a"]})), one("", "missing-key"));
    assert_eq!(codes(json!({"count": "n", "max_groups": 0})), one("max_groups", "invalid-value"));
    assert_eq!(codes(json!({"group_by": ["a"], "count": "a"})), one("count", "duplicate-value"));
    assert_eq!(
        codes(json!({"sum": {"h": "a"}, "max": {"h": "a"}})),
        one("max.h", "duplicate-value")
    );
}

fn apply(stage: &mut AnyTransform, records: &[Value]) {
    let AnyTransform::Ordered(stage) = stage else { panic!() };
    for record in records {
        stage.apply(Record::parse(record.to_string()).unwrap(), &mut Output::new()).unwrap();
    }
}

fn new() -> AnyTransform {
    build(&all(), &Files::new(), Aggregate::build).unwrap()
}

fn finish(stage: AnyTransform) -> Vec<String> {
    TransformTest::of(stage).finish().unwrap()
}

proptest! {
    #[test]
    fn a_resumed_run_gives_the_same_groups(
        records in prop::collection::vec(("[abc]", -1000..1000_i32, 0..3_i32), 0..30),
        split in 0..30_usize,
    ) {
        let records: Vec<Value> = records
            .into_iter()
            .map(|(level, hours, places)| json!({"level": level, "hours": f64::from(hours) / 10_f64.powi(places)}))
            .collect();
        let (before, after) = records.split_at(split.min(records.len()));
        let mut undisturbed = new();
        apply(&mut undisturbed, &records);
        let mut killed = new();
        apply(&mut killed, before);
        let AnyTransform::Ordered(killed) = killed else { panic!() };
        let state: Value = serde_json::from_str(&killed.save().unwrap().to_string()).unwrap();
        let mut resumed = new();
        let AnyTransform::Ordered(stage) = &mut resumed else { panic!() };
        stage.restore(&state).unwrap();
        apply(&mut resumed, after);
        prop_assert_eq!(finish(resumed), finish(undisturbed));
    }
}

#[test]
fn aggregate_conforms_to_the_rules_for_transforms() {
    let options = json!({
        "group_by": ["ai_impact_level"],
        "count": "tasks",
        "sum": {"hours": "weekly_hours"},
        "mean": {"mean_hours": "weekly_hours"},
    });
    Conformance::transform::<Aggregate>(options)
        .sample(ROWS)
        .exempt(Check::UnknownFieldsSurvive, "it emits groups")
        .exempt(Check::OrderKept, "it emits groups")
        .run();
}
