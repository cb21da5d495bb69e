//! Resumed runs, their manifests, and replayed dead letters.

use std::fs;

use serde_json::json;
use taskferry_testkit::{Context, Response, Tenant, page};

/// A run that fails after its first page, with these additional tables in the pipeline.
fn failed(context: &Context, server: &Tenant, more: &str) {
    context.write("jobs.toml", &format!("{}{more}", server.pipeline()));
    context.taskferry(&["run", "jobs.toml", "--quiet"]).with_code(3);
}

fn one_page_then_nothing() -> Tenant {
    Tenant::with_pages([page(&["a"], Some("a")), Response::new(403, "[]"), page(&["b"], None)])
}

#[test]
fn the_next_run_resumes() {
    let context = Context::new();
    let server = one_page_then_nothing();
    failed(&context, &server, "");
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(0);
    let first_line = ended.stderr.lines().next().unwrap();
    assert!(first_line.ends_with("resumes after page 1"), "{first_line}");
    let last_line = ended.stderr.lines().last().unwrap();
    assert!(last_line.contains(" s after its first start (run "), "{last_line}");
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2);
    assert_eq!(context.files(), ["out/jobs.ndjson", "summary.json"]);
    let summary = context.json("summary.json");
    assert_eq!(summary["resumed_from"], json!({"pages": 1, "next_cursor": "a"}));
    assert_eq!(
        (&summary["source"]["pages"], &summary["source"]["records"]),
        (&json!(2), &json!(2))
    );
    // Each of the two runs requests a token and reads a page. The refused page is counted if its response arrived before the
    // checkpoint.
    let requests = summary["source"]["requests"].as_u64().unwrap();
    assert!((4..=5).contains(&requests), "{requests}");
}

#[test]
fn a_run_starts_over_on_request_or_after_a_change_of_the_pipeline() {
    for (arguments, why) in [
        (&["run", "jobs.toml", "--fresh"][..], "`--fresh` was given"),
        (
            &["run", "jobs.toml", "--overlay", "changed.toml"],
            "the pipeline, an input file or the version of taskferry has changed",
        ),
        (
            &["run", "jobs.toml", "--set", "state.resume_within=0s"],
            "its checkpoint is older than `resume_within` (0s)",
        ),
    ] {
        let context = Context::new();
        let server = Tenant::with_pages([
            page(&["a"], Some("a")),
            Response::new(403, "[]"),
            page(&["c"], None),
        ]);
        failed(&context, &server, "");
        context.write("changed.toml", "[source]\nlimit = 50\n");
        let ended = context.taskferry(arguments).with_code(0);
        let first_line = ended.stderr.lines().next().unwrap();
        assert!(
            first_line.ends_with(&format!(
                "is not resumed, and a new run starts at the first page: {why}"
            )),
            "{first_line}"
        );
        assert_eq!(context.lines("out/jobs.ndjson"), [json!({"external_id": "c", "tasks": []})]);
    }
}

#[test]
fn a_changed_option_that_names_a_key_makes_the_run_start_over() {
    let join = "\n[[transform]]\ntype = \"join\"\nfile = \"titles.csv\"\nkey = \"external_id\"\n\
                file_key = \"id_a\"\ncolumns = [\"title\"]\n";
    let jq = "\n[[transform]]\ntype = \"jq\"\nfilter = \".sorted = $sort_key\"\n\
              args = { sort_key = \"id_a\" }\n";
    for transform in [join, jq] {
        let context = Context::new();
        let (stopped, whole) = (Response::new(403, "[]"), page(&["b"], None));
        let first = page(&["a"], Some("a"));
        let server = Tenant::with_pages([first.clone(), stopped, first, whole]);
        context.write("titles.csv", "id_a,id_b,title\na,b,A\nb,a,B\n");
        failed(&context, &server, transform);
        let changed = transform.replace("id_a", "id_b");
        context.write("jobs.toml", &format!("{}{changed}", server.pipeline()));
        let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
        let first_line = ended.stderr.lines().next().unwrap();
        let why = "the pipeline, an input file or the version of taskferry has changed";
        assert!(first_line.ends_with(why), "{first_line}");
    }
}

