//! `my_plugin`, built from options like those of a pipeline file.

use std::fs;
use std::path::{Path, PathBuf};

use my_plugin::MyPlugin;

use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::testing::{self, Files};
use taskferry_sdk::{Page, Position, Problem, RunContext, Source, SourcePlugin};

fn built(options: &Value) -> Result<Box<dyn Source>, Vec<Problem>> {
    let build = MyPlugin::build;
    testing::build(options, &Files::new(), build)
}

fn file(folder: &Path, lines: &str) -> PathBuf {
    let path = folder.join("records.ndjson");
    fs::write(&path, lines).unwrap();
    path
}

async fn opened(path: &Path, from: Option<&Position>) -> Box<dyn Source> {
    let mut source = built(&json!({"path": path, "page_size": 2})).unwrap();
    source.open(&RunContext::default(), from).await.unwrap();
    source
}

fn ids(page: &Page) -> Vec<&str> {
    page.records
        .iter()
        .filter_map(|record| record.id.as_deref())
        .collect()
}

#[tokio::test]
async fn pages_are_read_to_the_end_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        folder.path(),
        "{\"external_id\":\"a\"}\n{\"external_id\":\"b\"}\n{}",
    );
    let mut source = opened(&path, None).await;
    let first = source.next_page().await.unwrap().unwrap();
    let last = source.next_page().await.unwrap().unwrap();
    assert_eq!((ids(&first), ids(&last)), (vec!["a", "b"], vec!["line 3"]));
    assert!(last.next.is_none());
    assert!(source.next_page().await.unwrap().is_none());
}

#[tokio::test]
async fn a_resumed_run_continues_after_the_last_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "{}\n{}\n{\"external_id\":\"c\"}\n");
    let first = opened(&path, None)
        .await
        .next_page()
        .await
        .unwrap()
        .unwrap();
    let from = Position::new(1, first.next, Vec::new());
    let second = opened(&path, Some(&from))
        .await
        .next_page()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ids(&second), ["c"]);
}

#[tokio::test]
async fn a_line_that_is_not_json_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "{}\nnot json\n");
    let error = opened(&path, None).await.next_page().await.unwrap_err();
    assert!(error.to_string().starts_with("line 2 of "), "{error}");
}

#[test]
fn errors_in_the_options_are_reported() {
    for options in [
        json!({}),
        json!({"path": "x", "page_size": 0}),
        json!({"path": 1}),
    ] {
        assert_eq!(built(&options).unwrap_err().len(), 1, "{options}");
    }
}

/// The rules for all plugins: `taskferry_sdk::conformance` describes them.
#[test]
fn the_source_follows_the_rules_for_plugins() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "{}\n{\"external_id\":\"b\"}\n{}\n");
    Conformance::source::<MyPlugin>(json!({"path": path, "page_size": 1})).run();
}
