//! When a file is published under its name, and when not.

use std::fs;
use std::path::Path;

use crate::driver::{Folder, batch, batch_of, build, names_in};
use serde_json::{Value, json};
use taskferry_sdk::{ErrorKind, Record, Refusals};

#[tokio::test]
async fn a_file_has_its_name_only_when_complete() {
    let folder = Folder::new();
    let mut sink = folder.open(json!({"path": "a.ndjson"})).await.unwrap();
    sink.write(&batch(&[json!(1)]), &mut Refusals::forbidden()).await.unwrap();
    sink.commit().await.unwrap();
    let [part] = &folder.names()[..] else { panic!() };
    assert!(part.starts_with(".a.ndjson."), "{part}");
    assert_eq!(Path::new(part).extension().unwrap(), "part");
    sink.finish().await.unwrap();
    assert_eq!(folder.names(), ["a.ndjson"]);
}

#[tokio::test]
async fn an_incomplete_run_keeps_the_old_file() {
    for format in ["ndjson", "json", "csv"] {
        for compression in ["none", "gzip", "zstd"] {
            let folder = Folder::new();
            fs::write(folder.path("a"), "old").unwrap();
            let options = json!({"path": "a", "format": format, "compression": compression});
            let mut sink = folder.open(options).await.unwrap();
            sink.write(&batch(&[json!({"a": "x".repeat(100_000)})]), &mut Refusals::forbidden())
                .await
                .unwrap();
            sink.commit().await.unwrap();
            drop(sink);
            assert_eq!(folder.names(), ["a"]);
            assert_eq!(fs::read(folder.path("a")).unwrap(), b"old");
        }
    }
}

