//! `--log json` writes one event per line, with its time, run and stage. The last line contains the manifest.

use serde_json::Value;
use taskferry_testkit::{Context, Receiver, Response, Tenant, in_order, page};

const STAGES: &str = r#"
[[transform]]
type = "jq"
name = "checked"
filter = 'if .external_id == "j2" then error("no") else . end'
on_error = "dead_letter"

[dead_letter]
path = "out/{run_id}.dead.ndjson"
"#;

fn webhook(receiver: &Receiver) -> String {
    let url = receiver.url();
    format!(
        "[[sink]]\ntype = \"webhook\"\nname = \"crm\"\nurl = \"{url}\"\n\
         retry = {{ initial_delay = \"1ms\", max_delay = \"1ms\" }}\n"
    )
}

/// The line whose message contains `text`.
fn line<'a>(log: &'a [Value], text: &str) -> &'a Value {
    let found = log.iter().find(|line| line["message"].as_str().unwrap().contains(text));
    found.unwrap_or_else(|| panic!("{text}: {log:#?}"))
}

#[test]
fn each_event_of_a_run_with_faults_names_its_run_and_its_stage() {
    let tenant = Tenant::with_pages([
        Response::new(503, "busy"),
        page(&["j1", "j2"], Some("j2")),
        page(&["j3"], None),
    ]);
    let receiver = Receiver::start(in_order([Response::new(502, ""), Response::new(200, "")]));
    let context = Context::new();
    let text = format!("{}{STAGES}{}", tenant.source(), webhook(&receiver));
    context.write("jobs.toml", &text);
    let log = context.taskferry(&["run", "jobs.toml", "--log", "json"]).with_code(6).log();
    let last = log.last().unwrap();
    assert_eq!(last["manifest"]["exit_code"], 6);
    for line in &log {
        let time: Result<jiff::Timestamp, _> = line["timestamp"].as_str().unwrap().parse();
        assert!(time.is_ok(), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert_eq!(line["run_id"], last["manifest"]["run_id"], "{line}");
        assert_eq!(line.get("manifest").is_some(), line == last, "{line}");
    }
    let stage = |text: &str| line(&log, text)["stage"].as_str().unwrap();
    assert_eq!(stage("503 Service Unavailable"), "techwolf");
    assert_eq!(stage("record written to the dead-letter file"), "checked");
    assert_eq!(stage("502 Bad Gateway"), "crm");
    assert_eq!(stage("1 record was written to the dead-letter file"), "checked");
    let retry = line(&log, "503 Service Unavailable");
    assert_eq!((&retry["attempt"], &retry["level"]), (&1.into(), &"WARN".into()));
    assert!(retry["wait_ms"].is_u64(), "numbers are numbers: {retry}");
}

#[test]
fn the_error_of_a_run_is_an_event_of_its_stage_before_the_manifest() {
    let tenant = Tenant::with_pages([Response::new(403, "no")]);
    let context = Context::with_pipeline(&tenant.pipeline());
    let log = context.taskferry(&["run", "jobs.toml", "--log", "json"]).with_code(3).log();
    let [.., error, last] = &log[..] else { panic!("{log:?}") };
    assert_eq!((&error["level"], &error["stage"]), (&"ERROR".into(), &"techwolf".into()));
    assert_eq!(error["message"], last["manifest"]["error"]["message"]);
    assert!(error["hint"].as_str().unwrap().contains("permission"), "{error}");
}

#[test]
fn the_stages_are_named_whatever_the_log_filter_is() {
    let tenant = Tenant::with_pages([Response::new(503, ""), page(&["j1"], None)]);
    let mut context = Context::with_pipeline(&tenant.pipeline());
    context.set("TASKFERRY_LOG", "taskferry_retry=warn");
    let log = context.taskferry(&["run", "jobs.toml", "--log", "json"]).with_code(0).log();
    assert_eq!(line(&log, "503 Service Unavailable")["stage"], "techwolf");
}

#[test]
fn the_last_lines_of_the_log_are_kept_for_support() {
    let tenant =
        Tenant::with_pages([Response::new(503, ""), page(&["j1"], None), Response::new(403, "no")]);
    let context = Context::with_pipeline(&tenant.pipeline());
    context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(0);
    context.taskferry(&["run", "jobs.toml", "--dry-run"]).with_code(3);
    let kept = context.lines(".taskferry/jobs/log.ndjson");
    assert_eq!(line(&kept, "503 Service Unavailable")["stage"], "techwolf");
    assert!(kept.last().unwrap()["message"].as_str().unwrap().starts_with("jobs: complete in "));
    let run_ids = kept.iter().filter_map(|line| line["run_id"].as_str());
    let mut run_ids: Vec<&str> = run_ids.collect();
    run_ids.dedup();
    assert_eq!(run_ids.len(), 1, "a dry run keeps no state");
    context.taskferry(&["run", "jobs.toml"]).with_code(3);
    let kept = context.lines(".taskferry/jobs/log.ndjson");
    assert_eq!(line(&kept, "503 Service Unavailable")["stage"], "techwolf", "earlier lines stay");
    assert!(kept.last().unwrap()["message"].as_str().unwrap().starts_with("jobs: failed after "));
}

#[test]
fn the_kept_log_is_bounded() {
    let tenant = Tenant::with_listing(
        1,
        |number| serde_json::json!({"external_id": format!("j{number}"), "tasks": []}),
        |_| {},
    );
    let context = Context::with_pipeline(&tenant.pipeline());
    let line = "{\"message\": \"earlier\"}\n";
    context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(0);
    context.write(".taskferry/jobs/log.ndjson", &line.repeat(10_000));
    context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(0);
    assert!(context.lines(".taskferry/jobs/log.ndjson").len() <= 400);
}
