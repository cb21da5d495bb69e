//! A resumed file equals the file of an uninterrupted run byte for byte.

use std::fs::{self, File};
use std::io::Write;

use crate::driver::{Folder, batch, build, run};
use serde_json::{Value, json};
use taskferry_sdk::{Refusals, Sink, SinkState};

const FORMATS: [&str; 6] =
    ["ndjson", "json", "csv", "csv with columns", "csv for excel", "csv for excel with columns"];
const COMPRESSIONS: [&str; 3] = ["none", "gzip", "zstd"];

fn options(folder: &Folder, format: &str, compression: &str) -> Value {
    let mut options = json!({
        "path": folder.path("jobs").to_str().unwrap(),
        "format": format.split(' ').next(),
        "compression": compression,
    });
    if format.contains("excel") {
        options["dialect"] = json!("excel-semicolon");
    }
    if format.ends_with("columns") {
        options["columns"] = json!(["b", "a", "never"]);
    }
    options
}

/// Batches, some of them empty, with fields that appear one by one.
fn batches() -> Vec<Vec<Value>> {
    let record = |number: usize| match number % 4 {
        0 => json!({"a": number}),
        1 => json!({"b": "x, \"y\"\n", "a": number}),
        2 => json!({"c": [number, null]}),
        _ => json!({"a": "z".repeat(number * 300)}),
    };
    (0..6).map(|page| (page * 5..page * 5 + page % 3 * 2).map(record).collect()).collect()
}

async fn opened(options: &Value, from: Option<&SinkState>) -> Box<dyn Sink> {
    let mut sink = build(options).unwrap();
    let mut run = run();
    run.resumable = true;
    sink.open(&run, from).await.unwrap();
    sink
}

async fn deliver(sink: &mut dyn Sink, values: &[Value]) -> SinkState {
    sink.write(&batch(values), &mut Refusals::forbidden()).await.unwrap();
    sink.commit().await.unwrap()
}

async fn uninterrupted(folder: &Folder, format: &str, compression: &str) -> Vec<u8> {
    let options = options(folder, format, compression);
    let mut sink = opened(&options, None).await;
    for values in batches() {
        deliver(&mut *sink, &values).await;
    }
    sink.finish().await.unwrap();
    fs::read(folder.path("jobs")).unwrap()
}

/// Appends uncommitted bytes, like a killed run.
fn append_garbage(folder: &Folder) {
    for name in folder.names().iter().filter(|name| name.starts_with('.')) {
        let mut file = File::options().append(true).open(folder.path(name)).unwrap();
        file.write_all(b"half a rec").unwrap();
    }
}

#[tokio::test]
async fn a_resumed_file_equals_an_uninterrupted_one() {
    for format in FORMATS {
        for compression in COMPRESSIONS {
            let whole = Folder::new();
            let expected = uninterrupted(&whole, format, compression).await;
            for stop in 1..=batches().len() {
                let folder = Folder::new();
                let options = options(&folder, format, compression);
                let mut sink = opened(&options, None).await;
                let mut state = SinkState::default();
                for values in &batches()[..stop] {
                    state = deliver(&mut *sink, values).await;
                }
                drop(sink);
                append_garbage(&folder);

                let mut sink = build(&options).unwrap();
                sink.can_resume(&run(), &state).await.unwrap();
                let mut sink = opened(&options, Some(&state)).await;
                for values in &batches()[stop..] {
                    deliver(&mut *sink, values).await;
                }
                let delivery = sink.finish().await.unwrap();
                let found = fs::read(folder.path("jobs")).unwrap();
                assert!(found == expected, "{format}, {compression}, stopped after {stop}");
                assert_eq!(delivery.files[0].bytes, expected.len() as u64);
                assert_eq!(folder.names(), ["jobs"]);
            }
        }
    }
}

#[tokio::test]
async fn a_sealed_file_is_only_renamed() {
    for format in FORMATS {
        let whole = Folder::new();
        let expected = uninterrupted(&whole, format, "zstd").await;
        let folder = Folder::new();
        let options = options(&folder, format, "zstd");
        let mut sink = opened(&options, None).await;
        for values in batches() {
            deliver(&mut *sink, &values).await;
        }
        let state = sink.seal().await.unwrap();
        drop(sink);
        // In the second round, the file is already renamed, but the stored state is from before the rename.
        let mut sums = Vec::new();
        for _ in 0..2 {
            build(&options).unwrap().can_resume(&run(), &state).await.unwrap();
            let mut sink = opened(&options, Some(&state)).await;
            assert_eq!(sink.seal().await.unwrap(), state);
            let delivery = sink.finish().await.unwrap();
            sums.push((delivery.records, delivery.files[0].sha256.clone(), delivery.warnings));
            assert!(fs::read(folder.path("jobs")).unwrap() == expected, "{format}");
            assert_eq!(folder.names(), ["jobs"]);
        }
        assert_eq!(sums[0], sums[1]);
        assert_eq!(sums[0].2.len(), if format.ends_with("columns") { 2 } else { 0 });
    }
}

