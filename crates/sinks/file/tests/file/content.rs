//! The content of the file.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::driver::{Folder, batch};
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use taskferry_sdk::Refusals;

fn decoded(path: &Path, compression: &str) -> String {
    let bytes = fs::read(path).unwrap();
    let mut text = String::new();
    match compression {
        "gzip" => flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap(),
        "zstd" => zstd::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text).unwrap(),
        _ => (&bytes[..]).read_to_string(&mut text).unwrap(),
    };
    text
}

fn sha256(bytes: &[u8]) -> String {
    taskferry_sdk::hex(Sha256::digest(bytes))
}

#[tokio::test]
async fn every_format_survives_every_compression() {
    let batches =
        [vec![json!({"a": 1.5})], vec![], vec![json!({"a": "x, y"}), json!({"b": [1, 2]})]];
    for (format, expected) in [
        ("ndjson", "{\"a\":1.5}\n{\"a\":\"x, y\"}\n{\"b\":[1,2]}\n"),
        ("json", "[\n{\"a\":1.5},\n{\"a\":\"x, y\"},\n{\"b\":[1,2]}\n]\n"),
        ("csv", "a,b\r\n1.5,\r\n\"x, y\",\r\n,1; 2\r\n"),
    ] {
        for (compression, ending) in [("none", ""), ("gzip", ".gz"), ("zstd", ".zst")] {
            let folder = Folder::new();
            let name = format!("jobs.{format}{ending}");
            let options = json!({"path": name, "format": format, "compression": compression});
            let delivery = folder.run(options, &batches).await.unwrap();

            let path = folder.path(&name);
            assert_eq!(decoded(&path, compression), expected, "{name}");
            let bytes = fs::read(&path).unwrap();
            let [file] = &delivery.files[..] else { panic!("{delivery:?}") };
            assert_eq!(file.path, path);
            assert_eq!((file.records, file.bytes), (3, bytes.len() as u64));
            assert_eq!((delivery.records, delivery.bytes), (3, bytes.len() as u64));
            assert_eq!(file.sha256, sha256(&bytes));
        }
    }
}

#[tokio::test]
async fn equal_records_give_equal_bytes() {
    for compression in ["none", "gzip", "zstd"] {
        let folder = Folder::new();
        let batches = [vec![json!({"a": 1})], vec![json!({"a": 2})]];
        let options = |path: &str| json!({"path": path, "compression": compression});
        let first = folder.run(options("first"), &batches).await.unwrap();
        let second = folder.run(options("second"), &batches).await.unwrap();
        assert_eq!(first.files[0].sha256, second.files[0].sha256);
    }
}

#[tokio::test]
async fn an_empty_output_is_a_readable_file() {
    let folder = Folder::new();
    for (format, expected) in [("ndjson", ""), ("json", "[]\n"), ("csv", "")] {
        for compression in ["none", "gzip", "zstd"] {
            let options = json!({"path": "empty", "format": format, "compression": compression});
            let delivery = folder.run(options, &[vec![]]).await.unwrap();
            assert_eq!(decoded(&folder.path("empty"), compression), expected);
            assert_eq!(delivery.records, 0);
        }
    }
}

#[tokio::test]
async fn a_commit_returns_the_size_of_the_file() {
    let folder = Folder::new();
    let mut sink = folder.open(json!({"path": "jobs.ndjson"})).await.unwrap();
    assert_eq!(sink.commit().await.unwrap().get()["bytes"], 0);
    sink.write(&batch(&[json!({"a": 1}), json!({"a": 2})]), &mut Refusals::forbidden())
        .await
        .unwrap();
    let state = sink.commit().await.unwrap();
    assert_eq!(state.get()["bytes"], 16);
    let [part] = &folder.names()[..] else { panic!() };
    assert_eq!(fs::read(folder.path(part)).unwrap().len(), 16);
    sink.write(&batch(&[]), &mut Refusals::forbidden()).await.unwrap();
    assert_eq!(sink.commit().await.unwrap(), state);
}

#[tokio::test]
async fn fields_omitted_by_columns_are_reported() {
    let folder = Folder::new();
    let options = json!({"path": "a.csv", "format": "csv", "columns": ["a", "z"]});
    let delivery = folder.run(options, &[vec![json!({"a": 1, "b": 2})]]).await.unwrap();
    assert_eq!(
        delivery.warnings,
        [
            "fields omitted because `columns` does not name them: `b`",
            "columns that no record has: `z`"
        ]
    );
    assert_eq!(fs::read_to_string(folder.path("a.csv")).unwrap(), "a,z\r\n1,\r\n");
}

#[tokio::test]
async fn the_spool_of_a_large_table_leaves_no_file() {
    let folder = Folder::new();
    let rationale = "because ".repeat(200);
    let rows = |page: usize| -> Vec<Value> {
        let row = |index| json!({"task": format!("{page}-{index}"), "rationale": rationale});
        let late = json!({"task": "late", format!("only_{page}"): page});
        (0..100).map(row).chain([late]).collect()
    };
    let batches: Vec<Vec<Value>> = (0..50).map(rows).collect();
    let options = json!({"path": "a.csv", "format": "csv"});
    let delivery = folder.run(options, &batches).await.unwrap();
    assert_eq!(folder.names(), ["a.csv"]);

    let mut reader = csv::Reader::from_path(folder.path("a.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!((header.len(), header[2].as_str(), header[51].as_str()), (52, "only_0", "only_49"));
    let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!((read.len(), delivery.records), (5050, 5050));
    assert_eq!((&read[5049][0], &read[5049][51]), ("late", "49"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_survives_a_round_trip(texts in prop::collection::vec(".{0,20}", 0..20), compression in 0..3_usize) {
        let compression = ["none", "gzip", "zstd"][compression];
        let values: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        let folder = Folder::new();
        let options = json!({"path": "a", "compression": compression});
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(folder.run(options, std::slice::from_ref(&values))).unwrap();
        let text = decoded(&folder.path("a"), compression);
        let read: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(read, values);
    }
}
