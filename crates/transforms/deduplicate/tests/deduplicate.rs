//! Behavior of `deduplicate` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use proptest::prelude::*;
use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{AnyTransform, OrderedTransform, Output, Record, TransformPlugin};
use taskferry_transform_deduplicate::Deduplicate;

fn stage() -> Box<dyn OrderedTransform> {
    let options = json!({"by": ["job", "task"]});
    match build(&options, &Files::new(), Deduplicate::build).unwrap() {
        AnyTransform::Ordered(stage) => stage,
        other => panic!("{other:?}"),
    }
}

fn kept(stage: &mut dyn OrderedTransform, records: &[Value]) -> Vec<String> {
    let mut out = Output::new();
    for record in records {
        stage.apply(Record::parse(record.to_string()).unwrap(), &mut out).unwrap();
    }
    out.drain_records().map(|record| record.to_json()).collect()
}

#[test]
fn the_first_record_of_each_key_is_kept() {
    let records = [
        json!({"job": "j1", "task": "t1", "n": 1}),
        json!({"job": "j1", "task": "t2", "n": 2}),
        json!({"job": "j1", "task": "t1", "n": 3}),
        json!({"job": "j1t", "task": "1", "n": 4}),
        json!({"job": "j1t", "task": 1, "n": 5}),
        json!({"job": "j1", "n": 6}),
        json!({"job": "j1", "task": null, "n": 7}),
    ];
    let kept = kept(&mut *stage(), &records);
    let numbers: Vec<u64> = kept
        .iter()
        .map(|record| serde_json::from_str::<Value>(record).unwrap()["n"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 4, 5, 6, 7]);
}

#[test]
fn escapes_do_not_matter() {
    let mut stage = TransformTest::new::<Deduplicate>(&json!({"by": ["t"]})).unwrap();
    assert_eq!(stage.apply(r#"{"t":"A"}"#).unwrap().len(), 1);
    assert_eq!(stage.apply(r#"{"t":"\u0041"}"#).unwrap().len(), 0);
    assert_eq!(stage.counters().get("duplicates"), 1);
    assert_eq!(stage.warnings(), [""; 0]);
}

#[test]
fn too_many_keys_and_records_without_a_key_are_reported() {
    let mut stage =
        TransformTest::new::<Deduplicate>(&json!({"by": ["t"], "max_keys": 1})).unwrap();
    stage.apply(r#"{"t":1}"#).unwrap();
    let refused = stage.apply(r#"{"t":2}"#).unwrap_err();
    assert_eq!(
        refused.full_message(),
        "the record has a new key, but the limit `max_keys` (1) is reached"
    );
    assert_eq!(stage.apply(r#"{"t":1}"#).unwrap().len(), 0);
    let mut stage = TransformTest::new::<Deduplicate>(&json!({"by": ["t", "u"]})).unwrap();
    stage.apply(r#"{"t":1}"#).unwrap();
    assert_eq!(stage.warnings(), ["no record has all fields of the key: `t`, `u`"]);
    let problems = TransformTest::new::<Deduplicate>(&json!({"by": [], "max_keys": 0}));
    let codes = problems.unwrap_err().into_iter().map(|problem| problem.code).collect::<Vec<_>>();
    assert_eq!(codes, ["empty-value", "invalid-value"]);
}

proptest! {
    #[test]
    fn a_resumed_run_drops_the_same_records(
        records in prop::collection::vec(("[ab]", 0..4_u8), 0..30), split in 0..30_usize,
    ) {
        let records: Vec<Value> =
            records.into_iter().map(|(job, task)| json!({"job": job, "task": task})).collect();
        let (before, after) = records.split_at(split.min(records.len()));
        let undisturbed = kept(&mut *stage(), &records);
        let mut killed = stage();
        let mut all = kept(&mut *killed, before);
        let mut resumed = stage();
        resumed.restore(&killed.save().unwrap()).unwrap();
        all.extend(kept(&mut *resumed, after));
        prop_assert_eq!(all, undisturbed);
    }
}

#[test]
fn deduplicate_conforms_to_the_rules_for_transforms() {
    Conformance::transform::<Deduplicate>(json!({"by": ["task_id"]}))
        .exempt(Check::ErrorsClear, "it refuses a record only if `max_keys` is exceeded")
        .run();
    Conformance::transform::<Deduplicate>(json!({"by": ["task_id"], "max_keys": 3})).run();
}