#[test]
fn a_modified_partial_file_is_not_resumed() {
    let context = Context::new();
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(403, "[]"), page(&["c"], None)]);
    failed(&context, &server, "");
    context.write("out/.jobs.ndjson.part", "something else\n");
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let first_line = ended.stderr.lines().next().unwrap();
    assert!(
        first_line.contains("`out/.jobs.ndjson.part` is missing or has changed"),
        "{first_line}"
    );
    assert_eq!(context.lines("out/jobs.ndjson").len(), 1);
}

const RENAMING: &str = r#"
[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills.csv"
"#;

#[test]
fn a_changed_mapping_makes_the_run_start_over() {
    let mut context = Context::new();
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(403, "[]"), page(&["c"], None)]);
    context.set("TASKFERRY_SOURCE__INCLUDE", "[\"linked_skills\"]");
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Python,Coding\n");
    failed(&context, &server, RENAMING);
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Python,Programming\n");
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let first_line = ended.stderr.lines().next().unwrap();
    assert!(
        first_line.ends_with("the pipeline, an input file or the version of taskferry has changed"),
        "{first_line}"
    );
    assert_eq!(context.lines("out/jobs.ndjson").len(), 1);
}

#[test]
fn a_temporarily_missing_mapping_keeps_the_progress() {
    let mut context = Context::new();
    let server = one_page_then_nothing();
    let mapping = "vendor,skill,vendor_skill\nworkday,Python,Coding\n";
    context.set("TASKFERRY_SOURCE__INCLUDE", "[\"linked_skills\"]");
    context.write("skills.csv", mapping);
    failed(&context, &server, RENAMING);
    std::fs::remove_file(context.path("skills.csv")).unwrap();
    let missing = context.taskferry(&["run", "jobs.toml"]).with_code(2);
    missing.assert_stderr("can't read the mapping `skills.csv`");
    context.write("skills.csv", mapping);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    ended.assert_stderr("resumes after page 1");
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2);
}

#[test]
fn a_modified_checkpoint_is_not_used() {
    let context = Context::new();
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(403, "[]"), page(&["c"], None)]);
    failed(&context, &server, "");
    let checkpoint = context.read(".taskferry/jobs/checkpoint.json");
    let changed = checkpoint.replace("\"cursor\": \"a\"", "\"cursor\": \"b\"");
    assert_ne!(changed, checkpoint);
    context.write(".taskferry/jobs/checkpoint.json", &changed);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let first_line = ended.stderr.lines().next().unwrap();
    assert!(
        first_line.ends_with(
            "the checkpoint in the state folder is damaged, or another version of taskferry wrote it; the run starts at the first page"
        ),
        "{first_line}"
    );
    assert_eq!(context.lines("out/jobs.ndjson"), [json!({"external_id": "c", "tasks": []})]);
}

#[test]
fn a_deleted_cursor_is_reported_and_the_next_run_starts_over() {
    let context = Context::new();
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(404, "[]"), page(&["c"], None)]);
    context.write("jobs.toml", &server.pipeline());
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(3);
    let hint = "help: the record with the id of the cursor may have been deleted; the next run starts from the first page";
    ended.assert_stderr(hint);
    assert!(!ended.stderr.contains("the next run resumes"), "{}", ended.stderr);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    ended.assert_stderr(
        "a new run starts at the first page: it failed with an error that would occur again",
    );
    assert_eq!(context.lines("out/jobs.ndjson").len(), 1);
}

#[test]
fn a_second_concurrent_run_is_refused() {
    let context = Context::new();
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(200, "").never_finished()]);
    context.write("jobs.toml", &server.pipeline());
    let running = context.start(&["run", "jobs.toml"]);
    server.wait_for_requests(3); // a token and two pages
    let second = context.taskferry(&["run", "jobs.toml"]).with_code(7);
    assert!(second.stderr.starts_with("error: another run of `jobs` is active (process "));
    drop(running);
    let third = context.start(&["run", "jobs.toml"]);
    server.wait_for_requests(2); // a token, and the page that had no answer
    drop(third);
}

#[test]
fn an_unusable_state_folder_is_reported_before_the_run() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a"], None)]);
    context.write("in-the-way", "a file");
    context.write("jobs.toml", &format!("{}[state]\ndir = \"in-the-way\"\n", server.pipeline()));
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: can't create the folder `in-the-way/jobs`: File exists (os error 17); set `dir` in [state] to use another folder");
    assert!(server.requests().is_empty());
}

