//! Options that break a rule.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance, Report};
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Plugin, Problem, TransformPlugin,
};

use crate::{assert_fails, object};

/// A plugin with these options. `check` finds problems in them.
macro_rules! plugin {
    ($name:ident, $check:expr) => {
        impl Plugin for $name {
            const TYPE: &'static str = stringify!($name);
        }

        impl TransformPlugin for $name {
            fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
                let problems: Vec<Problem> = $check(self);
                if problems.is_empty() { Ok(kept()) } else { Err(problems) }
            }

            fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
                FieldRule::unchanged()
            }
        }
    };
    ($name:ident) => {
        plugin!($name, |_| Vec::new());
    };
}

fn kept() -> AnyTransform {
    AnyTransform::filter(|record| object(record).map(|()| true))
}

fn report<P: TransformPlugin>(options: Value) -> Report {
    Conformance::transform::<P>(options).report()
}

fn wrong(key: &str) -> Vec<Problem> {
    vec![Problem::at(KeyPath::of(key), "invalid-value", "the value is wrong")]
}

/// Correct options.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Correct {
    /// A number that `build` checks.
    #[serde(default)]
    #[schemars(range(min = 0, max = 9))]
    number: i64,
    /// Names with at least one entry.
    #[schemars(extend("minItems" = 1))]
    names: Vec<String>,
    /// A choice.
    choice: Option<Choice>,
    /// Tables.
    #[serde(default)]
    tables: Vec<Inner>,
}

/// A table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inner {
    /// A wait.
    #[expect(dead_code, reason = "only read")]
    wait: taskferry_sdk::Duration,
}

/// A choice.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Choice {
    /// The first one.
    First,
    /// The second one.
    Second,
}

plugin!(Correct, |options: &Correct| {
    let mut problems = Vec::new();
    if !(0..=9).contains(&options.number) {
        problems.extend(wrong("number"));
    }
    if options.names.is_empty() {
        problems.extend(wrong("names"));
    }
    _ = (options.choice, &options.tables);
    problems
});

#[test]
fn correct_options_conform() {
    let report = report::<Correct>(json!({"names": ["a"], "tables": [{"wait": "1s"}]}));
    assert!(report.is_passed(), "{report}");
    let text = report.to_string();
    assert!(text.starts_with("`Correct` conforms to the rules for plugins\n"), "{text}");
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct WithoutStructComment {
    /// Documented.
    field: String,
}

plugin!(WithoutStructComment);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct WithoutFieldComment {
    field: String,
}

plugin!(WithoutFieldComment);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct WithoutChoiceComment {
    /// Documented.
    field: Option<Bare>,
    /// Documented.
    #[serde(default)]
    list: Vec<Bare>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Bare {
    Plain,
}

plugin!(WithoutChoiceComment);

#[test]
fn a_missing_doc_comment_is_found() {
    let field = || json!({"field": "a"});
    let found = report::<WithoutStructComment>(field());
    assert_fails(&found, Check::Documented, "the options struct has no doc comment");
    let found = report::<WithoutFieldComment>(field());
    assert_fails(&found, Check::Documented, "the option `field` has no doc comment");
    let found = report::<WithoutChoiceComment>(json!({}));
    assert_fails(&found, Check::Documented, "the choice `plain` of `field` has no doc comment");
}

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only read")]
struct Open {
    /// Documented.
    field: String,
}

plugin!(Open);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct OpenInside {
    /// Documented.
    #[serde(default)]
    tables: Vec<Open>,
}

plugin!(OpenInside);

#[test]
fn an_accepted_unknown_key_is_found() {
    let found = report::<Open>(json!({"field": "a"}));
    assert_fails(&found, Check::UnknownKeysRefused, "the unknown key `no_such_option` is accepted");
    let found = report::<OpenInside>(json!({}));
    let why = "the unknown key `tables[0].no_such_option` is accepted";
    assert_fails(&found, Check::UnknownKeysRefused, why);
}

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Lax {
    /// The schema says text, the parser takes anything.
    #[schemars(with = "String")]
    text: Value,
}

plugin!(Lax);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct UncheckedRange {
    /// The schema has a range that nothing checks.
    #[schemars(range(min = 1))]
    number: u32,
}

plugin!(UncheckedRange);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct UncheckedChoice {
    /// The schema has choices that nothing checks.
    #[schemars(extend("enum" = ["a", "b"]))]
    letter: String,
}

plugin!(UncheckedChoice);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct UncheckedList {
    /// The schema has a length that nothing checks.
    #[schemars(extend("minItems" = 1))]
    list: Vec<String>,
}

plugin!(UncheckedList);

/// Documented.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct OtherSchema {
    field: Option<String>,
}

impl JsonSchema for OtherSchema {
    fn schema_name() -> Cow<'static, str> {
        "OtherSchema".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "Documented.",
            "properties": {"other": {"type": "string", "description": "Documented."}},
            "required": ["other"],
        })
    }
}

plugin!(OtherSchema);

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Panicking {
    /// Documented.
    text: String,
}

plugin!(Panicking, |options: &Panicking| {
    assert!(options.text.is_ascii(), "only ASCII");
    Vec::new()
});

/// Documented.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unlocated {
    /// Documented.
    text: String,
}

plugin!(Unlocated, |options: &Unlocated| {
    let path = KeyPath::of("nowhere").key("at").key("all");
    let problem = Problem::at(path, "invalid-value", "the text is empty");
    if options.text.is_empty() { vec![problem] } else { Vec::new() }
});

#[test]
fn options_that_differ_from_their_schema_are_found() {
    let check = Check::SchemaMatchesParser;
    let found = report::<Lax>(json!({"text": "a"}));
    assert_fails(&found, check, "the schema excludes the value true at `text`");
    let found = report::<UncheckedRange>(json!({"number": 1}));
    assert_fails(&found, check, "the schema excludes the number 0 at `number`");
    let found = report::<UncheckedChoice>(json!({"letter": "a"}));
    assert_fails(
        &found,
        check,
        "the schema excludes a string that is not one of the choices at `letter`",
    );
    let found = report::<UncheckedList>(json!({"list": ["a"]}));
    assert_fails(&found, check, "the schema excludes an empty list at `list`");
    let found = report::<OtherSchema>(json!({}));
    assert_fails(&found, check, "the parser refuses every table that the schema allows");
    let found = report::<Panicking>(json!({"text": "a"}));
    assert_fails(&found, check, "reading or building the options panicked: only ASCII");
    let found = report::<Unlocated>(json!({"text": "a"}));
    assert_fails(&found, check, "the problem at `nowhere.at.all` has no position in the table");
}

#[test]
fn invalid_options_of_the_test_are_reported() {
    let found = report::<Correct>(json!({"names": []}));
    let text = found.to_string();
    assert!(text.contains("the options are invalid: `names`: the value is wrong"), "{text}");
}
