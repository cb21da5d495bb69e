//! The rules for plugins.

use std::fs;
use std::path::Path;

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_sink_file::FileOptions;

/// The lines of the published file.
fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_sink_conforms_to_the_rules_for_sinks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.ndjson");
    let (published, removed) = (path.clone(), path.clone());
    Conformance::sink::<FileOptions>(
        json!({"path": path, "format": "ndjson"}),
        move || lines(&published),
        move || _ = fs::remove_file(&removed),
    )
    .run();
}

#[test]
fn the_sink_conforms_with_csv_whose_header_is_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.csv");
    let (published, removed) = (path.clone(), path.clone());
    for columns in [None, Some(json!(["task_id", "task"]))] {
        let mut options = json!({"path": path, "format": "csv"});
        if let Some(columns) = columns {
            options["columns"] = columns;
        }
        let (published, removed) = (published.clone(), removed.clone());
        Conformance::sink::<FileOptions>(
            options,
            move || lines(&published).into_iter().skip(1).collect(),
            move || _ = fs::remove_file(&removed),
        )
        .refuses(r#"{"task_id": "\ud800"}"#)
        .run();
    }
}
