//! `my_plugin`, built from options like those of a pipeline file.

use my_plugin::MyPlugin;

use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::{self, Files, TransformTest};
use taskferry_sdk::{AnyTransform, OrderedTransform, Output, Problem, Record, TransformPlugin};

fn built(options: &Value) -> Result<AnyTransform, Vec<Problem>> {
    let build = MyPlugin::build;
    testing::build(options, &Files::new(), build)
}

fn ordered() -> Box<dyn OrderedTransform> {
    match built(&json!({})).unwrap() {
        AnyTransform::Ordered(transform) => transform,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tasks_are_numbered_from_1_in_each_job() {
    let mut transform = TransformTest::of(built(&json!({"field": "n"})).unwrap());
    let mut number = |job| {
        transform
            .apply(&format!(r#"{{"job_external_id":"{job}"}}"#))
            .unwrap()
    };
    assert_eq!(number("j1"), [r#"{"job_external_id":"j1","n":1}"#]);
    assert_eq!(number("j1"), [r#"{"job_external_id":"j1","n":2}"#]);
    assert_eq!(number("j2"), [r#"{"job_external_id":"j2","n":1}"#]);
}

#[test]
fn a_resumed_run_continues_with_the_next_number() {
    let row = || Record::parse(r#"{"job_external_id":"j1"}"#).unwrap();
    let (mut first, mut resumed) = (ordered(), ordered());
    first.apply(row(), &mut Output::new()).unwrap();
    resumed.restore(&first.save().unwrap()).unwrap();
    let mut out = Output::new();
    resumed.apply(row(), &mut out).unwrap();
    assert_eq!(
        out.records()[0].to_json(),
        r#"{"job_external_id":"j1","task_number":2}"#
    );
}

#[test]
fn a_record_without_a_job_is_refused() {
    let mut transform = TransformTest::of(built(&json!({})).unwrap());
    let error = transform.apply(r#"{"task":"Plan"}"#).unwrap_err();
    assert_eq!(error.to_string(), "the record has no `job_external_id`");
}

#[test]
fn errors_in_the_options_are_reported() {
    for options in [
        json!({"field": ""}),
        json!({"fields": "n"}),
        json!({"field": 1}),
    ] {
        assert_eq!(built(&options).unwrap_err().len(), 1, "{options}");
    }
}

/// The rules for all plugins: `taskferry_sdk::conformance` describes them.
#[test]
fn the_transform_follows_the_rules_for_plugins() {
    Conformance::transform::<MyPlugin>(json!({})).run();
}
