//! Manifests are an interface: they follow a published schema, and every form that was released can be read.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taskferry_testkit::{Context, project_file};

use crate::schema::validator;

/// The folders of the fixtures, one per released form. A new form gets a new folder, and the old folders stay unchanged.
const FORMS: [&str; 2] = ["unversioned", "version-1"];
/// The manifests in each folder: one per status. Each folder also contains the manifests of two shards.
const STATUSES: [&str; 4] = ["complete", "failed", "interrupted", "suspicious"];

fn fixture(name: &str) -> PathBuf {
    Path::new(&project_file("crates/runner/tests/manifests")).join(name)
}

fn manifest(form: &str, name: &str) -> Value {
    let text = fs::read(fixture(&format!("{form}/{name}.json"))).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A folder with the pipeline of the fixtures.
fn night() -> Context {
    let context = Context::new();
    context.write("night.toml", &fs::read_to_string(fixture("night.toml")).unwrap());
    context
}

fn published() -> jsonschema::Validator {
    validator(&fs::read_to_string(project_file("docs/manifest.schema.json")).unwrap())
}

#[track_caller]
fn assert_valid(manifest: &Value) {
    let errors: Vec<String> = published()
        .iter_errors(manifest)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0], "{manifest:#}");
    assert_eq!(manifest["schema_version"], 1);
    assert_eq!(manifest.as_object().unwrap().keys().next().unwrap(), "schema_version");
}

#[test]
fn the_manifests_of_runs_with_every_status_follow_the_published_schema() {
    let statuses = [
        (&[][..], 6, "complete"),
        (&["--set", "transform.1.on_error=fail"], 4, "failed"),
        (&["--set", "expect.min_jobs=1000"], 8, "suspicious"),
        (&["--dry-run"], 6, "complete"),
        (&["--shard", "1/2"], 6, "complete"),
        (
            &["--set", "source.url=http://127.0.0.1:1", "--set", "source.retry.max_attempts=1"],
            3,
            "failed",
        ),
    ];
    for (arguments, code, status) in statuses {
        let mut context = night();
        context.taskferry(&["run", "night.toml", "--quiet"]).with_code(6);
        context.set("TASKFERRY_SOURCE__AUTH__TOKEN", "t");
        let run = ["run", "night.toml", "--quiet", "--summary", "summary.json"];
        context.taskferry(&[&run, arguments].concat()).with_code(code);
        let manifest = context.json("summary.json");
        assert_eq!(manifest["status"], status);
        assert_valid(&manifest);
        for text in context.stored_manifests("night") {
            assert_valid(&serde_json::from_str(&text).unwrap());
        }
    }
}

#[test]
fn the_manifest_of_an_interrupted_run_follows_the_published_schema() {
    let context = night();
    let slow = ["--set", "source.rate_limit=0.5", "--summary", "summary.json"];
    let mut running = context.start(&[&["run", "night.toml"], &slow[..]].concat());
    running.wait_for_line("record written to the dead-letter file");
    running.signal("TERM");
    assert_eq!(running.wait().code, Some(143));
    let manifest = context.json("summary.json");
    assert_eq!(manifest["status"], "interrupted");
    assert_valid(&manifest);
}

#[test]
fn the_fixtures_of_the_current_form_follow_the_published_schema() {
    for name in STATUSES.into_iter().chain(["share-1-of-2", "share-2-of-2"]) {
        assert_valid(&manifest("version-1", name));
        assert!(!published().is_valid(&manifest("unversioned", name)), "it has no version");
    }
    let mut later = manifest("version-1", "complete");
    later["added_later"] = json!({"a": 1});
    assert!(published().is_valid(&later), "readers ignore keys that they do not know");
    later["schema_version"] = json!(2);
    assert!(!published().is_valid(&later));
}

#[test]
fn runs_lists_manifests_of_every_released_form() {
    let context = night();
    for (position, form) in FORMS.into_iter().enumerate() {
        for (number, name) in STATUSES.into_iter().enumerate() {
            let file = format!(".taskferry/night/runs/{position}{number}.json");
            context.write(&file, &manifest(form, name).to_string());
        }
    }
    let listed = context.taskferry(&["runs", "night.toml"]).with_code(0).stdout;
    let rows: Vec<Vec<&str>> =
        listed.lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 8, "{listed}");
    assert_eq!(rows[..4], rows[4..], "{listed}");
    assert_eq!(rows[0][2..5], ["complete", "6", "400"], "{listed}");
    assert_eq!(rows[1][2..4], ["failed", "4"], "{listed}");
    assert_eq!(rows[2][2..4], ["interrupted", "143"], "{listed}");
    assert_eq!(rows[3][2..4], ["suspicious", "8"], "{listed}");
    let reason = listed.lines().nth(4).unwrap();
    assert!(reason.contains("records were read, fewer than `min_jobs`"), "{reason}");
}

#[test]
fn merge_reads_shards_of_every_released_form() {
    for first in FORMS {
        for second in FORMS {
            let context = Context::new();
            let shards = [(first, "share-1-of-2"), (second, "share-2-of-2")];
            let paths = shards.map(|(form, name)| fixture(&format!("{form}/{name}.json")));
            let paths = paths.each_ref().map(|path| path.to_str().unwrap());
            let arguments = ["merge", paths[0], paths[1], "--summary", "all.json"];
            context.taskferry(&arguments).with_code(6);
            let merged = context.json("all.json");
            assert_eq!(merged["source"]["records"], 400);
            assert_valid(&merged);
        }
    }
}

#[test]
fn graph_reads_manifests_of_every_released_form_and_of_merge() {
    let context = night();
    let drawn =
        |path: &str| context.taskferry(&["graph", "night.toml", "--run", path]).with_code(0).stdout;
    for name in STATUSES {
        let [old, new] =
            FORMS.map(|form| drawn(fixture(&format!("{form}/{name}.json")).to_str().unwrap()));
        assert_eq!(old, new);
        assert!(old.contains(&format!(": {name}")), "{old}");
    }
    let shards = [1, 2].map(|shard| fixture(&format!("version-1/share-{shard}-of-2.json")));
    let shards = shards.each_ref().map(|path| path.to_str().unwrap());
    context.taskferry(&["merge", shards[0], shards[1], "--summary", "all.json"]).with_code(6);
    let drawn = drawn("all.json");
    assert!(drawn.contains("all shards: complete") && drawn.contains("│ 400"), "{drawn}");
}

#[test]
fn if_incomplete_reads_manifests_of_every_released_form() {
    for form in FORMS {
        let context = night();
        context.taskferry(&["run", "night.toml", "--quiet", "--summary", "now.json"]).with_code(6);
        let now = context.json("now.json");
        // The fixture as the manifest of this run.
        let mut stored = manifest(form, "complete");
        for key in ["digest", "finished_at", "run_id"] {
            stored[key] = now[key].clone();
        }
        let runs = context.path(".taskferry/night/runs");
        fs::remove_dir_all(&runs).unwrap();
        fs::remove_file(context.path(".taskferry/night/last_complete.json")).unwrap();
        context.write(".taskferry/night/runs/1.json", &stored.to_string());
        let arguments = ["run", "night.toml", "--if-incomplete", "--summary", "again.json"];
        let ended = context.taskferry(&arguments).with_code(6);
        ended.assert_stderr("ended with exit code 6");
        assert_eq!(context.json("again.json"), stored);
    }
}
