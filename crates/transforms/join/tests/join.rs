//! Behavior of `join` in a pipeline.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance};
use taskferry_sdk::testing::{Files, TransformTest};
use taskferry_transform_join::Join;

const CSV: &str = "id,name,family\n007,Agent,\"Sales, EU\"\nX1,Clerk,\n";
const NDJSON: &str =
    "{\"id\":\"007\",\"name\":\"Agent\",\"family\":[1]}\n\n{\"id\":5,\"name\":null}\n";

fn options(changes: &Value) -> Value {
    let mut options =
        json!({"file": "jobs.csv", "key": "job", "file_key": "id", "columns": ["name", "family"]});
    for (key, value) in changes.as_object().unwrap() {
        options[key] = value.clone();
    }
    options
}

fn stage(changes: &Value) -> TransformTest {
    let files = Files::new().with("jobs.csv", CSV).with("jobs.ndjson", NDJSON);
    TransformTest::with_files::<Join>(&options(changes), &files).unwrap()
}

fn errors(file: &str, changes: &Value) -> Vec<(String, &'static str, String)> {
    let files = Files::new().with("jobs.csv", file).with("jobs.ndjson", file);
    let problems = TransformTest::with_files::<Join>(&options(changes), &files).unwrap_err();
    problems.into_iter().map(|it| (it.path.to_string(), it.code, it.message)).collect()
}

fn error(path: &str, code: &'static str, message: &str) -> Vec<(String, &'static str, String)> {
    vec![(path.to_owned(), code, message.to_owned())]
}

#[test]
fn columns_are_added_or_replaced_by_key() {
    let mut csv = stage(&json!({}));
    assert_eq!(
        csv.apply(r#"{"job":"007","name":"old"}"#).unwrap(),
        [r#"{"job":"007","name":"Agent","family":"Sales, EU"}"#]
    );
    assert_eq!(
        csv.apply(r#"{"job":"X1"}"#).unwrap(),
        [r#"{"job":"X1","name":"Clerk","family":""}"#]
    );
    let mut ndjson = stage(&json!({"file": "jobs.ndjson"}));
    assert_eq!(
        ndjson.apply(r#"{"job":"007"}"#).unwrap(),
        [r#"{"job":"007","name":"Agent","family":[1]}"#]
    );
    assert_eq!(ndjson.apply(r#"{"job":5}"#).unwrap(), [r#"{"job":5,"name":null,"family":null}"#]);
}

#[test]
fn keys_are_texts_and_normalised_only_on_request() {
    let matches = |normalise: &[&str], key: &str| {
        let mut stage = stage(&json!({"normalise": normalise, "unmatched": "drop"}));
        stage.apply(&json!({"job": key}).to_string()).unwrap().len() == 1
    };
    for key in ["7", "x1", " X1 "] {
        assert!(!matches(&[], key), "{key}");
    }
    assert!(matches(&["zeros"], "7"));
    assert!(matches(&["case"], "x1"));
    assert!(matches(&["spaces"], " X1 "));
    assert!(!matches(&["zeros", "case"], " X1 "));
}

#[test]
fn records_without_a_match_are_processed_as_the_option_says() {
    let record = r#"{"job":"nobody"}"#;
    let null = r#"{"job":"nobody","name":null,"family":null}"#;
    for (unmatched, expected) in [("null", vec![null]), ("keep", vec![record]), ("drop", vec![])] {
        let mut stage = stage(&json!({"unmatched": unmatched}));
        assert_eq!(stage.apply(record).unwrap(), expected, "{unmatched}");
    }
    let mut stage = stage(&json!({"unmatched": "fail"}));
    let message = |error: taskferry_sdk::StageError| error.full_message();
    assert_eq!(
        message(stage.apply(record).unwrap_err()),
        "the file has no row with the key `nobody`"
    );
    assert_eq!(message(stage.apply("{}").unwrap_err()), "the record has no key in `job`");
}

#[test]
fn a_run_without_matches_and_similar_keys_give_a_warning() {
    let mut none = stage(&json!({}));
    none.apply(r#"{"job":"a"}"#).unwrap();
    assert_eq!(
        none.warnings(),
        ["no record was matched: the file contains none of the records' keys, for example `a`"]
    );
    let mut similar = stage(&json!({}));
    similar.apply(r#"{"job":"7"}"#).unwrap();
    similar.apply(r#"{"job":"X1"}"#).unwrap();
    assert_eq!(
        similar.warnings(),
        [
            "1 of 1 keys without a match differ from keys in the file only by spaces, case or leading zeros; set `normalise`"
        ]
    );
    let mut keyless = stage(&json!({}));
    keyless.apply(r#"{"other":"7"}"#).unwrap();
    assert_eq!(keyless.warnings(), ["no record was matched: no record has a key in `job`"]);
}

#[test]
fn errors_in_the_file_name_their_lines() {
    let twice = "id,name,family\na,x,y\nb,x,y\na,x,y\n";
    assert_eq!(
        errors(twice, &json!({})),
        error("file", "duplicate-key", "jobs.csv:4: the key `a` is also in line 2")
    );
    let case = "id,name,family\na,x,y\nA,x,y\n";
    assert_eq!(
        errors(case, &json!({"normalise": ["case"]})),
        error("file", "duplicate-key", "jobs.csv:3: the key `A` is also in line 2")
    );
    assert_eq!(
        errors("id;name\n1;2\n", &json!({})),
        error("file", "missing-column", "jobs.csv:1: the column `id` is missing")
    );
    assert_eq!(
        errors("id,name,family\na,b\n", &json!({})),
        error("file", "invalid-mapping", "jobs.csv:2: the row has 2 columns, the header has 3")
    );
    assert_eq!(
        errors("id,name,family\n,b,c\n", &json!({})),
        error("file", "invalid-mapping", "jobs.csv:2: the row has no value in the key column `id`")
    );
    assert_eq!(
        errors("{\"id\":1,\"name\":2}\n", &json!({"file": "jobs.ndjson"})),
        error("file", "missing-column", "jobs.ndjson:1: no line has the column `family`")
    );
    assert_eq!(errors("", &json!({"file": "none.csv"}))[0].1, "unreadable-file");
    assert_eq!(
        errors(CSV, &json!({"columns": []})),
        error("columns", "empty-value", "`columns` is empty")
    );
    assert_eq!(
        errors(CSV, &json!({"columns": ["name", "name"]})),
        error("columns[1]", "duplicate-value", "`name` is in the list twice")
    );
}

const NAMES: &str = "external_id,name\njob-000001,Recruiter\njob-000003,Nurse\n";

#[test]
fn join_conforms_to_the_rules_for_transforms() {
    let options = json!({"file": "names.csv", "key": "external_id", "columns": ["name"]});
    Conformance::transform::<Join>(options)
        .files(Files::new().with("names.csv", NAMES))
        .exempt(Check::ErrorsClear, "it refuses no record unless `unmatched` is `fail`")
        .run();
    let options = json!({
        "file": "names.csv",
        "key": "job_external_id",
        "file_key": "external_id",
        "columns": ["name"],
        "normalise": ["case"],
        "unmatched": "fail",
    });
    Conformance::transform::<Join>(options).files(Files::new().with("names.csv", NAMES)).run();
}
