//! Options are read, and every error is reported at its key.

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use taskferry_sdk::{Duration, Segment, read_options};

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Colour {
    DarkRed,
    Blue,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    size: u8,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Options {
    name: String,
    count: u32,
    #[serde(default)]
    colours: Vec<Colour>,
    inner: Option<Inner>,
    wait: Option<Duration>,
    anything: Option<Value>,
}

fn problems(table: &Value) -> Vec<(String, String)> {
    let problems = read_options::<Options>(table, &["type"]).unwrap_err();
    problems.into_iter().map(|problem| (problem.path.to_string(), problem.message)).collect()
}

fn pair(path: &str, message: &str) -> (String, String) {
    (path.to_owned(), message.to_owned())
}

#[test]
fn valid_options_are_read() {
    let table = json!({"name": "x", "count": 3, "colours": ["dark_red", "blue"], "inner": {"size": 1}, "wait": "5s", "anything": {"a": [1, 2.5, "x", true]}});
    let options: Options = read_options(&table, &[]).unwrap();
    assert!(matches!(options.colours[..], [Colour::DarkRed, Colour::Blue]));
    assert_eq!((options.name.as_str(), options.count), ("x", 3));
    assert_eq!((options.inner.unwrap().size, options.wait.unwrap()), (1, Duration::from_secs(5)));
    assert_eq!(options.anything.unwrap(), json!({"a": [1, 2.5, "x", true]}));
}

#[test]
fn every_error_is_reported_with_its_path() {
    let table = json!({"name": 1, "cuont": 3, "colours": ["red", "blue", "bleu", 5], "inner": {"size": 300, "x": 1}, "wait": "soon"});
    assert_eq!(
        problems(&table),
        [
            pair("name", "expected a string, found a whole number"),
            pair("cuont", "unknown key `cuont`"),
            pair("colours[0]", "\"red\" is not one of the choices"),
            pair("colours[2]", "\"bleu\" is not one of the choices"),
            pair("colours[3]", "expected a string, found a whole number"),
            pair("inner.size", "300 is out of range, expected a whole number from 0 to 255"),
            pair("inner.x", "unknown key `x`"),
            pair(
                "wait",
                "`soon` is not a duration; write for example \"500ms\", \"30s\" or \"5m\""
            ),
            pair("", "the key `count` is missing"),
        ]
    );
}

#[test]
fn all_missing_keys_are_reported() {
    assert_eq!(
        problems(&json!({})),
        [pair("", "the key `name` is missing"), pair("", "the key `count` is missing")]
    );
    assert_eq!(
        problems(&json!({"inner": {}, "name": "x", "count": 1})),
        [pair("inner", "the key `size` is missing")]
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let word = "name|count|colours|inner|wait|anything|size|nmae|.{0,4}";
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "dark_red|blue|5s|[0-9a-z ]{0,5}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((word, inner), 0..6)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn errors_of_any_table_have_existing_paths(table in anything()) {
        match read_options::<Options>(&table, &["type"]) {
            Ok(options) => prop_assert_eq!(table["name"].as_str(), Some(options.name.as_str())),
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for problem in problems {
                    let place = problem.path.segments().iter().try_fold(&table, |value, segment| match segment {
                        Segment::Key(key) => value.get(key),
                        Segment::Index(index) => value.get(index),
                    });
                    prop_assert!(place.is_some(), "{} in {table}", problem.path);
                }
            }
        }
    }
}

#[test]
fn a_mistyped_common_key_is_suggested() {
    let problems =
        read_options::<Options>(&json!({"name": "x", "count": 1, "tpye": "y"}), &["type"])
            .unwrap_err();
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `type`?"));
}

#[test]
fn a_list_is_no_table_even_if_all_options_of_the_table_have_defaults() {
    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields, default)]
    struct Defaults {
        size: u8,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        retry: Defaults,
    }
    assert_eq!(read_options::<Outer>(&json!({}), &[]).unwrap().retry.size, 0);
    let problems = read_options::<Outer>(&json!({"retry": []}), &[]).unwrap_err();
    assert_eq!(problems[0].path.to_string(), "retry");
    assert_eq!(problems[0].message, "expected a table, found a list");
}
