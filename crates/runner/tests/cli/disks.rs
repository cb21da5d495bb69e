//! Full disks, unwritable folders, removed files: the run reports the error, and the next one
//! completes the export.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Tenant};

const PAGES: usize = 6;

/// A job of one kilobyte that compresses badly.
fn large(number: usize) -> Value {
    let mut random = fastrand::Rng::with_seed(number as u64);
    let noise: String = std::iter::repeat_with(|| random.alphanumeric()).take(1000).collect();
    json!({"external_id": format!("j{number}"), "noise": noise})
}

fn context(server: &Tenant, more: &str) -> Context {
    Context::with_pipeline(&format!("{}\n{more}", server.source()))
}

fn file_sink(name: &str, format: &str, compression: &str) -> String {
    format!(
        "[[sink]]\ntype = \"file\"\npath = \"out/{name}\"\nformat = \"{format}\"\ncompression = \"{compression}\"\n"
    )
}

/// Standard error from the first error on.
fn error(ended: &Outcome) -> &str {
    ended.stderr.split_once("error: ").expect("an error").1
}

/// The first run has space for only this many blocks. The second run has enough space.
fn full_disk_and_resumes(name: &str, format: &str, compression: &str, blocks: u32) -> String {
    let server = Tenant::with_listing(PAGES, large, |_| {});
    let sink = file_sink(name, format, compression);
    let undisturbed = context(&server, &sink);
    undisturbed.taskferry(&["run", "jobs.toml"]).with_code(0);

    let context = context(&server, &sink);
    let error = fills_up_and_resumes(&context, blocks, 0, || {
        assert!(!context.path(&format!("out/{name}")).exists());
    });
    let read = |context: &Context| fs::read(context.path(&format!("out/{name}"))).unwrap();
    assert!(read(&context) == read(&undisturbed), "{name} is another file");
    assert_eq!(context.files(), [format!("out/{name}")]);
    error
}

