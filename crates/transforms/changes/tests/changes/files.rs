//! The files in the state folder: which run they belong to, and what happens if they are damaged.

use std::fs;

use serde_json::json;
use taskferry_sdk::{Output, Record};

use crate::runs::{Pipeline, jobs};

#[test]
fn a_run_that_is_not_complete_is_never_the_baseline() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..2));
    // The engine does not publish this run.
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    stage.apply_all(&jobs(5..8));
    stage.finish();
    assert_eq!(pipeline.run(&jobs(0..3)).changes(), ["j2 added"]);
}

#[test]
fn files_that_no_run_needs_are_removed() {
    let mut pipeline = Pipeline::new(json!({}));
    let name = |run: &str| format!("{run}.changes-2a9f8be589bb9cdf.ndjson");
    pipeline.run(&jobs(0..2));
    pipeline.run(&jobs(0..2));
    assert_eq!(pipeline.files(), ["run-1", "run-2"].map(name));
    pipeline.run(&jobs(0..2));
    assert_eq!(pipeline.files(), ["run-2", "run-3"].map(name));
    // With two listings, the last run of each is kept.
    pipeline.complete = vec!["run-3".to_owned(), "run-2".to_owned()];
    pipeline.run(&jobs(0..2));
    assert_eq!(pipeline.files(), ["run-2", "run-3", "run-4"].map(name));
    // Without a complete run, nothing is removed.
    pipeline.complete.clear();
    pipeline.run(&jobs(0..2));
    assert_eq!(pipeline.files().len(), 4);
}

#[test]
fn only_the_owner_can_read_the_records() {
    use std::os::unix::fs::PermissionsExt;
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..2));
    let file = pipeline.state.path().join("changes").join(&pipeline.files()[0]);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_damaged_file_is_an_error_that_says_what_to_do() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..3));
    let file = pipeline.state.path().join("changes").join(&pipeline.files()[0]);
    let whole = fs::read(&file).unwrap();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let damaged = [
        Vec::new(),
        b"{\"layout\":1}".to_vec(),
        whole[..whole.len() - 5].to_vec(),
        [lines[0], lines[1], lines[4]].concat(),
        [lines[0], lines[1], lines[2], lines[3]].concat(),
        [lines[0], b"nonsense\n", lines[4]].concat(),
        [b"nonsense\n", lines[1]].concat(),
    ];
    let context = pipeline.context();
    for content in damaged {
        fs::write(&file, &content).unwrap();
        let error = pipeline.open(&context, None).err().unwrap();
        let message = error.full_message();
        assert!(
            message.contains("can't read the records of the last complete run in `"),
            "{message}"
        );
        assert!(message.contains(": the file is damaged"), "{message}");
        assert!(error.hint_text().unwrap().contains("or remove it"));
    }
    fs::write(&file, b"{\"layout\":2}\n").unwrap();
    let run = pipeline.run(&jobs(0..1));
    assert!(
        run.warnings[0].contains("the format of the saved records has changed since run run-1")
    );
}

#[test]
fn a_resumed_run_needs_its_file_and_its_baseline() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..3));
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    stage.apply_all(&jobs(0..2));
    let saved = stage.save();
    drop(stage);
    let own = pipeline.files().into_iter().find(|name| name.starts_with("run-2")).unwrap();
    let path = pipeline.state.path().join("changes").join(own);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..10]).unwrap();
    let error = pipeline.open(&context, Some(&saved)).err().unwrap();
    assert!(error.full_message().contains("shorter than at the last checkpoint"), "{error:?}");
    fs::write(&path, &whole).unwrap();
    pipeline.complete.clear();
    let mut other = context.clone();
    other.complete_runs.clear();
    let error = pipeline.open(&other, Some(&saved)).err().unwrap();
    assert!(error.full_message().contains("changed or removed"), "{error:?}");
    assert!(pipeline.open(&context, Some(&saved)).is_ok());
}

#[test]
fn a_file_that_cannot_be_written_or_read_ends_the_run() {
    let mut pipeline = Pipeline::new(json!({}));
    let folder = pipeline.state.path().join("changes");
    let apply = |stage: &mut crate::runs::Stage| {
        let record = Record::parse(jobs(0..1)[0].to_string()).unwrap();
        stage.transform.apply(record, &mut Output::new()).unwrap_err()
    };
    // A file in place of the folder, and a folder in place of the file.
    let context = pipeline.context();
    fs::write(&folder, "").unwrap();
    let error = apply(&mut pipeline.open(&context, None).unwrap());
    assert!(
        error.is_fatal() && error.full_message().contains("can't create a folder"),
        "{error:?}"
    );
    fs::remove_file(&folder).unwrap();
    fs::create_dir_all(folder.join("run-1.changes-2a9f8be589bb9cdf.ndjson")).unwrap();
    let mut stage = pipeline.open(&context, None).unwrap();
    for _ in 0..2 {
        let error = apply(&mut stage);
        assert!(error.is_fatal() && error.full_message().contains("can't write `"), "{error:?}");
    }
    // The file of the last complete run, larger than the buffer, gets shorter during the run.
    pipeline.run(&jobs(0..2000));
    let context = pipeline.context();
    let mut stage = pipeline.open(&context, None).unwrap();
    let file = folder.join("run-2.changes-2a9f8be589bb9cdf.ndjson");
    fs::File::options().write(true).open(file).unwrap().set_len(0).unwrap();
    let error = apply(&mut stage);
    assert!(
        error.is_fatal() && error.full_message().contains("can't read the records"),
        "{error:?}"
    );
}

#[test]
fn a_run_without_the_list_of_complete_runs_is_refused() {
    let mut pipeline = Pipeline::new(json!({}));
    pipeline.run(&jobs(0..3));
    let mut context = pipeline.context();
    context.complete_runs.clear();
    context.complete_runs_unreadable = true;
    let error = pipeline.open(&context, None).err().unwrap();
    assert!(error.full_message().contains("last_complete.json` can't be read"), "{error:?}");
    assert!(error.hint_text().unwrap().contains("or remove it"));
    assert_eq!(pipeline.files().len(), 1, "the records of the last run are kept");
}