#[test]
fn the_last_runs_are_listed_from_any_directory_without_variables() {
    let context = Context::new();
    let text = "name = \"jobs\"\n[source]\ntype = \"techwolf\"\nurl = \"${URL}\"\n[[transform]]\ntype = \"jq\"\nfile = \"jq\"\n\
                [[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";
    context.write("pipelines/jobs.toml", text);
    context.write("pipelines/jq", ".");
    let url = ["--set", "source.url=sandbox:?jobs=3"];
    context.taskferry(&[&["run", "pipelines/jobs.toml"][..], &url].concat()).with_code(0);
    fs::remove_file(context.path("pipelines/jq")).unwrap();
    let ended = context.taskferry(&["runs", "pipelines/jobs.toml"]).with_code(0);
    assert!(ended.stdout.contains(" complete "), "{}", ended.stdout);

    context.write("elsewhere/x", "");
    let ended =
        context.taskferry_after("cd elsewhere", &["runs", "../pipelines/jobs.toml"]).with_code(0);
    let advice = format!(
        "--set state.dir={}/.taskferry",
        context.path("").canonicalize().unwrap().display()
    );
    ended.assert_stderr(&advice);
    let wrong = ["runs", "pipelines/jobs.toml", "--set", "state.dir="];
    let ended = context.taskferry(&wrong).with_code(2);
    ended.assert_stderr("`dir` must not be empty");
}

#[test]
fn the_last_runs_are_listed() {
    let context = Context::new();
    let server = one_page_then_nothing();
    context.write("jobs.toml", &server.pipeline());
    let none = context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "`.taskferry` contains no runs of `jobs`\n")
    );
    failed(&context, &server, "");
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let listed = context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    let lines: Vec<&str> = listed.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[1].contains("failed") && lines[1].contains("the server answered 403"),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("complete") && lines[2].ends_with("resumed"), "{}", lines[2]);
    let json = context.taskferry(&["runs", "jobs.toml", "--json"]).with_code(0);
    let manifests = taskferry_testkit::json_lines(&json.stdout);
    assert_eq!(manifests[1]["status"], "complete");
}

#[test]
fn too_few_jobs_are_not_published() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], None)]);
    let expect = "[expect]\nmin_jobs = 3\n";
    context.write("jobs.toml", &format!("{}{expect}", server.pipeline()));
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(8);
    let error = ended.stderr.split_once("error: ").unwrap().1;
    insta::assert_snapshot!(error, @"
    the export does not meet `[expect]` of the pipeline file
      2 records were read, fewer than `min_jobs` (3)
      help: if the export is correct, run once with `--set expect.min_jobs=2` to publish this export; later runs are compared with it
    jobs: suspicious after [time]; 1 page was delivered, nothing was published (run [run])
    ");
    assert_eq!(context.files(), ["out/.jobs.ndjson.part", "summary.json"]);
    assert_eq!(context.json("summary.json")["status"], "suspicious");

    let requests = server.requests().len();
    let accept = ["run", "jobs.toml", "--set", "expect.publish_anyway=true"];
    context.taskferry(&accept).with_code(8);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2);
    assert_eq!(server.requests().len(), requests, "nothing is read again");
}

const PICKY: &str = r#"
[[transform]]
type = "jq"
filter = 'if .external_id == "b" then error("no b") else . end'
on_error = "dead_letter"

[dead_letter]
path = "out/{run_id}.dead.ndjson"
"#;

