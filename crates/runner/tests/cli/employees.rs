//! `subject = "employees"`: the export of employees instead of jobs.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use taskferry_testkit::{Context, Tenant};

const EXPORT: &str = "/export/employees/task_profiles?";

#[test]
fn rows_of_employees_reach_ndjson_and_csv_with_the_employee_id() {
    let context = Context::new();
    context.write(
        "employees.toml",
        r#"
[source]
type = "techwolf"
url = "sandbox:?jobs=12&seed=3"
subject = "employees"
limit = 5
include = ["ai_impact", "source_events"]
filters = [{ filter = "is_active", is_active = true }]

[[transform]]
type = "flatten_hierarchy"

[[sink]]
type = "file"
path = "out/rows.ndjson"

[[sink]]
type = "file"
path = "out/rows.csv"
format = "csv"
columns = ["employee_external_id", "task_id", "ai_impact_level"]
"#,
    );
    context.taskferry(&["run", "employees.toml", "--summary", "summary.json"]).with_code(0);
    let rows = context.lines("out/rows.ndjson");
    let csv = context.read("out/rows.csv");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("employee_external_id,task_id,ai_impact_level"));
    assert_eq!(lines.count(), rows.len());
    let employees: BTreeSet<&str> =
        rows.iter().map(|row| row["employee_external_id"].as_str().unwrap()).collect();
    assert!(employees.len() > 5 && employees.iter().all(|id| id.starts_with("employee-")));
    assert!(rows.iter().all(|row| row.get("job_external_id").is_none()));
    assert!(rows.iter().all(|row| row["source_events"].is_array()));
    let source = &context.json("summary.json")["source"];
    assert!(source["records"].as_u64().unwrap() >= employees.len() as u64);
    assert!(source["pages"].as_u64().unwrap() > 1);
}

/// A tenant with 450 employees, which does not respond to the request for the third page while `hangs` is set.
fn tenant(hangs: &Arc<AtomicBool>) -> Tenant {
    let hangs = Arc::clone(hangs);
    Tenant::with_jobs(450, move |after| after == Some(199) && hangs.load(Ordering::SeqCst))
}

fn pipeline(server: &Tenant, subject: &str) -> String {
    let line = format!("type = \"techwolf\"\nsubject = \"{subject}\"");
    server.pipeline().replace("type = \"techwolf\"", &line)
}

#[test]
fn a_killed_run_resumes_and_a_run_of_another_subject_does_not() {
    let hangs = Arc::new(AtomicBool::new(true));
    let server = tenant(&hangs);
    let context = Context::new();
    let kill_at_the_third_page = |context: &Context| {
        hangs.store(true, Ordering::SeqCst);
        let mut running = context.start(&["run", "jobs.toml"]);
        let checkpoint = context.path(".taskferry/jobs/checkpoint.json");
        while !fs::read_to_string(&checkpoint).is_ok_and(|text| text.contains("\"pages\": 2")) {
            assert!(!running.has_exited());
            std::thread::yield_now();
        }
        drop(running);
        hangs.store(false, Ordering::SeqCst);
    };

    context.write("jobs.toml", &pipeline(&server, "employees"));
    kill_at_the_third_page(&context);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    ended.assert_stderr("after page 2");
    let expected: Vec<Value> = (0..450).map(|number| format!("j{number}").into()).collect();
    let ids = |context: &Context| -> Vec<Value> {
        context.lines("out/jobs.ndjson").into_iter().map(|row| row["external_id"].clone()).collect()
    };
    assert_eq!(ids(&context), expected);
    let mut exports = server.requests();
    exports.retain(|request| request.target != "/oauth/token");
    assert!(exports.iter().all(|request| request.target.starts_with(EXPORT)));

    kill_at_the_third_page(&context);
    context.write("jobs.toml", &pipeline(&server, "jobs"));
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    assert!(!ended.stderr.contains("after page 2"), "{}", ended.stderr);
    assert_eq!(ids(&context), expected);
}

#[test]
fn a_replayed_dead_letter_of_an_employee_becomes_the_same_row() {
    let context = Context::new();
    let pipeline = r#"
[source]
type = "techwolf"
url = "sandbox:?jobs=2"
subject = "employees"

[[transform]]
type = "flatten_hierarchy"

[[transform]]
type = "jq"
filter = 'error("not yet")'
on_error = "dead_letter"

[[sink]]
type = "file"
path = "out/rows.ndjson"

[dead_letter]
path = "out/{run_id}.dead.ndjson"
"#;
    context.write("employees.toml", pipeline);
    context.taskferry(&["run", "employees.toml"]).with_code(6);
    let dead = context.dead_letters();
    let dead_letters = context.lines(&dead);
    assert!(dead_letters.iter().all(|dead_letter| {
        let id = &dead_letter["record"]["employee_external_id"];
        id.is_string() && dead_letter["origin"]["job"] == *id
    }));
    context.write("employees.toml", &pipeline.replace("error(\"not yet\")", "."));
    context.taskferry(&["replay", "employees.toml", &dead]).with_code(0);
    let mut files = context.files();
    files.retain(|name| name.contains("replay") && !name.ends_with(".dead.ndjson"));
    let [rows] = &files[..] else { panic!("{files:?}") };
    let records: Vec<Value> =
        dead_letters.iter().map(|dead_letter| dead_letter["record"].clone()).collect();
    assert_eq!(context.lines(rows), records);
}

#[test]
fn options_of_jobs_are_errors_for_employees() {
    let context = Context::new();
    context.write(
        "employees.toml",
        r#"[source]
type = "techwolf"
url = "sandbox:"
subject = "employees"
include = ["ai_impact", "source_data"]
filters = [{ filter = "job_family_id_is_in_list", job_family_ids = ["legal"] }]
partition = { by = "job_family", values = ["legal"] }

[[sink]]
type = "stdout"
"#,
    );
    let ended = context.taskferry(&["check", "employees.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    conflicting-options

      × only tasks of jobs have `source_data`
       ╭─[employees.toml:5:25]
     4 │ subject = "employees"
       ·           ─────┬─────
       ·                ╰── `subject` of the export
     5 │ include = ["ai_impact", "source_data"]
       ·                         ──────┬──────
       ·                               ╰── a field of jobs
       ╰────
      help: write "source_events" instead

    conflicting-options

      × `job_family_id_is_in_list` is a filter of jobs
       ╭─[employees.toml:4:11]
     4 │ subject = "employees"
       ·           ─────┬─────
       ·                ╰── `subject` of the export
       ╰────
       ╭─[employees.toml:6:23]
     6 │ filters = [{ filter = "job_family_id_is_in_list", job_family_ids = ["legal"] }]
       ·                       ─────────────┬────────────
       ·                                    ╰── a filter of jobs
       ╰────
      help: remove this filter; the only filter of employees is `is_active`

    conflicting-options

      × `partition` applies only to jobs, but `subject` is "employees"
       ╭─[employees.toml:4:11]
     4 │ subject = "employees"
       ·           ─────┬─────
       ·                ╰── `subject` of the export
       ╰────
       ╭─[employees.toml:7:1]
     7 │ partition = { by = "job_family", values = ["legal"] }
       · ────┬────
       ·     ╰── applies only to jobs
       ╰────
      help: remove `partition`; use `concurrency` or `--shard` to divide the listing of employees

    3 errors; nothing was run
    run `taskferry explain conflicting-options` for details
    "#);
}
