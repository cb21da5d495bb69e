//! Dead letters of runs that end early.

use std::fs;

use serde_json::{Value, json};
use taskferry_engine::Status;
use taskferry_pipeline::{DeadLetterOptions, OnError, Pipeline};
use taskferry_sdk::{ErrorKind, StageError};
use tempfile::TempDir;

use crate::resumes::{reconciles, run_as, run_in};
use crate::stages::{Pages, SinkProbe, TestTransform, pipeline};

fn dead_letters(folder: &TempDir) -> Vec<Value> {
    let path = folder.path().join("dead.ndjson");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A pipeline in which every tenth record is a dead letter.
pub(crate) fn with_dead_letters(folder: &TempDir, source: Pages, probe: &SinkProbe) -> Pipeline {
    let mut picky = TestTransform::stage(|record, out| {
        if record.value()?["n"].as_u64().unwrap() % 10 == 7 {
            return Err(StageError::new(ErrorKind::Record, "seven").hint("take another"));
        }
        out.emit(record);
        Ok(())
    });
    picky.on_error = OnError::DeadLetter;
    let path = folder.path().join("dead.ndjson");
    let mut pipeline = pipeline(source, vec![picky], vec![probe.sink()]);
    let path = path.to_str().unwrap().parse().unwrap();
    pipeline.dead_letter = Some(DeadLetterOptions { path });
    pipeline
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_stored_once_with_reason_and_origin() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    fs::write(folder.path().join("dead.ndjson"), "{\"of\": \"yesterday\"}\n").unwrap();
    for stop in [2, 3, 5] {
        let source = Pages { fail_after: Some(stop), ..Pages::new(6, 10) };
        let report = run_in(&folder, with_dead_letters(&folder, source, &probe)).await;
        assert_eq!(report.manifest.dead_letters, stop as u64);
        reconciles(&report.manifest);
    }
    let source = Pages::new(6, 10);
    let report = run_in(&folder, with_dead_letters(&folder, source, &probe)).await;
    let manifest = report.manifest;
    assert_eq!(
        (manifest.status, manifest.exit_code, manifest.dead_letters),
        (Status::Complete, 6, 6)
    );
    assert_eq!(manifest.dead_letter_file, Some(folder.path().join("dead.ndjson")));
    let dead_letters = dead_letters(&folder);
    let refused: Vec<&Value> =
        dead_letters.iter().skip(1).map(|dead_letter| &dead_letter["record"]["n"]).collect();
    assert_eq!(refused, [7, 17, 27, 37, 47, 57]);
    assert_eq!(dead_letters[2]["stage"], json!({"role": "transform", "name": "test"}));
    assert_eq!(dead_letters[2]["error"], json!({"message": "seven", "hint": "take another"}));
    assert_eq!(
        dead_letters[2]["origin"],
        json!({"page": 2, "cursor": "c1", "index": 7, "job": null})
    );
    assert_eq!(dead_letters[2]["run_id"], manifest.run_id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_run_discards_its_dead_letters() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let source = Pages { fail_after: Some(3), ..Pages::new(6, 10) };
    run_in(&folder, with_dead_letters(&folder, source, &probe)).await;
    assert_eq!(dead_letters(&folder).len(), 3);
    let whole = with_dead_letters(&folder, Pages::new(6, 10), &probe);
    run_as(&folder, whole, true).await;
    assert_eq!(dead_letters(&folder).len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uncommitted_dead_letters_are_limited_by_size() {
    for before_all_sinks in [true, false] {
        let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
        let large = TestTransform::stage(|record, out| {
            let mut value = record.value()?.clone();
            value["text"] = "x".repeat(1 << 20).into();
            out.emit(value);
            Ok(())
        });
        let mut picky = TestTransform::stage(|_, _| Err(StageError::new(ErrorKind::Record, "no")));
        picky.on_error = OnError::DeadLetter;
        let mut pipeline = pipeline(Pages::new(40, 1), vec![], vec![probe.sink(), probe.sink()]);
        pipeline.transforms.push(large);
        if before_all_sinks {
            pipeline.transforms.push(picky);
        } else {
            pipeline.sinks[1].transforms.push(picky);
        }
        let path = folder.path().join("dead.ndjson").to_str().unwrap().parse().unwrap();
        pipeline.dead_letter = Some(DeadLetterOptions { path });
        pipeline.state.commit_interval = taskferry_sdk::Duration::from_secs(3600);
        let report = run_in(&folder, pipeline).await;
        assert_eq!((report.manifest.exit_code, dead_letters(&folder).len()), (6, 40));
        // Of 40 MiB, only 8 MiB and the records in flight may be buffered.
        let commits = probe.commits() / 2;
        assert!((3..=8).contains(&commits), "{commits}");
    }
}
