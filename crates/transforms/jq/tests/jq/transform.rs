//! Behavior of `jq` in a pipeline.

use std::time::Duration;

use serde_json::{Value, json};
use taskferry_sdk::testing::{self, Files, TransformTest};
use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, Part, Problem, Record, StageError, TransformPlugin,
};
use taskferry_transform_jq::Jq;

fn files() -> Files {
    Files::new()
        .with("good.jq", "# Hours of each task\n.tasks[]\n| .hours\n")
        .with("bad.jq", "# Gr\u{f6}\u{df}e\n.tasks[]\n| \"\u{f6}\", selct(.)\n")
        .with("binary.jq", [0xff])
}

fn build(options: &Value) -> Result<AnyTransform, Vec<Problem>> {
    testing::build(options, &files(), Jq::build)
}

fn apply(options: &Value, record: &Record) -> Result<Vec<String>, StageError> {
    TransformTest::of(build(options).unwrap()).apply(&record.to_json())
}

fn run(filter: &str, text: &'static str) -> Vec<String> {
    apply(&json!({"filter": filter}), &Record::parse(text).unwrap()).unwrap()
}

#[test]
fn every_result_is_a_record() {
    assert_eq!(
        run(".[]", r#"[{"a":1},2,"x",null,[true]]"#),
        [r#"{"a":1}"#, "2", r#""x""#, "null", "[true]"]
    );
    assert_eq!(run("empty", "1"), Vec::<String>::new());
}

#[test]
fn a_record_keeps_its_numbers_and_the_order_of_its_keys() {
    let text = r#"{"z":1.10,"weekly_hours":2.50,"big":100000000000000000001,"a":-0,"é":"→"}"#;
    assert_eq!(run(".", text), [text]);
    assert_eq!(
        run(".hours = (.weekly_hours // 0) | del(.weekly_hours)", text),
        [r#"{"z":1.10,"big":100000000000000000001,"a":-0,"é":"→","hours":2.50}"#]
    );
}

#[test]
fn an_expression_can_be_read_from_a_file() {
    let record = Record::parse(r#"{"tasks":[{"hours":1.0},{"hours":2}]}"#).unwrap();
    assert_eq!(apply(&json!({"file": "good.jq"}), &record).unwrap(), ["1.0", "2"]);
}

#[test]
fn arguments_are_variables_of_any_type() {
    let args = json!({"region": "emea", "least": 1.50, "list": [1, {"a": null}]});
    let options = json!({"filter": "[$region, $least, $list]", "args": args});
    let lines = apply(&options, &Record::parse("null").unwrap()).unwrap();
    assert_eq!(lines, [r#"["emea",1.5,[1,{"a":null}]]"#]);
}

#[test]
fn a_record_refused_by_jq_emits_nothing_and_gives_the_reason() {
    let error =
        apply(&json!({"filter": "1, error(\"why\")"}), &Record::parse("1").unwrap()).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Record, "the jq expression failed: why")
    );
}

#[test]
fn endless_expressions_are_ended() {
    let options = json!({"filter": "repeat(1)", "max_results": 5});
    let error = apply(&options, &Record::parse("1").unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let options =
        json!({"filter": "repeat(1)", "max_results": 1_000_000_000, "time_limit": "20ms"});
    let error = apply(&options, &Record::parse("1").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the jq expression took longer than 20ms");
    // The engine ends an expression that never returns a result.
    let AnyTransform::Stateless(transform) = build(&options).unwrap() else {
        panic!("not a stateless transform")
    };
    assert_eq!(transform.time_limit().unwrap().limit, Duration::from_millis(20));
    let isolated = build(&json!({"filter": ".", "isolation": "process"})).unwrap();
    assert!(matches!(isolated, AnyTransform::Async(_)));
}

#[test]
fn an_invalid_pattern_is_marked() {
    for (filter, part, message) in [
        (
            ".a | test(\"a(b\")",
            11..14,
            "invalid regular expression: opening parenthesis without closing parenthesis",
        ),
        ("gsub(\"a\"; \"b\"; \"gm\")", 16..18, "gm is not a valid modifier string"),
        ("match([\"[a\", \"g\"])", 8..10, "invalid regular expression: invalid character class"),
        (
            "test(\"(?P<n>a)\")",
            6..14,
            "invalid regular expression: a named group is written `(?<name>…)`, without a `P`",
        ),
    ] {
        let problems = build(&json!({"filter": filter})).unwrap_err();
        let found: Vec<_> = problems
            .iter()
            .map(|problem| (problem.part.clone(), problem.message.as_str()))
            .collect();
        assert_eq!(found, [(Part::Within(part), message)], "{filter}");
    }
    assert!(
        build(&json!({"filter": "def test(a): a; test(\"(\"), split(\"(\"), test(.a)"})).is_ok()
    );
}

#[test]
fn an_error_in_a_file_is_reported_with_its_position() {
    let problem = &build(&json!({"file": "bad.jq"})).unwrap_err()[0];
    assert_eq!(problem.path.to_string(), "file");
    assert_eq!(problem.message, "bad.jq:3:8: there is no function `selct`");
    let problem = &build(&json!({"file": "none.jq"})).unwrap_err()[0];
    assert!(problem.message.starts_with("can't read the jq file `none.jq`: "));
    assert_eq!(problem.help.as_deref(), Some("the path resolves to none.jq"));
    let problem = &build(&json!({"file": "binary.jq"})).unwrap_err()[0];
    assert_eq!(problem.message, "can't read the jq file `binary.jq`: it is not UTF-8 text");
}

#[test]
fn all_invalid_options_are_reported_at_once() {
    let found = |options: Value| -> Vec<(String, &'static str)> {
        let problems = build(&options).unwrap_err();
        problems.into_iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
    };
    assert_eq!(found(json!({})), [(String::new(), "missing-key")]);
    assert_eq!(
        found(json!({"filter": ".", "file": "good.jq"})),
        [("file".to_owned(), "conflicting-options")]
    );
    assert_eq!(
        found(
            json!({"filter": "selct", "args": {"a-b": 1}, "max_results": 0, "time_limit": "0s", "memory_limit": "64 MiB"})
        ),
        [
            ("args.a-b".to_owned(), "invalid-name"),
            ("time_limit".to_owned(), "invalid-value"),
            ("max_results".to_owned(), "invalid-value"),
            ("memory_limit".to_owned(), "unused-option"),
            ("filter".to_owned(), "undefined-name"),
        ]
    );
    assert_eq!(
        found(json!({"filter": ".", "isolation": "process", "memory_limit": "1 MiB"})),
        [("memory_limit".to_owned(), "invalid-value")]
    );
}

#[test]
fn records_may_be_emitted_in_any_shape() {
    let fields = |jq: &Jq, context: &BuildContext<'_>| Ok(jq.fields(context));
    let fields = testing::build(&json!({"filter": "."}), &files(), fields).unwrap();
    assert!(!fields.is_exact() && fields.required().is_empty());
}

#[test]
fn a_dropped_record_is_explained_by_the_option_with_the_expression() {
    let mut jq = TransformTest::new::<Jq>(&json!({"filter": "select(.hours)"})).unwrap();
    assert!(jq.apply(r#"{"hours": null}"#).unwrap().is_empty());
    let [effect] = jq.effects() else { panic!("{:?}", jq.effects()) };
    assert_eq!(effect.option, "filter");
    assert_eq!(effect.text, "drops the record: the expression has no result");
    jq.apply(r#"{"hours": 1}"#).unwrap();
    assert!(jq.effects().is_empty());
}
