//! `taskferry why` describes what each stage does with one record.

use serde_json::{Value, json};
use taskferry_testkit::{Context, Tenant, page};

fn job(number: usize) -> Value {
    let level = if number.is_multiple_of(3) { "H1" } else { "H4" };
    let task = |id: String, level: &str| json!({"task_id": id, "task": format!("Task {id}"), "ai_impact": {"level": level}, "weekly_hours": 2});
    json!({"external_id": format!("job-{number:03}"), "tasks": [
        task(format!("t{number}a"), level), task(format!("t{number}b"), level), task(format!("t{number}c"), "H5")
    ]})
}

const STAGES: &str = r#"
[[transform]]
type = "filter_ai_impact"
levels = ["H1"]

[[transform]]
type = "flatten_hierarchy"

[[transform]]
type = "jq"
filter = "select(.task_id != \"t6b\") | .hours = .weekly_hours | del(.weekly_hours)"
"#;

fn context() -> (Tenant, Context) {
    let tenant = Tenant::with_listing(3, job, |_| {});
    let context = Context::new();
    let pipeline = tenant.pipeline().replace("\"ai_impact\"]", "\"ai_impact\", \"weekly_hours\"]");
    let (source, sink) = pipeline.split_once("[[sink]]").unwrap();
    context.write("jobs.toml", &format!("name = \"jobs\"\n{source}{STAGES}\n[[sink]]{sink}"));
    (tenant, context)
}

fn why(context: &Context, arguments: &[&str], code: i32) -> String {
    context
        .taskferry(&[&["why", "jobs.toml", "--show-values"], arguments].concat())
        .with_code(code)
        .stdout
}

