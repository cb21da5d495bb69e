//! `taskferry schema`: the JSON Schema of pipeline files accepts what `check` accepts, and refuses each error that a schema can
//! see.

use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};
use taskferry_testkit::{Context, project_file};

use crate::errors::GOOD;

fn printed(arguments: &[&str]) -> String {
    let ended = Context::new().taskferry(arguments).with_code(0);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

pub(crate) fn validator(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::meta::is_valid(&schema), "the schema is one of draft 2020-12");
    jsonschema::draft202012::new(&schema).unwrap()
}

fn pipelines() -> Validator {
    validator(&printed(&["schema"]))
}

fn errors(validator: &Validator, text: &str) -> Vec<String> {
    let file: Value = toml::from_str(text).unwrap();
    let error =
        |error: jsonschema::ValidationError<'_>| format!("{}: {error}", error.instance_path());
    validator.iter_errors(&file).map(error).collect()
}

/// The pipeline files that are shipped. Overlays are not pipelines.
fn shipped() -> Vec<PathBuf> {
    let folders = ["pipelines", "examples/deploy", "examples/custom-runner"];
    let entries = folders.iter().flat_map(|folder| fs::read_dir(project_file(folder)).unwrap());
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.retain(|path| path.file_name().is_some_and(|name| name != "Cargo.toml"));
    files.retain(|path| !path.to_string_lossy().ends_with(".test.toml"));
    assert!(files.len() >= 6, "{files:?}");
    files
}

#[test]
fn the_published_schemas_match_the_program() {
    for (page, command) in [
        ("docs/pipeline.schema.json", &["schema"][..]),
        ("docs/manifest.schema.json", &["schema", "--manifest"]),
    ] {
        let kept = fs::read_to_string(project_file(page)).unwrap_or_default();
        let command_line = command.join(" ");
        assert!(
            kept == printed(command),
            "write it anew: cargo run -p taskferry -- {command_line} > {page}"
        );
    }
}

#[test]
fn every_shipped_pipeline_names_its_schema_and_follows_it() {
    for file in shipped() {
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap();
        let schema = first.strip_prefix("#:schema ").unwrap_or_else(|| panic!("{file:?}: {first}"));
        let schema = file.parent().unwrap().join(schema);
        let schema = fs::read_to_string(&schema).unwrap_or_else(|_| panic!("no {schema:?}"));
        assert_eq!(errors(&validator(&schema), &text), [""; 0], "{}", file.display());
    }
}

/// Changes of the valid file, each with an error that a schema detects: the name of the error, the old text, and the new text.
/// `↵` is a line break.
const ERRORS: &str = r#"
an unknown top-level key: name = => nmae =
a name that is no text: name = "jobs" => name = 5
an unknown table: [source] => [sourc]
an unknown key of a source: include = => inclde =
an unknown key of a transform: levels => lvels
an unknown key of a sink: type = "stdout" => type = "stdout"↵path = "x"
an unknown key of an inner table: [[transform]] => [source.auth]↵tennant = "x"↵[[transform]]
an unknown source: "techwolf" => "techwulf"
an unknown transform: "filter_ai_impact" => "filter_impact"
an unknown sink: "stdout" => "stdot"
a stage without a type: type = "stdout" => format = "csv"
a missing key: url = "sandbox:?jobs=3"↵ =>
a transform without its options: levels = ["H1"]↵ => 
options that exclude each other: levels = ["H1"] => levels = ["H1"]↵at_most = "H2"
a text in the place of a number: url = => limit = "many"↵url =
a number out of range: url = => limit = 300↵url =
a number below the range: url = => limit = 0↵url =
a fraction in the place of a whole number: url = => limit = 1.5↵url =
a text in the place of a list: include = ["ai_impact", "linked_skills"] => include = "ai_impact"
an unknown item of a list: "linked_skills"] => "linked_skill"]
a repeated column: type = "stdout" => type = "stdout"↵format = "csv"↵columns = ["a", "a"]
an empty list: levels = ["H1"] => levels = []
an invalid level: levels = ["H1"] => levels = ["h1"]
an unknown value: levels = => missing = "dorp"↵levels =
an unknown reaction to errors: levels = => on_error = "explode"↵levels =
an empty name: levels = => name = ""↵levels =
a duration without a unit: url = => timeout = "30"↵url =
a duration that is a number: url = => timeout = 30↵url =
a size without a unit: url = => max_page_bytes = "30"↵url =
no columns: type = "stdout" => type = "stdout"↵format = "csv"↵columns = []
a filter without its key: url = => filters = [{ filter = "is_active" }]↵url =
a transform of a sink with an error: type = "stdout" => type = "stdout"↵[[sink.transform]]↵type = "jq"↵filtr = "."
a percentage above 100: [source] => [expect]↵max_drop_percent = 200↵[source]
an unknown key of `[state]`: [source] => [state]↵folder = "x"↵[source]
"#;

