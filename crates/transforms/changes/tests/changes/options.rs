//! Options, known fields and explanations.

use serde_json::{Value, json};
use taskferry_sdk::testing::{Files, TransformTest, build};
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldSet, Output, Plugin, RecordFields, TransformPlugin,
    read_options,
};
use taskferry_transform_changes::Changes;

use crate::runs::{Pipeline, job};

#[test]
fn wrong_options_are_errors() {
    let problems = |options: Value| {
        let problems = TransformTest::new::<Changes>(&options).unwrap_err();
        let text = |it: taskferry_sdk::Problem| format!("{} {}", it.path, it.code);
        problems.into_iter().map(text).collect::<Vec<_>>()
    };
    let wrong = json!({"key": [], "max_removed_percent": 101});
    assert_eq!(problems(wrong), ["key empty-value", "max_removed_percent invalid-value"]);
    assert_eq!(problems(json!({"unchanged": "skip"})), ["unchanged unknown-choice"]);
}

#[test]
fn known_fields_and_warnings() {
    let options = json!({"key": ["id", "nme"], "ignore": ["name", "id", "aded"]});
    let (rule, warnings) =
        build(&options, &Files::new(), |plugin: &Changes, context: &BuildContext<'_>| {
            Ok((plugin.fields(context), plugin.warnings(context)))
        })
        .unwrap();
    let input = RecordFields { own: FieldSet::new(["id", "name"]), ..RecordFields::default() };
    let mut missing = Vec::new();
    let output = rule.apply(&input, &mut missing);
    let paths: Vec<String> = missing.iter().map(|field| field.path.to_string()).collect();
    assert_eq!(paths, ["key[1]", "ignore[2]"]);
    assert!(output.own.has("change") && output.own.has("changed_fields") && output.own.has("id"));
    assert_eq!(warnings.iter().map(|it| it.path.to_string()).collect::<Vec<_>>(), ["ignore[1]"]);
    assert!(read_options::<Changes>(&json!({}), &[]).is_ok());
}

#[test]
fn options_explain_their_effects() {
    let mut pipeline = Pipeline::new(json!({"ignore": ["name"]}));
    pipeline.run(&[job("j1", "one")]);
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    let mut out = Output::with_effects();
    let record = taskferry_sdk::Record::parse(job("j1", "two").to_string()).unwrap();
    stage.transform.apply(record, &mut out).unwrap();
    let effects: Vec<String> =
        out.take_effects().into_iter().map(|it| format!("{}: {}", it.option, it.text)).collect();
    assert_eq!(
        effects,
        [
            "ignore: ignores changes of `name`",
            "unchanged: drops the record: nothing has changed since run run-1"
        ]
    );
    assert!(stage.transform.may_emit_nothing());
}

#[test]
fn shards_are_refused() {
    let AnyTransform::Ordered(stage) = build(&json!({}), &Files::new(), Changes::build).unwrap()
    else {
        panic!()
    };
    assert!(stage.shard_conflict().unwrap().contains("from one shard to another"));
}
