//! Links and foreign files in place of the files of a run: nothing is written through them, and no foreign file is published.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Tenant};

const PAGES: usize = 6;
const FILE: &str = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";

fn job(number: usize) -> Value {
    json!({"external_id": format!("j{number}"), "text": "x".repeat(5000)})
}

/// A pipeline with one output file, and the file `precious`, which must stay unchanged. `change` is called with the working
/// directory at the first request for the fourth page.
fn pipeline(change: impl Fn(&Path) + Send + 'static) -> (Context, Tenant) {
    let folder: Arc<OnceLock<PathBuf>> = Arc::default();
    let (at, mut done) = (Arc::clone(&folder), false);
    let server = Tenant::with_listing(PAGES, job, move |page| {
        if page == 4 && !std::mem::replace(&mut done, true) {
            change(at.get().unwrap());
        }
    });
    let context = Context::new();
    folder.set(context.path("")).unwrap();
    context.write("jobs.toml", &format!("{}\n{FILE}", server.source()));
    context.write("precious", "precious");
    fs::create_dir(context.path("out")).unwrap();
    (context, server)
}

fn assert_complete(context: &Context) {
    let jobs: Vec<Value> = (0..PAGES * 5).map(job).collect();
    assert!(context.lines("out/jobs.ndjson") == jobs);
    assert!(!context.path("out/jobs.ndjson").is_symlink());
    assert_eq!(context.read("precious"), "precious");
}

