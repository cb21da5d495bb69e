//! State after crashes and damage.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use taskferry_files::FolderEntry;
use taskferry_state::{History, Journal, LockAttempt, MAX_RUNS, StateDir};

fn open(dir: &Path, pipeline: &str) -> StateDir {
    match StateDir::open(dir, pipeline).unwrap() {
        LockAttempt::Acquired(state) => state,
        LockAttempt::Held(holder) => panic!("{holder:?} holds the lock"),
    }
}

#[test]
fn a_folder_is_unlocked_when_its_holder_is_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path(), "jobs");
    let LockAttempt::Held(holder) = StateDir::open(dir.path(), "jobs").unwrap() else {
        panic!("two runs hold the lock")
    };
    assert_eq!(holder.unwrap().pid, std::process::id());
    open(dir.path(), "other");
    drop(first);
    open(dir.path(), "jobs");
}

#[test]
fn pipelines_have_distinct_folders_inside_the_state_folder() {
    let dir = Path::new("state");
    let names =
        ["jobs", "Jobs", "jöbs", "jübs", "a/b", "a-b", "..", ".", "", "../x", "~", "con nul"];
    let paths: std::collections::HashSet<_> =
        names.iter().map(|name| StateDir::path_of(dir, name)).collect();
    assert_eq!(paths.len(), names.len());
    for path in paths {
        assert_eq!(path.parent(), Some(dir), "{}", path.display());
        assert!(!path.file_name().unwrap().to_str().unwrap().starts_with('.'));
    }
    assert_eq!(StateDir::path_of(dir, "full-export_2.x"), dir.join("full-export_2.x"));
}

#[test]
fn broken_files_are_errors_and_missing_files_are_none() {
    let dir = tempfile::tempdir().unwrap();
    let state = open(dir.path(), "jobs");
    assert_eq!(state.load::<u8>("checkpoint").unwrap(), None);
    state.save("checkpoint", &7).unwrap();
    assert_eq!(state.load::<u8>("checkpoint").unwrap(), Some(7));
    fs::write(state.path().join("checkpoint.json"), "{").unwrap();
    let error = state.load::<u8>("checkpoint").unwrap_err();
    assert!(error.to_string().starts_with("can't read `"), "{error}");
    state.remove("checkpoint").unwrap();
    state.remove("checkpoint").unwrap();
    let left: Vec<_> =
        fs::read_dir(state.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["lock"]);
}

#[test]
fn a_journal_drops_entries_after_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let entry = FolderEntry::of(&dir.path().join("traces")).unwrap();
    let mut journal = Journal::create(&entry).unwrap();
    journal.append(b"one").unwrap();
    journal.append(b"two").unwrap();
    assert_eq!(journal.len(), 6);
    let mut journal = Journal::open(&entry, 3).unwrap();
    assert_eq!(journal.read().unwrap(), b"one");
    journal.append(b"2").unwrap();
    assert_eq!(journal.read().unwrap(), b"one2");
    assert!(Journal::open(&entry, 5).is_err());
}

#[test]
fn the_last_manifests_are_kept_and_broken_ones_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let history = History::of(dir.path(), "jobs");
    assert_eq!(history.all::<usize>().unwrap(), Vec::<usize>::new());
    for number in 0..MAX_RUNS + 3 {
        history.add(&format!("{number:03}"), &number).unwrap();
    }
    assert_eq!(history.all::<usize>().unwrap(), (3..MAX_RUNS + 3).collect::<Vec<_>>());
    fs::write(StateDir::path_of(dir.path(), "jobs").join("runs/004.json"), "half of").unwrap();
    assert_eq!(history.all::<usize>().unwrap().len(), MAX_RUNS - 1);
}

#[test]
fn the_holder_of_a_lock_is_found_without_creating_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    let path = StateDir::path_of(dir.path(), "jobs");
    assert_eq!(taskferry_state::lock_holder(&path).unwrap(), None);
    assert!(!path.exists());
    let LockAttempt::Acquired(state) = StateDir::open(dir.path(), "jobs").unwrap() else {
        unreachable!()
    };
    let holder = taskferry_state::lock_holder(&path).unwrap().unwrap();
    assert_eq!(holder.unwrap().pid, std::process::id());
    drop(state);
    assert_eq!(taskferry_state::lock_holder(&path).unwrap(), None);
}

#[test]
fn a_look_at_the_lock_does_not_make_a_run_fail() {
    let dir = tempfile::tempdir().unwrap();
    let path = StateDir::path_of(dir.path(), "jobs");
    drop(open(dir.path(), "jobs"));
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                taskferry_state::lock_holder(&path).unwrap();
            }
        });
        for _ in 0..100 {
            drop(open(dir.path(), "jobs"));
        }
        ended.store(true, Ordering::Relaxed);
    });
}
