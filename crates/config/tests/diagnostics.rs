//! Valid pipeline files, and the errors of invalid ones.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plugins;

use std::fs;

use miette::{GraphicalReportHandler, GraphicalTheme};
use plugins::registry;
use taskferry_config::{Diagnostic, Diagnostics, Layers, load};
use taskferry_pipeline::Pipeline;

const GOOD: &str = r#"
[source]
type = "pages"
url = "${URL:-sandbox:}"
include = ["ai_impact"]

[[transform]]
type = "keep"
levels = ["H1"]

[[sink]]
type = "out"
"#;

fn check(layers: &Layers) -> Result<Pipeline, Diagnostics> {
    load(layers, &registry()).map(|checked| checked.pipeline)
}

fn from(text: &str) -> Layers {
    Layers::from_text("jobs.toml", text)
}

fn diagnostics(layers: &Layers) -> String {
    check(layers).unwrap_err().to_string()
}

/// The output of the binary, without colors.
fn drawn(diagnostics: &Diagnostics) -> String {
    let handler =
        GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(100);
    let mut text = String::new();
    for diagnostic in diagnostics.all() {
        handler.render_report(&mut text, diagnostic).unwrap();
        text.push('\n');
    }
    text
}

#[test]
fn a_valid_file_becomes_a_pipeline() {
    let pipeline = check(&from(GOOD)).unwrap();
    assert_eq!(pipeline.name, "jobs");
    assert_eq!(
        (pipeline.source.type_name, pipeline.transforms.len(), pipeline.sinks.len()),
        ("pages", 1, 1)
    );
    assert!(format!("{:?}", pipeline.source.feed).contains("\"sandbox:\""));
}

#[test]
fn digests_that_are_stored_between_runs_never_change() {
    let pipeline = check(&from(GOOD)).unwrap();
    let expected = "adce3a86bf372bb96bd4bfad482603776695a44956ff2225ebe57e2afc480a07";
    assert_eq!(pipeline.listing_digest, expected);
    let pipeline = check(&from(GOOD).set("source.limit=40")).unwrap();
    assert_eq!(pipeline.experiment.as_deref(), Some("490c90e96a59"));
}

#[test]
fn an_option_that_does_not_affect_the_output_changes_no_digest_at_any_depth() {
    let pipeline = |limits: &str, set: &str| {
        let shape = format!(
            "[[transform]]\ntype = \"shape\"\nfilter = \".\"\nlimits = [{limits}]\n[[sink]]"
        );
        check(&from(&GOOD.replace("[[sink]]", &shape)).set(set)).unwrap()
    };
    let named = "description=x";
    let digest = |limits: &str| {
        let pipeline = pipeline(limits, named);
        (pipeline.digest, pipeline.transforms[1].digest.clone())
    };
    let short = digest("{ results = 1, timeout = { seconds = 1 } }");
    assert_eq!(short, digest("{ results = 1, timeout = { seconds = 9 } }"));
    assert_eq!(short, digest("{ results = 1 }"));
    let other = digest("{ results = 2 }");
    assert!(short.0 != other.0 && short.1 != other.1);
    let limits = "{ results = 1, timeout = { seconds = 1 } }";
    let experiment = |set: &str| pipeline(limits, set).experiment;
    assert_eq!(experiment("transform.1.limits.0.timeout.seconds=9"), None);
    assert!(experiment("transform.1.limits.0.results=9").is_some());
}

