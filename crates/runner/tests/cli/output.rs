//! Output streams, and layers of values.

use serde_json::json;
use taskferry_testkit::{Context, json_lines};

use crate::sandbox::SANDBOX_LINE;

const TO_STDOUT: &str = r#"name = "jobs"

[source]
type = "techwolf"
url = "sandbox:?jobs=10"
include = ["ai_impact"]
limit = 10

[[transform]]
type = "flatten_hierarchy"

[[sink]]
type = "stdout"

[[sink]]
type = "file"
name = "table"
path = "out/{pipeline}-{date}.csv"
format = "csv"
columns = ["task_id", "task"]

[[sink.transform]]
type = "filter_ai_impact"
levels = ["H1"]
"#;

fn context() -> Context {
    Context::with_pipeline(TO_STDOUT)
}

#[test]
fn standard_output_contains_only_data() {
    let ended = context().taskferry(&["run", "jobs.toml"]).with_code(0);
    let rows = json_lines(&ended.stdout);
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|row| row["task_id"].is_string()));
}

#[test]
fn a_run_ends_with_a_table_of_its_stages() {
    let ended = context().taskferry(&["run", "jobs.toml"]).with_code(0);
    insta::with_settings!({filters => vec![(r"\d+\.\d kB", "[size]"), (r"\d{4}-\d\d-\d\d", "[date]"),
        (r"\d+\.\d s", "[time]"), (r"\d{8}T\d{6}Z-[0-9a-f]{6}", "[run]")]}, {
        insta::assert_snapshot!(ended.stderr, @"
    sandbox: the records come from a sandbox, not from TechWolf; this is not a real export
     stage                          in  out  dropped  refused    bytes  details
     source techwolf                     10                    [size]  1 page, 2 requests
     transform flatten_hierarchy    10  102
     sink stdout                   102  102                    [size]
       transform filter_ai_impact  102   26       76                    10 without level
     sink table (file)              26   26                     [size]  out/jobs-[date].csv (26 records)

    transform `filter_ai_impact` dropped 76 of 102 records: 66 by `levels` (jobs.toml:24:1), 10 by `missing`
    warning: sink `table`: fields omitted because `columns` does not name them: `job_external_id`, `validation_state`, `ai_impact_level`, `ai_impact_rationale`, `domain`, `subdomain`, `cluster`, `canonical_task`
    next: `taskferry preview jobs.toml --stage filter_ai_impact` shows what is dropped
    jobs: complete in [time] (run [run])
    ");
    });
}

#[test]
fn a_successful_quiet_run_prints_nothing() {
    let context = context();
    let set = ["--set", "sink=[{ type = 'stdout' }]"];
    let ended = context.taskferry(&[&["run", "jobs.toml", "--quiet"], &set[..]].concat());
    let ended = ended.with_code(0);
    assert_eq!(ended.stderr, SANDBOX_LINE);
    assert!(!ended.stdout.is_empty());
    let wrong = ["run", "jobs.toml", "-q", "--set", "source.url=http://127.0.0.1:1", "--set"];
    let wrong =
        [&wrong[..], &["source.auth.token=t", "--set", "source.retry.max_attempts=1"]].concat();
    let ended = context.taskferry(&wrong).with_code(3);
    insta::assert_snapshot!(ended.stderr, @"
    error: source `techwolf`: page 1 (the first): POST http://127.0.0.1:[port]/job_architecture/export/jobs/task_profiles: no connection: Connection refused (os error 111)
      help: check `url` in [source], and whether this machine can reach it
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
}

#[test]
fn a_quiet_run_prints_warnings_and_the_last_line() {
    let context = context();
    context.write("skip.toml", &TO_STDOUT.replace(
        "type = \"flatten_hierarchy\"",
        "type = \"jq\"\nfilter = 'if .external_id == \"job-000003\" then error(\"no\") else . end'\non_error = \"skip\"",
    ));
    let ended = context.taskferry(&["run", "skip.toml", "--quiet"]).with_code(0);
    assert!(ended.stderr.contains("record skipped"), "in the log: {}", ended.stderr);
    let refused = "warning: transform `jq`: 1 record was skipped\n";
    assert!(ended.stderr.contains(refused), "in the summary: {}", ended.stderr);
    let log = context.taskferry(&["run", "skip.toml", "--quiet", "--log", "json"]).with_code(0);
    let log = log.log();
    let warnings: Vec<&str> = log
        .iter()
        .filter(|line| line["level"] == "WARN")
        .map(|line| line["message"].as_str().unwrap())
        .collect();
    assert!(warnings.iter().any(|warning| warning.starts_with("record skipped")), "{warnings:?}");
    assert!(warnings.contains(&"transform `jq`: 1 record was skipped"), "{warnings:?}");
    assert_eq!(log.last().unwrap()["manifest"]["status"], "complete");
    for line in &log {
        let instant: jiff::Timestamp = line["timestamp"].as_str().unwrap().parse().unwrap();
        assert!(instant.as_second() > 0);
    }
}

#[test]
fn every_line_of_a_json_log_is_json_and_the_last_is_the_manifest() {
    let mut context = context();
    context.set("TASKFERRY_LOG", "debug");
    let ended = context.taskferry(&["run", "jobs.toml", "--log", "json", "--summary", "s.json"]);
    let log = ended.with_code(0).log();
    assert!(log.len() > 1, "{log:?}");
    let last = log.last().unwrap();
    assert_eq!(last["manifest"], context.json("s.json"));
    assert_eq!(last["level"], "INFO");
    assert_eq!(last["run_id"], last["manifest"]["run_id"]);
    let of_the_run = log.iter().filter(|line| line["run_id"] == last["run_id"]).count();
    assert!(of_the_run > 2, "{log:?}");
    assert!(last["message"].as_str().unwrap().starts_with("jobs: complete in "), "{last}");

    let wrong = ["run", "jobs.toml", "--log", "json", "--set", "sink.1.path=taken/x.csv"];
    context.write("taken", "");
    let log = context.taskferry(&wrong).with_code(5).log();
    let last = log.last().unwrap();
    assert_eq!((&last["level"], &last["manifest"]["status"]), (&json!("ERROR"), &json!("failed")));
}

#[test]
fn the_log_level_is_set_by_a_variable() {
    let mut context = context();
    let usual = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    assert!(!usual.stderr.contains("page read"), "{}", usual.stderr);
    context.set("TASKFERRY_LOG", "taskferry_engine=debug");
    let more = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    more.assert_stderr("page read");
}

#[test]
fn later_layers_override_earlier_ones() {
    let mut context = context();
    context.write("overlay.toml", "[source]\nlimit = 5\n");
    let pages = |context: &Context, more: &[&str]| {
        let arguments = [&["run", "jobs.toml", "--summary", "s.json", "--quiet"], more].concat();
        context.taskferry(&arguments).with_code(0);
        context.json("s.json")["source"]["pages"].clone()
    };
    assert_eq!(pages(&context, &[]), 1, "the file");
    let overlay = ["--overlay", "overlay.toml"];
    assert_eq!(pages(&context, &overlay), 2, "an overlay over the file");
    context.set("TASKFERRY_SOURCE__LIMIT", "4");
    assert_eq!(pages(&context, &overlay), 3, "the environment over an overlay");
    let set = ["--set", "source.limit=2"];
    assert_eq!(pages(&context, &[overlay, set].concat()), 5, "the command line over all");
}

#[test]
fn values_reach_into_lists_by_index() {
    let mut context = context();
    context.set("TASKFERRY_SINK__1__PATH", "out/from-environment.csv");
    let set = ["--set", "sink.1.columns=[\"task\"]", "--set", "name=renamed"];
    let arguments = [&["run", "jobs.toml", "--summary", "s.json"], &set[..]].concat();
    context.taskferry(&arguments).with_code(0);
    assert_eq!(context.read("out/from-environment.csv").lines().next(), Some("task"));
    assert_eq!(context.json("s.json")["pipeline"], "renamed");
}

#[test]
fn inputs_are_relative_to_the_file_and_outputs_to_the_working_directory() {
    let context = Context::new();
    context.write("etc/expression.jq", "{id: .external_id}");
    let text = "source = { type = \"techwolf\", url = \"sandbox:?jobs=1\" }\n\
                transform = [{ type = \"jq\", file = \"expression.jq\" }]\n\
                sink = [{ type = \"file\", path = \"out/jobs.ndjson\" }]\n";
    context.write("etc/jobs.toml", text);
    context.taskferry(&["run", "etc/jobs.toml", "--summary", "summaries/s.json"]).with_code(0);
    assert_eq!(context.read("out/jobs.ndjson"), "{\"id\":\"job-000001\"}\n");
    let files = ["etc/expression.jq", "out/jobs.ndjson", "summaries/s.json"];
    assert_eq!(context.files(), files);
}

#[test]
fn a_table_for_excel_is_the_same_in_a_file_and_on_standard_output() {
    let context = Context::new();
    let csv = "format = \"csv\"\ndialect = \"excel-semicolon\"\ncolumns = [\"id\", \"hours\", \"none\"]\n";
    let text = format!(
        "source = {{ type = \"techwolf\", url = \"sandbox:?jobs=3\" }}\n\
         [[transform]]\ntype = \"jq\"\nfilter = '{{id: .external_id, hours: 1.5, none: .no_such_field}}'\n\
         [[sink]]\ntype = \"stdout\"\n{csv}[[sink]]\ntype = \"file\"\npath = \"jobs.csv\"\n{csv}"
    );
    context.write("jobs.toml", &text);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let row = |number| format!("job-00000{number};1,5;\r\n");
    let expected = format!("\u{feff}id;hours;none\r\n{}{}{}", row(1), row(2), row(3));
    assert_eq!(ended.stdout, expected);
    assert_eq!(context.read("jobs.csv"), expected);
    for sink in ["stdout", "file"] {
        let warning = format!("sink `{sink}`: columns that are empty in all 3 records: `none`\n");
        ended.assert_stderr(&warning);
    }
}

#[test]
fn the_largest_drop_is_shown_with_its_options() {
    let context = context();
    let pipeline = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=40\"\ninclude = [\"ai_impact\"]\n\
        [[transform]]\ntype = \"flatten_hierarchy\"\n[[transform]]\ntype = \"filter_ai_impact\"\nlevels = [\"H1\"]\n\
        [[sink]]\ntype = \"file\"\npath = \"out.ndjson\"\n";
    context.write("rows.toml", pipeline);
    let ended = context.taskferry(&["run", "rows.toml"]).with_code(0);
    let line = ended.stderr.lines().find(|line| line.contains("` dropped ")).unwrap();
    assert!(line.starts_with("transform `filter_ai_impact` dropped "), "{line}");
    assert!(line.contains(" by `levels` (rows.toml:9:1), "), "{line}");
    assert!(line.contains(" by `missing`"), "{line}");
    let next = "next: `taskferry preview rows.toml --stage filter_ai_impact` shows what is dropped";
    ended.assert_stderr(next);

    // A transform that drops few records is not worth a line.
    context
        .write("rows.toml", &pipeline.replace("\"H1\"", "\"H1\", \"H2\", \"H3\", \"H4\", \"H5\""));
    let ended = context.taskferry(&["run", "rows.toml"]).with_code(0);
    assert!(!ended.stderr.contains("` dropped "), "{}", ended.stderr);
}