#[test]
fn a_foreign_partial_file_is_removed_and_never_written_to() {
    type Cause = (fn(&Context), &'static str);
    let causes: [Cause; 3] = [
        (
            |context| symlink("../precious", context.path("out/.jobs.ndjson.part")).unwrap(),
            "it is a symbolic link",
        ),
        (
            |context| {
                let part = context.path("out/.jobs.ndjson.part");
                fs::hard_link(context.path("precious"), part).unwrap();
            },
            "it has more than one hard link",
        ),
        (
            |context| {
                let mut mkfifo = Command::new("mkfifo");
                mkfifo.arg(context.path("out/.jobs.ndjson.part"));
                assert!(mkfifo.status().unwrap().success());
            },
            "it is not a regular file",
        ),
    ];
    for (create, reason) in causes {
        let (context, _server) = pipeline(|_| ());
        create(&context);
        let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
        let warning = format!(
            "warning: sink `file`: removed `out/.jobs.ndjson.part` before the start of the run: {reason}\n"
        );
        ended.assert_stderr(&warning);
        assert_complete(&context);
        assert_eq!(context.files(), ["out/jobs.ndjson", "precious"]);
    }
}

/// A run during which `.jobs.ndjson.part` is modified like this, and the next run.
fn assert_detected(change: fn(&Path)) -> Outcome {
    let (context, _server) = pipeline(move |folder| change(&folder.join("out/.jobs.ndjson.part")));
    context.write("out/jobs.ndjson", "yesterday's\n");
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(5);
    assert_eq!(context.read("out/jobs.ndjson"), "yesterday's\n", "nothing is published");
    assert_eq!(context.read("precious"), "precious");
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    assert_complete(&context);
    ended
}

fn error(ended: &Outcome) -> String {
    let (_, error) = ended.stderr.split_once("error: ").expect("an error");
    error.lines().take(2).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_partial_file_replaced_during_a_run_is_not_published() {
    let by_bytes = assert_detected(|part| {
        fs::remove_file(part).unwrap();
        fs::write(part, "bytes").unwrap();
    });
    insta::assert_snapshot!(error(&by_bytes), @"
    sink `file`: can't write `out/jobs.ndjson`: another process has replaced it
      help: make sure that no other process changes the `.part` file beside the output, and run again
    ");
    let by_link = assert_detected(|part| {
        fs::remove_file(part).unwrap();
        symlink("../precious", part).unwrap();
    });
    assert_eq!(error(&by_link), error(&by_bytes));
}

#[test]
fn a_partial_file_modified_during_a_run_is_not_published() {
    let truncated = assert_detected(|part| {
        fs::File::options().write(true).open(part).unwrap().set_len(0).unwrap();
    });
    insta::assert_snapshot!(error(&truncated), @"
    sink `file`: another process has changed `out/.jobs.ndjson.part`
      help: nothing was published; make sure that no other process changes this file, and run again
    ");
    let overwritten = assert_detected(|part| {
        use std::os::unix::fs::FileExt;
        let file = fs::File::options().write(true).open(part).unwrap();
        file.write_all_at(b"other bytes", 100).unwrap();
    });
    assert_eq!(error(&overwritten), error(&truncated));
    let last = overwritten.stderr.lines().last().unwrap();
    assert!(last.contains("nothing was published (run "), "the next one starts over: {last}");
}

#[test]
fn nothing_is_written_through_a_link_in_the_state_folder() {
    for name in [
        "lock",
        "pipeline.json",
        ".pipeline.json.part",
        "checkpoint.json",
        ".checkpoint.json.part",
        "checkpoint.traces",
        "last_complete.json",
        ".last_complete.json.part",
        "token.json",
        ".token.json.part",
        "cursors.ndjson.part",
        "cursors.ndjson",
    ] {
        let (mut context, _server) = pipeline(|_| ());
        context.set("TASKFERRY_SOURCE__AUTH__CACHE", "true");
        let file = context.path(".taskferry/jobs").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        symlink(context.path("precious"), &file).unwrap();
        context.taskferry(&["run", "jobs.toml"]).with_code(0);
        assert_complete(&context);
        // A file that the run wrote under this name is a new file.
        assert!(!fs::read(&file).is_ok_and(|it| it == b"precious") || file.is_symlink(), "{name}");
    }
}

#[test]
fn a_linked_state_folder_is_reported_before_the_run() {
    let (context, server) = pipeline(|_| ());
    fs::create_dir_all(context.path(".taskferry")).unwrap();
    fs::create_dir(context.path("elsewhere")).unwrap();
    symlink("../elsewhere", context.path(".taskferry/jobs")).unwrap();
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: can't create the folder `.taskferry/jobs`: it is a symbolic link; set `dir` in [state] to use another folder");
    assert!(server.requests().is_empty());
}

#[test]
fn a_linked_output_path_is_followed() {
    let (context, _server) = pipeline(|_| ());
    fs::create_dir(context.path("data")).unwrap();
    symlink("../data/new.ndjson", context.path("out/there")).unwrap();
    symlink("there", context.path("out/jobs.ndjson")).unwrap();
    symlink("data/summary.json", context.path("summary.json")).unwrap();
    context.write("data/old", "");
    context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    for link in ["out/there", "out/jobs.ndjson", "summary.json"] {
        assert!(context.path(link).is_symlink(), "{link} stays");
    }
    assert!(!context.path("data/new.ndjson").is_symlink());
    assert_eq!(context.lines("data/new.ndjson").len(), PAGES * 5);
    assert_eq!(context.json("data/summary.json")["status"], "complete");
    // No other file is left.
    let mut names: Vec<_> =
        fs::read_dir(context.path("data")).unwrap().map(|it| it.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["new.ndjson", "old", "summary.json"]);
}

#[test]
fn a_dangling_output_link_is_refused_with_the_reason() {
    let (context, server) = pipeline(|_| ());
    let path = context.path("out/jobs.ndjson");
    let refused = |target: &str| {
        _ = fs::remove_file(&path);
        symlink(target, &path).unwrap();
        let ended = context.taskferry(&["run", "jobs.toml"]).with_code(5);
        assert!(path.is_symlink(), "the link stays");
        error(&ended)
    };
    insta::assert_snapshot!(refused("../mnt/jobs.ndjson"), @"
    sink `file`: can't write `out/jobs.ndjson`: it is a symbolic link to `out/../mnt/jobs.ndjson`, and the folder `out/../mnt` does not exist
      help: create that folder (is its disk mounted?), correct the link, or use another path
    ");
    insta::assert_snapshot!(refused("jobs.ndjson"), @"
    sink `file`: can't write `out/jobs.ndjson`: it is a symbolic link that leads to itself
      help: correct the link, or use another path
    ");
    insta::assert_snapshot!(refused("../out"), @"
    sink `file`: can't write `out/jobs.ndjson`: it is a folder
      help: add a file name to `path`
    ");
    fs::remove_dir_all(context.path("out")).unwrap();
    symlink("mnt", context.path("out")).unwrap();
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(5);
    insta::assert_snapshot!(error(&ended), @"
    sink `file`: can't create the folder `out`: `out` is a symbolic link to a path that does not exist
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    ");
    let summary = ["run", "jobs.toml", "--summary", "out/summary.json"];
    let ended = context.taskferry(&summary).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: can't write the summary `out/summary.json`: `out` is a symbolic link to a path that does not exist");
    assert!(server.requests().is_empty());
}