#[test]
fn all_errors_of_a_file_are_reported_in_its_order() {
    let text = r#"
nmae = "x"

[source]
type = "pages"
limt = 100
limit = 300
include = "ai_impact"

[[transform]]
type = "keap"

[[transform]]
type = "keep"
missing = "dorp"

[[transform]]
levels = []

[[transform]]
type = "shape"
filter = '''
  .a |
  wrong'''
on_error = "explode"

[[sink]]
type = "out"
path = "out/{pipelin}.csv"
name = 5

[state]
dir = "x"
"#;
    insta::assert_snapshot!(diagnostics(&from(text)), @r#"
    jobs.toml:2:1: unknown top-level key `nmae`
    jobs.toml:4:2: the key `url` is missing
    jobs.toml:6:1: unknown key `limt`
    jobs.toml:7:9: 300 is out of range, expected a whole number above 0
    jobs.toml:8:11: expected a list, found a string
    jobs.toml:11:8: there is no transform `keap`
    jobs.toml:13:1: the key `levels` is missing
    jobs.toml:15:11: "dorp" is not one of the choices
    jobs.toml:17:1: the key `type` is missing
    jobs.toml:24:3: that is wrong
    jobs.toml:25:12: "explode" is not one of the choices
    jobs.toml:29:8: unknown placeholder `{pipelin}`; the placeholders are {pipeline}, {date}, {time}, {run_id}, {shard}; did you mean `{pipeline}`?
    jobs.toml:30:8: expected a string, found a number
    "#);
}

#[test]
fn an_error_is_drawn_with_its_source_line() {
    let text = GOOD
        .replace("include", "inclde")
        .replace("levels = [\"H1\"]", "levels = [\"H1\"]\nmissing = \"dropp\"");
    insta::assert_snapshot!(drawn(&check(&from(&text)).unwrap_err()));
}

#[test]
fn a_toml_syntax_error_is_reported_with_its_position() {
    insta::assert_snapshot!(diagnostics(&from("[source]\ntype = \"pages\nurl =\nlimit = 1o\n[sink\n")), @"
    jobs.toml:2:13: invalid TOML: the string has no closing quotation mark
    jobs.toml:3:5: invalid TOML: a string needs quotation marks
    jobs.toml:4:9: invalid TOML: a string needs quotation marks
    jobs.toml:5:5: invalid TOML: the header of the table has no closing bracket
    ");
}

#[test]
fn missing_tables_are_reported() {
    insta::assert_snapshot!(diagnostics(&from("name = \"x\"")), @r"
    jobs.toml:1:1: the pipeline has no `[source]`
    jobs.toml:1:1: the pipeline has no `[[sink]]`
    ");
    insta::assert_snapshot!(diagnostics(&from("source = 1\nsink = { type = \"out\" }\ntransform = 3")), @r"
    jobs.toml:1:10: expected a table, found a number
    jobs.toml:2:1: expected a list of tables, found a table
    jobs.toml:3:1: expected a list of tables, found a number
    ");
}

#[test]
fn a_field_that_the_source_does_not_fetch_is_an_error_before_the_first_request() {
    let text = GOOD.replace("include = [\"ai_impact\"]", "");
    insta::assert_snapshot!(drawn(&check(&from(&text)).unwrap_err()));
    // After a transform that creates arbitrary records, the fields are unknown.
    let text = text
        .replace("[[transform]]", "[[transform]]\ntype = \"shape\"\nfilter = \".\"\n[[transform]]");
    assert!(check(&from(&text)).is_ok());
}

#[test]
fn variables_are_filled_in_after_parsing_and_only_in_strings() {
    let text = GOOD.replace("${URL:-sandbox:}", "a${EMPTY:-b}${QUOTE}$$$x${NONE:-}");
    let variables = [("EMPTY", ""), ("QUOTE", "\"\n[evil]\n${URL}")]
        .map(|(name, value)| (name.into(), value.into()));
    let pipeline = check(&from(&text).environment(variables)).unwrap();
    let source = format!("{:?}", pipeline.source.feed);
    assert!(source.contains(r#"url: "ab\"\n[evil]\n${URL}$$x""#), "{source}");
}

#[test]
fn a_plugin_without_support_for_generated_data_is_not_run_on_it() {
    let problems = check(&from(GOOD).sandbox(true)).unwrap_err();
    let codes: Vec<&str> = problems.all().iter().map(Diagnostic::code).collect();
    assert_eq!(codes, ["unsupported-sandbox"; 2], "neither the source nor the sink supports it");
    assert_eq!(problems.all()[0].line(), 3);
    assert!(problems.to_string().contains("the source `pages` does not support `--sandbox`"));
}

#[test]
fn invalid_variables_are_reported_with_their_position() {
    let text = r#"
[source]
type = "pages"
url = "https://${TENNANT}/${9x}"
[source.auth]
client_secret = "${file:nowhere.txt}"
tenant = "x${TENANT"
[[sink]]
type = "out"
"#;
    let layers = from(text).environment([("TENANT".to_owned(), "t".to_owned())]);
    let text = drawn(&check(&layers).unwrap_err());
    insta::assert_snapshot!(text);
}

#[test]
fn secrets_are_read_from_files_without_the_last_line_break() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.toml");
    fs::write(folder.path().join("url.txt"), "https://x\n").unwrap();
    fs::write(&file, GOOD.replace("${URL:-sandbox:}", "${file:url.txt}")).unwrap();
    let pipeline = check(&Layers::from_file(&file)).unwrap();
    assert!(format!("{:?}", pipeline.source.feed).contains("\"https://x\""));
}

#[test]
fn dropped_stages_are_reported_although_the_last_overlay_drops_none() {
    let folder = tempfile::tempdir().unwrap();
    let one_sink = folder.path().join("one-sink.toml");
    fs::write(&one_sink, "[[sink]]\ntype = \"out\"\n").unwrap();
    let two_sinks = from(&format!("{GOOD}[[sink]]\ntype = \"out\"\nname = \"other\"\n"));
    let layers = two_sinks.overlay(&one_sink).overlay(&one_sink);
    let checked = load(&layers, &registry()).unwrap();
    let warnings: Vec<String> = checked.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["the overlays replace the list of 2 sinks with a list of 1"]);
}

#[test]
fn later_layers_override_earlier_ones_and_indexes_reach_into_lists() {
    let folder = tempfile::tempdir().unwrap();
    let overlay = folder.path().join("overlay.toml");
    fs::write(&overlay, "name = \"from-overlay\"\n[source]\nlimit = 20\nurl = \"over\"\n").unwrap();
    let environment =
        [("TASKFERRY_SOURCE__LIMIT", "30"), ("TASKFERRY_TRANSFORM__0__LEVELS", "[\"H2\", \"H3\"]")];
    let layers = from(GOOD)
        .overlay(&overlay)
        .environment(environment.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .set("source.limit=40")
        .set("sink[0].path=out/x.csv")
        .set("sink.1.type=out")
        .set("source.auth.client_secret=123");
    let pipeline = check(&layers).unwrap();
    let source = format!("{:?}", pipeline.source.feed);
    assert_eq!(pipeline.name, "from-overlay");
    assert!(
        source.contains("limit: Some(40)")
            && source.contains("\"over\"")
            && source.contains("ai_impact"),
        "{source}"
    );
    assert!(
        source.contains("[secret]"),
        "a number becomes a string if the option is a string: {source}"
    );
    assert!(format!("{:?}", pipeline.transforms[0].transform).contains(r#"["H2", "H3"]"#));
    assert!(format!("{:?}", pipeline.sinks[0].sink).contains("out/x.csv"));
    assert_eq!(pipeline.sinks.len(), 2);
}

#[test]
fn errors_of_other_layers_name_their_layer() {
    let folder = tempfile::tempdir().unwrap();
    let overlay = folder.path().join("overlay.toml");
    fs::write(&overlay, "[source]\n  limt = 20\n").unwrap();
    let layers = from(GOOD)
        .overlay(&overlay)
        .environment([("TASKFERRY_SOURCE__LIMIT".to_owned(), "many".to_owned())])
        .set("transform.0.missing=never")
        .set("nonsense");
    assert!(diagnostics(&layers).starts_with("`--set` expects KEY=VALUE"));
    let layers = from(GOOD)
        .overlay(&overlay)
        .environment([("TASKFERRY_SOURCE__LIMIT".to_owned(), "many".to_owned())])
        .set("transform.0.missing=never");
    let text = diagnostics(&layers).replace(&overlay.display().to_string(), "overlay.toml");
    insta::assert_snapshot!(text, @r#"
    overlay.toml:2:3: unknown key `limt`
    environment:1:25: expected a whole number above 0, found a string
    --set:1:21: "never" is not one of the choices
    "#);
}

#[test]
fn stages_have_distinct_names_and_outputs() {
    let twice = "[[sink]]\ntype = \"out\"\nname = \"a\"\npath = \"x\"\n";
    let text = GOOD.replace("[[sink]]\ntype = \"out\"\n", &twice.repeat(2));
    insta::assert_snapshot!(diagnostics(&from(&text)), @"
    jobs.toml:17:8: another stage already has the name `a`
    jobs.toml:18:8: two outputs write to `x`
    ");
    let pipeline =
        check(&from(&GOOD.replace("[[sink]]", "[[sink]]\ntype = \"out\"\n[[sink]]"))).unwrap();
    assert_eq!(
        pipeline.sinks.iter().map(|sink| sink.name.as_str()).collect::<Vec<_>>(),
        ["out", "out-2"]
    );
}

#[test]
fn unreadable_files_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let text = diagnostics(&Layers::from_file(&folder.path().join("none.toml")));
    assert!(text.contains("can't read the pipeline file") && text.contains("none.toml"), "{text}");
    let latin = folder.path().join("latin.toml");
    fs::write(&latin, b"name = \"\xe9\"").unwrap();
    assert!(diagnostics(&Layers::from_file(&latin)).contains("is not UTF-8"));
    let file = folder.path().join("jobs.toml");
    fs::write(&file, GOOD.replace("levels", "mapping = \"skills/none.csv\"\nlevels")).unwrap();
    let text = diagnostics(&Layers::from_file(&file));
    assert!(
        text.contains("jobs.toml:9:11: can't read `") && text.contains("skills/none.csv"),
        "{text}"
    );
}

#[test]
fn no_message_contains_a_secret() {
    let text = "[source]\ntype = \"pages\"\nurl = \"x\"\nauth = { client_secret = \"canary-1\", tennant = \"t\" }\n\
                [[sink]]\ntype = \"out\"\nheaders = { Authorization = \"canary-2\", Other = 5 }\n";
    let layers = from(text)
        .environment([(
            "TASKFERRY_SOURCE__AUTH".to_owned(),
            "{ client_secret = { a = \"canary-3\" } }".to_owned(),
        )])
        .set("sink.0.headers={ X = [\"canary-4\"] }");
    let diagnostics = check(&layers).unwrap_err();
    let everything = format!("{diagnostics}\n{}\n{diagnostics:?}", drawn(&diagnostics));
    assert!(diagnostics.all().len() >= 4, "{diagnostics}");
    assert!(!everything.contains("canary"), "{everything}");
    let broken = Layers::from_text(
        "x.toml",
        "client_secret = \"canary-5\" x\ntoken = canary-6\npassword = [\"canary-7\"] y\n\
         api_key = \"Bearer ${T:-canary-8}\" z\nheaders = { A = canary-9 }\nsecret = \"\"\"canary-10\"\"\" z\n",
    );
    let diagnostics = check(&broken).unwrap_err();
    let text = drawn(&diagnostics);
    assert!(diagnostics.all().len() >= 5, "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn values_of_secret_variables_and_files_are_masked_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jobs.toml");
    fs::write(folder.path().join("level.txt"), "canary-1").unwrap();
    let text = GOOD
        .replace("levels = [\"H1\"]", "levels = [\"H1\"]\nmissing = \"${file:level.txt}\"")
        .replace("type = \"out\"", "type = \"out\"\npath = \"{${MY_TOKEN}}\"");
    fs::write(&file, text).unwrap();
    let layers =
        Layers::from_file(&file).environment([("MY_TOKEN".to_owned(), "canary_2".to_owned())]);
    let diagnostics = check(&layers).unwrap_err();
    let everything = format!("{diagnostics}\n{}\n{diagnostics:?}", drawn(&diagnostics));
    assert_eq!(diagnostics.all().len(), 2, "{everything}");
    assert!(!everything.contains("canary"), "{everything}");
}

#[test]
fn an_unset_variable_is_reported_once_at_its_position_in_the_file() {
    let text = GOOD.replace("levels = [\"H1\"]", "levels = [\"H1\"]\nmissing = \"${NOPE}\"");
    insta::assert_snapshot!(diagnostics(&from(&text)), @"jobs.toml:10:12: the variable `NOPE` is not set");
    let text = GOOD.replace(
        "[[sink]]",
        "[[transform]]\ntype = \"shape\"\nfilter = \"${P:-.a} | wrong\"\n[[sink]]",
    );
    insta::assert_snapshot!(diagnostics(&from(&text)), @"jobs.toml:13:22: that is wrong");
}

#[test]
fn the_last_override_of_a_key_or_an_index_wins() {
    let layers = from(GOOD)
        .environment([("TASKFERRY_SINK__0__PATH".to_owned(), "a".to_owned())])
        .set("sink=[{ type = \"out\", path = \"b\" }]");
    let pipeline = check(&layers).unwrap();
    assert!(format!("{:?}", pipeline.sinks[0].sink).contains("\"b\""));
}