/// Runs with space for this many blocks, then with enough space, and returns the output of the first run. Checks that the second
/// run starts where the first one ended.
fn fills_up_and_resumes(context: &Context, blocks: u32, code: i32, between: impl Fn()) -> String {
    // Writes the summary to standard output, because there may be no space for a file.
    let run = ["run", "jobs.toml", "--summary", "/dev/stdout"];
    let full = context.taskferry_with_file_limit(blocks, &run).with_code(5);
    between();
    let summary = |ended: &Outcome| serde_json::from_str::<Value>(&ended.stdout).unwrap();
    let ended = context.taskferry(&run).with_code(code);
    let (summary, after) = (summary(&full), summary(&ended));
    assert_eq!(after["resumed_from"], summary["committed"]);
    assert_eq!(summary["resumable"], !summary["committed"].is_null());
    assert_eq!(full.stderr.contains("the next run resumes"), summary["resumable"] == true);
    assert_eq!(ended.stderr.contains(" resumes after page "), summary["resumable"] == true);
    let (_, error) = full.stderr.split_once("error: ").expect("an error");
    error.lines().take(2).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_full_disk_fails_the_run_and_the_next_run_completes_the_file() {
    let error = full_disk_and_resumes("jobs.ndjson", "ndjson", "none", 40);
    insta::assert_snapshot!(error, @"
    sink `file`: can't write `out/jobs.ndjson`: File too large (os error 27)
      help: the file exceeds the size limit; raise the limit (`ulimit -f`), or choose a path on another file system
    ");
    full_disk_and_resumes("jobs.ndjson.gz", "ndjson", "gzip", 30);
    full_disk_and_resumes("jobs.json.zst", "json", "zstd", 30);
    let error = full_disk_and_resumes("jobs.csv", "csv", "none", 40);
    insta::assert_snapshot!(error, @"
    sink `file`: can't store rows in `out/.jobs.csv.rows`: File too large (os error 27)
      help: free some disk space, or set `columns`, so that no rows are stored
    ");
}

#[test]
fn a_full_state_folder_fails_the_run_and_the_next_run_completes() {
    // The checkpoint contains the names of omitted fields, so only the checkpoint becomes large.
    let wide = |number: usize| {
        let mut job = json!({"external_id": format!("j{number}")});
        job["column".repeat(50) + &number.to_string()] = json!(1);
        job
    };
    let server = Tenant::with_listing(PAGES, wide, |_| {});
    let sink = file_sink("jobs.csv", "csv", "none") + "columns = [\"external_id\"]\n";
    let undisturbed = context(&server, &sink);
    undisturbed.taskferry(&["run", "jobs.toml"]).with_code(0);

    let context = context(&server, &sink);
    let error = fills_up_and_resumes(&context, 14, 0, || ());
    insta::assert_snapshot!(error, @"
    [state]: can't write `.taskferry/jobs/checkpoint.json`: File too large (os error 27)
      help: check that the folder exists, is writable and has free space, or set another path in [state]
    ");
    assert_eq!(context.read("out/jobs.csv"), undisturbed.read("out/jobs.csv"));
}

#[test]
fn no_space_for_dead_letters_fails_the_run_and_the_next_run_completes() {
    let server = Tenant::with_listing(PAGES, large, |_| {});
    let more = format!(
        "[[transform]]\ntype = \"jq\"\nfilter = \"if .external_id == \\\"j7\\\" then . else error(\\\"no\\\") end\"\n\
         on_error = \"dead_letter\"\n{}[dead_letter]\npath = \"out/{{run_id}}.dead.ndjson\"\n",
        file_sink("jobs.ndjson", "ndjson", "none")
    );
    let context = context(&server, &more);
    let error = fills_up_and_resumes(&context, 30, 6, || ());
    insta::assert_snapshot!(error, @"
    [dead_letter]: can't write `out/[run].dead.ndjson`: File too large (os error 27)
      help: check that the folder exists, is writable and has free space, or set another path in [dead_letter]
    ");
    let refused: Vec<Value> = context
        .lines(&context.dead_letters())
        .iter()
        .map(|dead_letter| dead_letter["record"].clone())
        .collect();
    let expected: Vec<Value> = (0..PAGES * 5).filter(|number| *number != 7).map(large).collect();
    assert!(refused == expected, "{} dead letters", refused.len());
}

#[test]
fn an_unwritable_manifest_is_a_warning_and_the_next_run_is_new() {
    let server = Tenant::with_listing(1, large, |_| {});
    let context = context(&server, &file_sink("jobs.ndjson", "ndjson", "none"));
    context.write(".taskferry/jobs/runs", "in the way");
    for _ in 0..2 {
        let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
        let warning = "warning: the run has ended, but its result was not saved: can't create the folder `.taskferry/jobs/runs`";
        ended.assert_stderr(warning);
        assert!(!ended.stderr.contains("resumes"), "{}", ended.stderr);
    }
    // One token and one page each time.
    assert_eq!(server.requests().len(), 4);
}

/// A folder in which no file can be created, not even by the superuser.
fn read_only_folder(context: &Context) -> PathBuf {
    let made = context.path("read-only");
    fs::create_dir(&made).unwrap();
    let mut permissions = fs::metadata(&made).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&made, permissions).unwrap();
    // The superuser can write to that folder, but not to these.
    [made, PathBuf::from("/sys/kernel"), PathBuf::from("/proc")]
        .into_iter()
        .find(|folder| folder.is_dir() && fs::write(folder.join("try"), "").is_err())
        .expect("a folder that can't be written to")
}

#[test]
fn a_read_only_folder_is_reported_before_the_first_request() {
    let server = Tenant::with_listing(1, large, |_| {});
    let context = context(&server, &file_sink("jobs.ndjson", "ndjson", "none"));
    let folder = read_only_folder(&context);
    let shown = folder.display();
    let path = format!("sink.0.path={shown}/jobs.ndjson");
    let ended = context.taskferry(&["run", "jobs.toml", "--set", &path]).with_code(5);
    let expected = format!("sink `file`: can't write `{shown}/jobs.ndjson`: ");
    assert!(error(&ended).starts_with(&expected), "{}", ended.stderr);
    ended.assert_stderr("help: choose a folder that");

    let state = format!("state.dir={shown}/state");
    let ended = context.taskferry(&["run", "jobs.toml", "--set", &state]).with_code(2);
    let expected = format!("can't create the folder `{shown}/state/jobs`: ");
    assert!(error(&ended).starts_with(&expected), "{}", ended.stderr);
    ended.assert_stderr("set `dir` in [state] to use another folder");
    assert!(server.requests().is_empty());

    // The same pipeline runs with a writable folder.
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
}

/// A run during which `what` is removed at the request for the fourth page, and then another run.
fn resumes_after_removal_of(what: &'static str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (place, mut done) = (folder.path().join("here"), false);
    let link = place.clone();
    let server = Tenant::with_listing(PAGES, large, move |page| {
        if page == 4 && !std::mem::replace(&mut done, true) {
            remove(&link.join(what));
        }
    });
    let context = context(&server, &file_sink("jobs.ndjson", "ndjson", "none"));
    std::os::unix::fs::symlink(context.path(""), &place).unwrap();
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(5);
    assert!(!context.path("out/jobs.ndjson").exists(), "nothing is published");
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let jobs: Vec<Value> = (0..PAGES * 5).map(large).collect();
    assert!(context.lines("out/jobs.ndjson") == jobs);
    assert_eq!(context.files(), ["out/jobs.ndjson"]);
    error(&ended).lines().take(2).collect::<Vec<_>>().join("\n")
}

/// Tries again if a file was created in the folder in the meantime.
fn remove(path: &Path) {
    while path.exists() {
        _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    }
}

#[test]
fn a_state_folder_removed_during_the_run_fails_it() {
    insta::assert_snapshot!(resumes_after_removal_of(".taskferry"), @"
    [state]: can't write `.taskferry/jobs/checkpoint.json`: No such file or directory (os error 2)
      help: check that the folder exists, is writable and has free space, or set another path in [state]
    ");
}

#[test]
fn a_partial_file_removed_during_the_run_fails_it() {
    insta::assert_snapshot!(resumes_after_removal_of("out/.jobs.ndjson.part").lines().next().unwrap(), @"sink `file`: can't write `out/jobs.ndjson`: No such file or directory (os error 2)");
    resumes_after_removal_of("out");
}