#[test]
fn dead_letters_are_reported_and_replayed() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], Some("b")), page(&["c"], None)]);
    context.write("jobs.toml", &format!("{}{PICKY}", server.pipeline()));
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(6);
    let end = ended.stderr.split_once("warning: ").unwrap().1;
    insta::assert_snapshot!(end, @"
    transform `jq`: 1 record was written to the dead-letter file
    1 dead letter in `out/[run].dead.ndjson`
    next: fix the cause of the dead letters; then `taskferry replay jobs.toml out/[run].dead.ndjson`
    jobs: complete in [time] (run [run])
    ");
    let dead_letters = context.lines(&context.dead_letters());
    insta::assert_snapshot!(context.read(&context.dead_letters()), @r#"{"pipeline":"jobs","run_id":"[run]","stage":{"role":"transform","name":"jq"},"error":{"message":"the jq expression failed: no b","hint":null},"origin":{"page":1,"cursor":null,"index":1,"job":"b"},"record":{"external_id":"b","tasks":[]}}"#);

    // The record is refused again and is written to another file.
    let dead = context.dead_letters();
    let again = context.taskferry(&["replay", "jobs.toml", &dead]).with_code(6);
    assert!(
        again.stderr.contains(".replay.dead.ndjson`"),
        "the run id is in the name once: {}",
        again.stderr
    );
    assert_eq!(context.lines(&context.dead_letters()), dead_letters);

    let fixed = PICKY.replace("no b", "no").replace("== \"b\"", "== \"x\"");
    context.write("jobs.toml", &format!("{}{fixed}", server.pipeline()));
    let requests = server.requests().len();
    context.taskferry(&["replay", "jobs.toml", &dead, "--summary", "summary.json"]).with_code(0);
    assert_eq!(server.requests().len(), requests, "the tenant is not asked");
    let summary = context.json("summary.json");
    let replayed = summary["sinks"][0]["files"][0]["path"].as_str().unwrap();
    assert_eq!(context.lines(replayed), [json!({"external_id": "b", "tasks": []})]);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2, "the export stays as it is");
}

#[test]
fn a_foreign_dead_letter_is_reported_with_its_line() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], None)]);
    context.write("jobs.toml", &format!("{}{PICKY}", server.pipeline()));
    context.taskferry(&["run", "jobs.toml"]).with_code(6);
    let dead_letter = context.read(&context.dead_letters());
    for (text, expected) in [
        (
            format!("{dead_letter}{{}}\n"),
            "line 2: this line is not a dead letter: missing field `pipeline`",
        ),
        (
            dead_letter.replace("\"jobs\"", "\"others\""),
            "line 1: this dead letter belongs to the pipeline `others`, not to `jobs`; replay it with the file of that pipeline",
        ),
        (
            dead_letter.replace("\"jq\"", "\"jaq\""),
            "line 1: transform `jaq` refused this record, but the pipeline does not contain that stage",
        ),
    ] {
        context.write("dead.ndjson", &text);
        let ended = context.taskferry(&["replay", "jobs.toml", "dead.ndjson"]).with_code(2);
        ended.assert_stderr(expected);
    }
}

#[test]
fn a_replay_names_swapped_arguments_and_compressed_files() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], None)]);
    context.write("jobs.toml", &format!("{}{PICKY}", server.pipeline()));
    context.taskferry(&["run", "jobs.toml"]).with_code(6);
    let dead_letters = context.dead_letters();
    let ended = context.taskferry(&["replay", &dead_letters, "jobs.toml"]).with_code(2);
    let says =
        "the first argument is a dead-letter file; write `taskferry replay PIPELINE DEAD_LETTERS`";
    ended.assert_stderr(says);
    for (start, says) in [
        (&[0x1f, 0x8b, 8, 0][..], "the file is compressed with gzip; decompress it with `gzip -d`"),
        (
            &[0x28, 0xb5, 0x2f, 0xfd],
            "the file is compressed with zstd; decompress it with `zstd -d`",
        ),
        (&[0xff, 0xfe], "line 1 is not UTF-8 text"),
    ] {
        std::fs::write(context.path("dead.ndjson"), start).unwrap();
        let ended = context.taskferry(&["replay", "jobs.toml", "dead.ndjson"]).with_code(2);
        ended.assert_stderr(says);
    }
}

#[test]
fn dead_letters_require_a_file() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a"], None)]);
    let picky = PICKY.split("[dead_letter]").next().unwrap();
    context.write("jobs.toml", &format!("{}{picky}", server.pipeline()));
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    missing-dead-letter

      × `on_error = "dead_letter"` requires the table `[dead_letter]`
        ╭─[jobs.toml:22:12]
     22 │ on_error = "dead_letter"
        ·            ─────────────
        ╰────
      help: add `[dead_letter]` with `path = "out/{pipeline}-{run_id}.dead.ndjson"`

    1 error; nothing was run
    run `taskferry explain missing-dead-letter` for details
    "#);
}