#[test]
fn an_error_that_a_schema_detects_is_also_refused_by_check() {
    let validator = pipelines();
    assert_eq!(errors(&validator, GOOD), [""; 0]);
    let context = Context::new();
    for line in ERRORS.trim().lines() {
        let (diagnostic, change) = line.split_once(": ").unwrap();
        let change = change.replace('↵', "\n");
        let (from, to) = change.split_once(" =>").unwrap();
        let to = to.trim_start();
        assert!(GOOD.contains(from), "{diagnostic}");
        let text = GOOD.replace(from, to);
        assert_ne!(errors(&validator, &text), [""; 0], "{diagnostic}");
        context.write("jobs.toml", &text);
        let checked = context.taskferry(&["check", "jobs.toml"]);
        assert_eq!(checked.code, Some(2), "{diagnostic}");
    }
}

#[test]
fn a_pipeline_without_a_source_or_a_sink_is_refused() {
    let validator = pipelines();
    for text in [
        "",
        "name = \"x\"",
        "source = 1\nsink = 2",
        "[[sink]]\ntype = \"stdout\"",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"",
        "sink = []\n[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"",
        "sink = { type = \"stdout\" }\n[source]\ntype = \"techwolf\"\nurl = \"sandbox:\"",
    ] {
        assert_ne!(errors(&validator, text), [""; 0], "{text}");
    }
}

#[test]
fn references_to_variables_are_valid_where_check_accepts_them() {
    let text = GOOD
        .replace("\"linked_skills\"", "\"${FIELD:-linked_skills}\"")
        .replace("levels =", "missing = \"${MISSING:-keep}\"\nlevels =")
        .replace("[\"H1\"]", "[\"${LEVEL:-H1}\"]")
        .replace(
            "url =",
            "timeout = \"${TIMEOUT:-30s}\"\nmax_page_bytes = \"${SIZE:-1 MiB}\"\nurl =",
        );
    assert_eq!(errors(&pipelines(), &text), [""; 0]);
    let context = Context::with_pipeline(&text);
    context.taskferry(&["check", "jobs.toml"]).with_code(0);

    // The text of a variable is no number.
    let text = GOOD.replace("url =", "limit = \"${LIMIT:-5}\"\nurl =");
    assert_ne!(errors(&pipelines(), &text), [""; 0]);
    context.write("jobs.toml", &text);
    context.taskferry(&["check", "jobs.toml"]).with_code(2);
}

/// A file with every plugin of the program, and most options.
const MANY_OPTIONS: &str = include_str!("schema/many_options.toml");

#[test]
fn a_valid_file_with_many_options_is_accepted() {
    let context = Context::with_pipeline(MANY_OPTIONS);
    context.taskferry(&["check", "jobs.toml"]).with_code(0);
    assert_eq!(errors(&pipelines(), MANY_OPTIONS), [""; 0]);
}

/// The schema of a key in the table of a stage.
fn key<'a>(schema: &'a Value, stage: &str, key: &str) -> &'a Value {
    &schema["$defs"][stage]["properties"][key]
}

#[test]
fn every_key_has_its_description_and_its_default() {
    let schema: Value = serde_json::from_str(&printed(&["schema"])).unwrap();
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty() && !description.contains("\n "), "{name}.{key}");
        }
    }
    let limit = key(&schema, "source.techwolf", "limit");
    assert_eq!((&limit["default"], &limit["maximum"]), (&json!(100), &json!(100)));
    assert_eq!(key(&schema, "transform.jq", "type")["const"], "jq");
    assert_eq!(key(&schema, "sink.file", "format")["anyOf"][0]["const"], "ndjson");
}

#[test]
fn the_example_of_a_runner_has_a_schema_of_its_own() {
    let folder = project_file("examples/custom-runner");
    let schema = fs::read_to_string(Path::new(&folder).join("pipeline.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(key(&schema, "transform.join_job_names", "type")["const"], "join_job_names");
}
