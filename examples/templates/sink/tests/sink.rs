//! `my_plugin`, built from options like those of a pipeline file.

use std::fs;
use std::path::Path;

use my_plugin::MyPlugin;

use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::{self, Files};
use taskferry_sdk::{Batch, Problem, Record, Refusals, RunContext, Sink, SinkPlugin};

fn built(options: &Value) -> Result<Box<dyn Sink>, Vec<Problem>> {
    let build = MyPlugin::build;
    testing::build(options, &Files::new(), build)
}

fn batch(records: &[&'static str]) -> Batch {
    testing::batch(
        1,
        records.iter().map(|record| Record::parse(*record).unwrap()),
    )
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn the_file_appears_when_it_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = built(&json!({"path": folder.path().join("tasks.txt")})).unwrap();
    sink.open(&RunContext::default(), None).await.unwrap();
    let tasks = batch(&[r#"{"task":"Plan"}"#, r#"{"task":"Write\nreports"}"#]);
    sink.write(&tasks, &mut Refusals::forbidden())
        .await
        .unwrap();
    sink.commit().await.unwrap();
    assert_eq!(names(folder.path()), ["tasks.txt.part"]);
    let delivery = sink.finish().await.unwrap();
    assert_eq!((delivery.records, delivery.bytes), (2, 19));
    assert_eq!(names(folder.path()), ["tasks.txt"]);
    let text = fs::read_to_string(folder.path().join("tasks.txt")).unwrap();
    assert_eq!(text, "Plan\nWrite reports\n");
}

#[tokio::test]
async fn a_sink_that_does_not_finish_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = built(&json!({"path": folder.path().join("tasks.txt")})).unwrap();
    sink.open(&RunContext::default(), None).await.unwrap();
    drop(sink);
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_record_without_the_field_is_refused_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut sink = built(&json!({"path": folder.path().join("tasks.txt")})).unwrap();
    sink.open(&RunContext::default(), None).await.unwrap();
    let mut refusals = Refusals::collected();
    sink.write(
        &batch(&[r#"{"id":1}"#, r#"{"task":"Plan"}"#]),
        &mut refusals,
    )
    .await
    .unwrap();
    assert_eq!(refusals.records(), 1);
    assert_eq!(sink.finish().await.unwrap().records, 1);
}

#[test]
fn errors_in_the_options_are_reported() {
    for options in [
        json!({}),
        json!({"path": "x", "field": ""}),
        json!({"path": "{day}"}),
    ] {
        assert_eq!(built(&options).unwrap_err().len(), 1, "{options}");
    }
}

/// The rules for all plugins: `taskferry_sdk::conformance` describes them.
#[test]
fn the_sink_follows_the_rules_for_plugins() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.txt");
    let (file, removed) = (path.clone(), path.clone());
    let published = move || {
        let text = fs::read_to_string(&file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    };
    let reset = move || drop(fs::remove_file(&removed));
    Conformance::sink::<MyPlugin>(json!({"path": path}), published, reset)
        .refuses(r#"{"task":1}"#)
        .run();
}
