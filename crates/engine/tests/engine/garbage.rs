//! Damaged state: the run resumes, or starts over with a warning; the output is the same.

use std::fs;
use std::path::PathBuf;

use crate::dead_letters::with_dead_letters;
use crate::resumes;
use crate::stages::{Pages, SinkProbe};
use proptest::prelude::*;
use taskferry_engine::{RunReport, Status};
use tempfile::TempDir;

const FILES: [&str; 4] =
    ["checkpoint.json", "checkpoint.traces", "checkpoint.dead_letters.json", "last_complete.json"];

fn run_in(folder: &TempDir, source: Pages, probe: &SinkProbe) -> RunReport {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let pipeline = with_dead_letters(folder, source, probe);
    runtime.unwrap().block_on(resumes::run_in(folder, pipeline))
}

fn dead_letter_count(folder: &TempDir) -> usize {
    fs::read_to_string(folder.path().join("dead.ndjson")).unwrap_or_default().lines().count()
}

/// Damage to a file: other bytes, some changed bytes, a missing end, or a folder in place of the file.
#[derive(Debug, Clone)]
enum Garbage {
    Other(Vec<u8>),
    Changed(Vec<(prop::sample::Index, u8)>),
    Cut(prop::sample::Index),
    Folder,
}

fn garbage() -> impl Strategy<Value = Garbage> {
    let place = any::<prop::sample::Index>;
    prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Garbage::Other),
        2 => "null|\\[\\]|\\{\\}|[0-9]{1,4}|\\{\"layout\":2\\}".prop_map(|text| Garbage::Other(text.into_bytes())),
        6 => prop::collection::vec((place(), prop_oneof![b'0'..=b'9', any::<u8>()]), 1..4).prop_map(Garbage::Changed),
        2 => place().prop_map(Garbage::Cut),
        1 => Just(Garbage::Folder),
    ]
}

fn damage(path: &PathBuf, garbage: &Garbage) {
    let mut bytes = fs::read(path).unwrap_or_default();
    match garbage {
        Garbage::Folder => {
            _ = fs::remove_file(path);
            return fs::create_dir_all(path.join("in the way")).unwrap();
        }
        Garbage::Other(other) => bytes.clone_from(other),
        Garbage::Changed(changes) if !bytes.is_empty() => {
            let size = bytes.len();
            for (place, byte) in changes {
                bytes[place.index(size)] = *byte;
            }
        }
        Garbage::Cut(place) if !bytes.is_empty() => bytes.truncate(place.index(bytes.len())),
        Garbage::Changed(_) | Garbage::Cut(_) => {}
    }
    fs::write(path, bytes).unwrap();
}

/// Few cases by default, because each makes two runs with files on disk; `PROPTEST_CASES` sets the number.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig { cases: if asked { default.cases } else { 48 }, ..default }
}

#[test]
fn a_folder_in_place_of_the_dead_letter_marker_is_an_error_of_the_state() {
    let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
    let failing = Pages { fail_after: Some(1), ..Pages::new(5, 4) };
    assert_eq!(run_in(&folder, failing, &probe).manifest.status, Status::Failed);
    damage(&folder.path().join("test").join("checkpoint.dead_letters.json"), &Garbage::Folder);

    let manifest = run_in(&folder, Pages::new(5, 4), &probe).manifest;

    assert_eq!(manifest.status, Status::Failed);
    let error = manifest.error.unwrap();
    assert!(error.message.starts_with("[state]: can't write `"), "{}", error.message);
    assert!(error.hint.is_some_and(|hint| hint.ends_with("set another path in [state]")));
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn damaged_state_loses_no_record(file in 0..FILES.len(), garbage in garbage(), stop in 1..5_usize) {
        let (folder, probe) = (tempfile::tempdir().unwrap(), SinkProbe::default());
        let failing = Pages { fail_after: Some(stop), ..Pages::new(5, 4) };
        prop_assert_eq!(run_in(&folder, failing, &probe).manifest.status, Status::Failed);
        damage(&folder.path().join("test").join(FILES[file]), &garbage);

        let report = run_in(&folder, Pages { lenient: true, ..Pages::new(5, 4) }, &probe);
        let manifest = report.manifest;
        if matches!(garbage, Garbage::Folder) && manifest.status == Status::Failed {
            // A folder in place of a file is an error, and nothing is published.
            let message = manifest.error.unwrap().message;
            prop_assert!(message.starts_with("[state]: can't write `"), "{}", message);
            return Ok(());
        }
        prop_assert_eq!(manifest.status, Status::Complete, "{:?}", manifest.error);
        let expected: Vec<usize> = (0..20).filter(|number| number % 10 != 7).collect();
        prop_assert_eq!(probe.numbers(), expected);
        // Dead letters of an unknown run may remain, but none is missing.
        prop_assert!(dead_letter_count(&folder) >= 2, "{}", dead_letter_count(&folder));
    }
}
