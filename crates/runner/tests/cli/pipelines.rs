//! The pipeline files of the project.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use taskferry_sdk::hex;
use taskferry_testkit::{Context, Receiver, Response, project_file};

use crate::rows::generated_jobs;
use crate::sandbox::Sandbox;

/// Runs a pipeline file of the project in `context` and returns its manifest.
fn run(context: &Context, pipeline: &Path, more: &[&str]) -> Value {
    let arguments = ["run", pipeline.to_str().unwrap(), "--summary", "summary.json"];
    let ended = context.taskferry(&[&arguments[..], more].concat()).with_code(0);
    // Here, each pipeline runs against a sandbox, and reports the sandbox once.
    assert_eq!(
        ended.stderr.matches("\nsandbox: the records come from a sandbox").count(),
        1,
        "{}",
        ended.stderr
    );
    context.json("summary.json")
}

/// The arguments to run a pipeline file without a tenant; the quickstart needs none.
fn on_sandbox(pipeline: &Path) -> &'static [&'static str] {
    if pipeline.ends_with("quickstart.toml") { &[] } else { &["--sandbox"] }
}

fn pipelines() -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(project_file("pipelines")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".test.toml"));
    files.sort();
    files
}

/// Checks that the published files match the manifest in bytes and records.
fn check_files(context: &Context, manifest: &Value) {
    let sinks = manifest["sinks"].as_array().unwrap();
    let mut expected = vec!["summary.json".to_owned()];
    for file in sinks.iter().flat_map(|sink| sink["files"].as_array().unwrap()) {
        let path = file["path"].as_str().unwrap();
        let bytes = fs::read(context.path(path)).unwrap();
        assert_eq!(file["sha256"], hex(Sha256::digest(&bytes)), "{path}");
        assert_eq!(file["bytes"], bytes.len(), "{path}");
        assert_eq!(file["records"], records(path, &bytes), "{path}");
        expected.push(path.to_owned());
    }
    expected.sort();
    assert_eq!(context.files(), expected);
}

/// Counts the records of a file. The extension determines the format.
fn records(path: &str, bytes: &[u8]) -> usize {
    if let Some(inner) = path.strip_suffix(".gz") {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes).read_to_end(&mut unpacked).unwrap();
        return records(inner, &unpacked);
    }
    match path.rsplit('.').next().unwrap() {
        "ndjson" => bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count(),
        "csv" => csv::Reader::from_reader(bytes).records().map(Result::unwrap).count(),
        other => panic!("how are records of `{other}` counted?"),
    }
}

#[test]
fn every_pipeline_file_runs_without_a_tenant_with_a_correct_manifest() {
    for pipeline in pipelines() {
        let context = Context::new();
        let manifest = run(&context, &pipeline, on_sandbox(&pipeline));
        assert_eq!(manifest["sandbox"], true);
        assert_eq!(manifest["pipeline"], pipeline.file_stem().unwrap().to_str().unwrap());
        assert_eq!((&manifest["status"], &manifest["exit_code"]), (&json!("complete"), &json!(0)));
        assert_eq!(
            (&manifest["source"]["records"], &manifest["warnings"]),
            (&json!(200), &json!([]))
        );
        for sink in manifest["sinks"].as_array().unwrap() {
            assert_ne!(sink["records"], 0, "{sink}");
        }
        check_files(&context, &manifest);
    }
}

#[test]
fn every_pipeline_file_runs_against_a_tenant_set_by_the_environment() {
    let mut context = Context::new();
    let sandbox = Sandbox::start(&context, &["--jobs", "120", "--seed", "5"]);
    let receiver = Receiver::start(|_| Response::new(204, ""));
    for (variable, key) in [
        ("TECHWOLF_TOKEN_URL", "token_url"),
        ("TECHWOLF_CLIENT_ID", "client_id"),
        ("TECHWOLF_CLIENT_SECRET", "client_secret"),
        ("TECHWOLF_AUDIENCE", "audience"),
        ("TECHWOLF_TENANT", "tenant"),
    ] {
        context.set(variable, sandbox.known(key));
    }
    context.set("TECHWOLF_URL", &sandbox.url);
    context.set("WEBHOOK_URL", format!("{}/hooks/tasks", receiver.url()));
    context.set("WEBHOOK_TOKEN", "hook-token");
    for pipeline in pipelines().iter().filter(|pipeline| on_sandbox(pipeline) == ["--sandbox"]) {
        let manifest = run(&context, pipeline, &[]);
        assert_eq!(manifest["sandbox"], true, "a tenant that is a sandbox says so");
        assert_eq!(manifest["source"]["records"], 120, "{}", pipeline.display());
    }
    let posts = receiver.requests();
    assert!(!posts.is_empty());
    for post in &posts {
        assert_eq!((post.method.as_str(), post.target.as_str()), ("POST", "/hooks/tasks"));
        assert_eq!(post.header("authorization"), Some("Bearer hook-token"));
    }
}

#[test]
fn the_webhook_batches_contain_all_rows_in_order() {
    let mut context = Context::new();
    let receiver = Receiver::start(|_| Response::new(204, ""));
    context.set("WEBHOOK_URL", receiver.url());
    context.set("TECHWOLF_URL", "sandbox:");
    let manifest = run(&context, Path::new(&project_file("pipelines/webhook.toml")), &[]);
    let mut posted = Vec::new();
    let mut keys = Vec::new();
    for post in receiver.requests() {
        let batch: Vec<Value> = serde_json::from_str(&post.body).unwrap();
        assert!((1..=50).contains(&batch.len()));
        posted.extend(batch);
        keys.push(post.header("idempotency-key").unwrap().to_owned());
    }
    let expected: Vec<Value> = generated_jobs(&["H1", "H2"])
        .into_iter()
        .map(|(job, task)| {
            json!({"job": job, "task_id": task["task_id"], "task": task["task"],
                "level": task["ai_impact"]["level"], "hours": task["weekly_hours"]})
        })
        .collect();
    assert_eq!(posted, expected);
    assert_eq!(manifest["sinks"][0]["records"], expected.len());
    assert_eq!(manifest["sinks"][0]["requests"], keys.len());
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), manifest["sinks"][0]["requests"], "every batch has a key of its own");
}

#[test]
fn a_pipeline_file_without_a_tenant_suggests_the_sandbox() {
    let folder = project_file("examples/deploy/nightly.toml");
    let shipped = pipelines().into_iter().chain([folder.into()]);
    for pipeline in shipped.filter(|pipeline| on_sandbox(pipeline) == ["--sandbox"]) {
        let file = pipeline.to_str().unwrap();
        for empty in [false, true] {
            let mut context = Context::new();
            if empty {
                context.set("TECHWOLF_URL", "");
                context.set("WEBHOOK_URL", "");
            }
            for command in [&["run"][..], &["check", "--env"]] {
                let stderr = context.taskferry(&[command, &[file]].concat()).with_code(2).stderr;
                let stderr =
                    stderr.split_whitespace().collect::<Vec<_>>().join(" ").replace(" │ ", " ");
                let problem = if empty { "is empty" } else { "is not set" };
                assert!(
                    stderr.contains(&format!("the variable `TECHWOLF_URL` {problem}")),
                    "{stderr}"
                );
                assert!(stderr.contains("--sandbox`"), "{stderr}");
                assert!(context.files().is_empty());
            }
            context.taskferry(&["check", file, "--sandbox"]).with_code(0);
        }
    }
}