#[tokio::test]
async fn an_unwritable_record_publishes_nothing() {
    let folder = Folder::new();
    let options = json!({"path": "a.csv", "format": "csv", "columns": ["a"]});
    let mut sink = folder.open(options).await.unwrap();
    let records = [r#"{"a":1}"#, r#"{"a":"\ud800"}"#].map(|text| Record::parse(text).unwrap());
    let error =
        sink.write(&batch_of(records.into()), &mut Refusals::forbidden()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(error.record(), Some(1));
    drop(sink);
    assert!(folder.names().is_empty());
}

#[tokio::test]
async fn an_old_file_is_replaced_atomically() {
    let folder = Folder::new();
    fs::write(folder.path("a"), "old").unwrap();
    let mut open_before = fs::File::open(folder.path("a")).unwrap();
    folder.run(json!({"path": "a"}), &[vec![json!("new")]]).await.unwrap();
    assert_eq!(fs::read_to_string(folder.path("a")).unwrap(), "\"new\"\n");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut open_before, &mut text).unwrap();
    assert_eq!(text, "old", "an open file keeps its old content");
}

#[tokio::test]
async fn a_file_in_progress_cannot_be_opened_by_another_run() {
    let folder = Folder::new();
    let first = folder.open(json!({"path": "a"})).await.unwrap();
    std::os::unix::fs::symlink(folder.path("."), folder.path("link")).unwrap();
    for path in ["a", "./x/../a", "link/a"] {
        let error = folder.open(json!({"path": path})).await.unwrap_err();
        assert!(error.to_string().starts_with("another sink or run is writing `"), "{error}");
    }
    first.finish().await.unwrap();
    folder.run(json!({"path": "a"}), &[vec![json!("second")]]).await.unwrap();
    assert_eq!(fs::read_to_string(folder.path("a")).unwrap(), "\"second\"\n");
}

#[tokio::test]
async fn a_file_modified_by_another_process_is_not_published() {
    let folder = Folder::new();
    let mut sink = folder.open(json!({"path": "a"})).await.unwrap();
    sink.write(&batch(&[json!(1)]), &mut Refusals::forbidden()).await.unwrap();
    sink.commit().await.unwrap();
    fs::write(folder.path(".a.part"), "1\n and more").unwrap();
    let error = sink.finish().await.unwrap_err();
    assert!(error.to_string().starts_with("another process has changed `"), "{error}");
    assert!(!folder.path("a").exists());
}

#[tokio::test]
async fn leftovers_of_a_killed_run_are_overwritten() {
    let folder = Folder::new();
    fs::write(folder.path(".a.part"), "left by a killed run, and longer than the new content")
        .unwrap();
    folder.run(json!({"path": "a"}), &[vec![json!(1)]]).await.unwrap();
    assert_eq!(fs::read_to_string(folder.path("a")).unwrap(), "1\n");
    assert_eq!(folder.names(), ["a"]);
}

#[tokio::test]
async fn the_target_of_a_symbolic_link_is_replaced() {
    let folder = Folder::new();
    fs::write(folder.path("target"), "old").unwrap();
    std::os::unix::fs::symlink(folder.path("target"), folder.path("link")).unwrap();
    folder.run(json!({"path": "link"}), &[vec![json!(1)]]).await.unwrap();
    assert!(folder.path("link").is_symlink());
    assert_eq!(fs::read_to_string(folder.path("target")).unwrap(), "1\n");
}

#[tokio::test]
async fn folders_are_created_and_placeholders_filled_in() {
    let folder = Folder::new();
    let options = json!({"path": "{run_id}/{pipeline}/{date}T{time}.ndjson"});
    let delivery = folder.run(options, &[vec![json!(1)]]).await.unwrap();
    let path = folder.path("r1/jobs/2026-11-23T204243.ndjson");
    assert_eq!(delivery.files[0].path, path);
    assert!(path.is_file());
    assert_eq!(names_in(&folder.path("r1/jobs")).len(), 1);
}

#[tokio::test]
async fn an_unwritable_path_is_reported_before_the_first_record() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    fs::write(folder.path("file"), "").unwrap();
    let refused = async |path: &str| {
        let error = folder.open(json!({"path": path})).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        error.full_message()
    };
    let message = refused("folder").await;
    assert!(message.contains("folder`: it is a folder"), "{message}");
    let message = refused("file/a").await;
    assert!(message.contains("can't create the folder") && message.contains("file`"), "{message}");
    assert_eq!(folder.names(), ["file", "folder"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_is_not_replaced() {
    let mut sink = build(&json!({"path": "/dev/null"})).unwrap();
    let error = sink.open(&crate::driver::run(), None).await.unwrap_err();
    assert_eq!(error.to_string(), "can't write `/dev/null`: it is not a regular file");
}

#[cfg(unix)]
#[tokio::test]
async fn a_published_file_has_default_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    folder.run(json!({"path": "a"}), &[]).await.unwrap();
    fs::write(folder.path("b"), "").unwrap();
    let mode = |name| fs::metadata(folder.path(name)).unwrap().permissions().mode();
    assert_eq!(mode("a"), mode("b"));
}

#[tokio::test]
async fn a_long_file_name_is_accepted() {
    let folder = Folder::new();
    let name = "é".repeat(120);
    folder.run(json!({"path": name}), &[vec![json!(1)]]).await.unwrap();
    assert_eq!(folder.names(), [name]);
}

#[test]
fn every_error_is_reported() {
    let codes = |options: Value| -> Vec<(String, &'static str)> {
        let problems = build(&options).err().unwrap_or_default();
        problems.into_iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
    };
    let pair = |path: &str, code| (path.to_owned(), code);
    assert_eq!(
        codes(
            json!({"path": "a.gz", "columns": ["a"], "escape_formulas": false, "dialect": "excel", "bom": true})
        ),
        [
            pair("columns", "unused-option"),
            pair("escape_formulas", "unused-option"),
            pair("dialect", "unused-option"),
            pair("bom", "unused-option"),
            pair("path", "conflicting-options"),
        ]
    );
    assert_eq!(
        codes(json!({"path": "a.zst", "compression": "gzip"})),
        [pair("path", "conflicting-options")]
    );
    assert_eq!(codes(json!({"path": "a.gz", "compression": "gzip"})), []);
    assert_eq!(codes(json!({"path": "out/.."})), [pair("path", "missing-file-name")]);
    assert_eq!(codes(json!({"path": "out/"})), [pair("path", "invalid-value")]);
    assert_eq!(codes(json!({"compression": "brotli"})).len(), 2);
}

#[test]
fn two_spellings_of_a_path_have_one_output_id() {
    use taskferry_sdk::SinkPlugin;
    let output_id = |path: &str| {
        let options: taskferry_sink_file::FileOptions =
            serde_json::from_value(json!({ "path": path })).unwrap();
        let endpoints = taskferry_sdk::Endpoints::default();
        let context = taskferry_sdk::BuildContext::new(&taskferry_sdk::NoFiles, &endpoints);
        options.output_id(&context.for_pipeline("jobs"))
    };
    assert_eq!(output_id("./out//./a.csv"), output_id("out/a.csv"));
    assert_eq!(output_id("./x/../out/a.csv"), output_id("out/a.csv"));
    assert_eq!(output_id("out/{pipeline}.csv"), output_id("out/jobs.csv"));
    assert_ne!(output_id("out/a.csv"), output_id("a.csv"));
}