#[tokio::test]
async fn only_columns_empty_in_all_attempts_are_reported() {
    let folder = Folder::new();
    let mut options = options(&folder, "csv", "none");
    options["columns"] = json!(["first", "second", "never"]);
    let mut sink = opened(&options, None).await;
    let state = deliver(&mut *sink, &[json!({"first": "-1", "second": null, "never": null})]).await;
    drop(sink);
    let mut sink = opened(&options, Some(&state)).await;
    deliver(&mut *sink, &[json!({"first": "", "second": "a\0", "never": []})]).await;
    let warnings = sink.finish().await.unwrap().warnings;
    let expected = [
        "columns that are empty in all 2 records: `never`",
        "1 NUL character was replaced by U+FFFD (\u{fffd})",
        "cells that begin like a formula got a leading `'`: 1 in `first`; set `escape_formulas = false` if no spreadsheet opens \
         the table",
    ];
    assert_eq!(warnings, expected);
}

#[tokio::test]
async fn modified_bytes_are_detected() {
    let folder = Folder::new();
    let options = options(&folder, "ndjson", "none");
    let mut sink = opened(&options, None).await;
    let state = deliver(&mut *sink, &[json!({"a": 1})]).await;
    drop(sink);
    let part = folder.path(".jobs.part");
    let mut sink = build(&options).unwrap();
    assert!(sink.can_resume(&run(), &state).await.is_ok());
    fs::write(&part, "{\"a\":2}\n").unwrap();
    let why = sink.can_resume(&run(), &state).await.unwrap_err();
    assert!(why.ends_with("is missing or has changed"), "{why}");
    fs::remove_file(&part).unwrap();
    assert!(sink.can_resume(&run(), &state).await.is_err());
}

#[tokio::test]
async fn an_abandoned_file_is_removed() {
    let folder = Folder::new();
    for format in FORMATS {
        let options = options(&folder, format, "gzip");
        let mut sink = opened(&options, None).await;
        let state = deliver(&mut *sink, &[json!({"a": 1})]).await;
        drop(sink);
        assert!(!folder.names().is_empty());
        build(&options).unwrap().discard(&run(), &state);
        assert!(folder.names().is_empty(), "{format}: {:?}", folder.names());

        // Nothing was committed.
        drop(opened(&options, None).await);
        assert!(folder.names().is_empty(), "{format}: {:?}", folder.names());
    }
}

#[tokio::test]
async fn a_file_in_progress_is_not_removed() {
    let folder = Folder::new();
    let options = options(&folder, "ndjson", "none");
    let mut sink = opened(&options, None).await;
    let state = deliver(&mut *sink, &[json!({"a": 1})]).await;
    build(&options).unwrap().discard(&run(), &state);
    sink.finish().await.unwrap();
    assert_eq!(folder.names(), ["jobs"]);
}

#[tokio::test]
async fn verification_of_a_large_file_yields_to_the_runtime() {
    let folder = Folder::new();
    let options = options(&folder, "ndjson", "none");
    let mut sink = opened(&options, None).await;
    let state = deliver(&mut *sink, &[json!({"a": "x".repeat(1 << 20)})]).await;
    drop(sink);
    let mut sink = build(&options).unwrap();
    let run = run();
    tokio::select! {
        biased;
        _ = sink.can_resume(&run, &state) => panic!("the check did not yield"),
        () = std::future::ready(()) => {}
    }
    sink.can_resume(&run, &state).await.unwrap();
}

#[tokio::test]
async fn discarding_the_initial_state_removes_leftovers() {
    let folder = Folder::new();
    let options = options(&folder, "csv", "none");
    let state = build(&options).unwrap().initial_state(&run());
    fs::write(folder.path(".jobs.part"), "").unwrap();
    build(&options).unwrap().discard(&run(), &state);
    assert_eq!(folder.names(), [""; 0]);
}