#[test]
fn each_stage_of_a_job_is_a_sentence() {
    let (_tenant, context) = context();
    insta::assert_snapshot!(why(&context, &["--id", "job-006"], 0), @"
    found on page 2 (after cursor `c1`), record 2
    kept and changed by transform `filter_ai_impact` at jobs.toml:17:1
      `levels` (jobs.toml:19:1) drops the task `t6c`: its level is H5
    becomes 2 records in transform `flatten_hierarchy` at jobs.toml:21:1
    transform `jq` at jobs.toml:24:1 receives 2 records: 1 changed, 1 dropped
      `filter` (jobs.toml:26:1) drops the record: the expression has no result
    row 5 of sink `file` at jobs.toml:28:1
    ");
    insta::assert_snapshot!(why(&context, &["--id", "job-007"], 0), @"
    found on page 2 (after cursor `c1`), record 3
    dropped by `levels` of transform `filter_ai_impact` at jobs.toml:19:1
      `levels` (jobs.toml:19:1) drops the task `t7a`: its level is H4
      `levels` (jobs.toml:19:1) drops the task `t7b`: its level is H4
      `levels` (jobs.toml:19:1) drops the task `t7c`: its level is H5
      `empty_jobs` (default, jobs.toml:17:1) drops the job: no task remains
    ");
}

#[test]
fn a_task_is_followed_through_list_and_row_by_its_id_or_its_name() {
    let (_tenant, context) = context();
    insta::assert_snapshot!(why(&context, &["--id", "job-006", "--task", "task T6A"], 0), @"
    found on page 2 (after cursor `c1`), record 2
    task `t6a` is in the record, level H1
    kept unchanged by transform `filter_ai_impact` at jobs.toml:17:1
    is in record 1 of 2 of transform `flatten_hierarchy` at jobs.toml:21:1
    kept and changed by transform `jq` at jobs.toml:24:1: it adds `hours`, removes `weekly_hours`
    row 5 of sink `file` at jobs.toml:28:1
    ");
    insta::assert_snapshot!(why(&context, &["--id", "job-006", "--task", "t6b"], 0), @"
    found on page 2 (after cursor `c1`), record 2
    task `t6b` is in the record, level H1
    kept unchanged by transform `filter_ai_impact` at jobs.toml:17:1
    is in record 2 of 2 of transform `flatten_hierarchy` at jobs.toml:21:1
    dropped by `filter` of transform `jq` at jobs.toml:26:1 (the expression has no result)
    ");
    insta::assert_snapshot!(why(&context, &["--id", "job-006", "--task", "t6c"], 0), @"
    found on page 2 (after cursor `c1`), record 2
    task `t6c` is in the record, level H5
    dropped by `levels` of transform `filter_ai_impact` at jobs.toml:19:1 (its level is H5)
    ");
    let none = why(&context, &["--id", "job-006", "--task", "t6x"], 9);
    assert!(
        none.contains("the job has no task with the id or name `t6x`; did you mean `t6a`?"),
        "{none}"
    );
}

#[test]
fn an_absent_record_gets_reasons_and_the_nearest_ids() {
    let (tenant, context) = context();
    insta::assert_snapshot!(why(&context, &["--id", "job-0006"], 9), @"
    `job-0006` is not in the listing; possible reasons:
      - the credentials at jobs.toml:9:1 may give access to only some job families
      - the job may have been created or deleted while the listing was read
      - the id may be wrong; the nearest ids are `job-000`, `job-006`, `job-001`
    ");
    assert_eq!(tenant.requests().len(), 4, "a token and every page once");
    let filters = "filters = [{ filter = \"last_updated\", value = \"2022-02-01\", operator = \"gte\" }]\nretry";
    let text = context.read("jobs.toml").replacen("retry", filters, 1);
    context.write("jobs.toml", &text);
    let shown = why(&context, &["--id", "gone", "--json"], 9);
    let document: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(document["found"], json!(false));
    assert!(
        document["reasons"][0].as_str().unwrap().contains("`filters` at jobs.toml:"),
        "{document}"
    );
}

#[test]
fn the_listing_is_read_only_up_to_the_record() {
    let (tenant, context) = context();
    why(&context, &["--id", "job-001"], 0);
    assert_eq!(tenant.requests().len(), 2, "a token and one page");
    assert_eq!(context.files(), Vec::<String>::new());
    assert!(!context.path(".taskferry").exists());
}

#[test]
fn the_manifest_of_a_run_names_the_file_and_later_changes() {
    let (_tenant, context) = context();
    context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    let arguments = ["why", "jobs.toml", "--id", "job-006", "--run", "summary.json"];
    let shown = context.taskferry(&arguments).with_code(0);
    assert!(shown.stdout.contains("wrote this sink to `out/jobs.ndjson`"), "{}", shown.stdout);
    shown.assert_stderr("ago; jobs may have changed since");
    assert!(!shown.stderr.contains("its rows can differ"), "{}", shown.stderr);
    context.write("jobs.toml", &context.read("jobs.toml").replace("\"H1\"", "\"H1\", \"H2\""));
    let shown = context.taskferry(&arguments).with_code(0);
    shown.assert_stderr("its rows can differ");
    // The row in the file is the row that was shown.
    let row = shown.stdout.lines().find(|line| line.starts_with("row ")).unwrap().to_owned();
    let row: usize = row.split_whitespace().nth(1).unwrap().parse().unwrap();
    assert_eq!(context.lines("out/jobs.ndjson")[row - 1]["task_id"], json!("t6a"));
    context.write("summary.json", "{}");
    let wrong = context.taskferry(&arguments).with_code(2);
    wrong.assert_stderr("`summary.json` is not a manifest: missing field");
}

#[test]
fn the_document_has_the_same_events() {
    let (_tenant, context) = context();
    let shown = why(&context, &["--id", "job-007", "--json"], 0);
    let document: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&document["schema_version"], &document["found"]), (&json!(1), &json!(true)));
    let events = document["events"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["found", "dropped"]);
    assert_eq!(events[1]["position"]["file"], json!("jobs.toml"));
}

#[test]
fn a_failed_source_is_not_reported_as_a_missing_record() {
    let tenant = Tenant::start(|_| page(&["j1"], Some("j1")));
    let context = Context::with_pipeline(&tenant.pipeline());
    let failed = context.taskferry(&["why", "jobs.toml", "--id", "j2"]).with_code(3);
    assert!(
        failed.stdout.contains(
            "`j2` was not found; possible reasons:\n  - the source failed after 1 record\n"
        ),
        "{}",
        failed.stdout
    );
}

#[test]
fn each_refused_row_of_a_job_has_its_reason() {
    let (_tenant, context) = context();
    let text = context.read("jobs.toml");
    let own = "if .task_id == \\\"t6b\\\" then error(\\\"no budget\\\") else . end";
    let text = text.replace("select(.task_id != \\\"t6b\\\")", own);
    assert!(text.contains("no budget"), "{text}");
    context.write("jobs.toml", &text);
    let shown = why(&context, &["--id", "job-006"], 0);
    assert!(shown.contains("receives 2 records: 1 changed, 1 refused"), "{shown}");
    let reason = "  refuses a record: the jq expression failed: no budget; a run stops here";
    assert!(shown.contains(reason), "{shown}");
}

#[test]
fn an_id_that_begins_with_the_wanted_id_is_suggested() {
    let (_tenant, context) = context();
    let shown = why(&context, &["--id", "job"], 9);
    assert!(shown.contains("the nearest ids are `job-000`, `job-001`, `job-002`"), "{shown}");
}

#[test]
fn an_id_may_begin_with_a_minus() {
    let (_tenant, context) = context();
    assert!(why(&context, &["--id", "-123"], 9).contains("`-123` is not in the listing"));
}
