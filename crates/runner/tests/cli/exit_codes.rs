//! The exit codes, which are a contract with supervisors.

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Receiver, Response, Running, Tenant, page};

/// A pipeline from three generated jobs through one transform into a file.
fn through(transform: &str) -> (Context, Outcome) {
    let context = Context::new();
    let text = format!(
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=3\"\ninclude = [\"ai_impact\"]\n\n\
         [[transform]]\n{transform}\n\n[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n"
    );
    context.write("jobs.toml", &text);
    let ended = context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]);
    (context, ended)
}

/// Standard error from the first error on.
fn error(ended: &Outcome) -> &str {
    ended.stderr.split_once("error: ").expect("an error").1
}

#[test]
fn a_complete_run_is_0() {
    let (context, ended) = through("type = \"jq\"\nfilter = \".\"");
    ended.with_code(0);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 3);
}

#[test]
fn a_wrong_command_line_is_2() {
    let context = Context::new();
    for wrong in [&["rum"][..], &["run"], &["run", "a", "--sett", "x=1"], &[], &["check"]] {
        let ended = context.taskferry(wrong).with_code(2);
        assert!(ended.stdout.is_empty() && ended.stderr.contains("Usage: "), "{}", ended.stderr);
    }
}

#[test]
fn a_failed_source_is_3() {
    let context = Context::new();
    let server = Tenant::with_pages([Response::new(404, "")]);
    let ended = server.export(&context, &[]).with_code(3);
    insta::assert_snapshot!(error(&ended), @"
    source `techwolf`: page 1 (the first): POST http://127.0.0.1:[port]/job_architecture/export/jobs/task_profiles: the server answered 404 Not Found without an explanation
      help: check `url` in [source]: https://{tenant}.{region}.techwolf.ai
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
}

#[test]
fn a_refused_record_is_4_and_named() {
    let jq = r#"if .external_id == "job-000002" then error("no such job") else . end"#;
    let (context, ended) = through(&format!("type = \"jq\"\nfilter = '{jq}'"));
    let ended = ended.with_code(4);
    insta::assert_snapshot!(error(&ended), @"
    transform `jq`: the jq expression failed: no such job
      where: page 1 (the first), record 2, id `job-000002`
    next: `taskferry why jobs.toml --id job-000002` shows what happens to the record; then `taskferry run jobs.toml` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
    assert_eq!(context.files(), ["summary.json"]);
    let origin = &context.json("summary.json")["error"]["origin"];
    assert_eq!(*origin, json!({"page": 1, "cursor": null, "index": 1, "job": "job-000002"}));
}

#[test]
fn a_skipped_record_is_0_and_reported() {
    let jq = r#"if .external_id != "job-000002" then error("no such job") else . end"#;
    let transform = format!("type = \"jq\"\nname = \"tidy\"\nfilter = '{jq}'\non_error = \"skip\"");
    let (context, ended) = through(&transform);
    let ended = ended.with_code(0);
    let jobs: Vec<Value> =
        context.lines("out/jobs.ndjson").iter().map(|job| job["external_id"].clone()).collect();
    assert_eq!(jobs, ["job-000002"]);
    let summary = context.json("summary.json");
    assert_eq!(summary["warnings"], json!(["transform `tidy`: 2 records were skipped"]));
    assert_eq!(summary["transforms"][0]["failed"], 2);
    let warnings: Vec<&str> =
        ended.stderr.lines().filter(|line| line.to_lowercase().contains("warn")).collect();
    insta::assert_snapshot!(warnings.join("\n"), @"
    [instant]  WARN record skipped: the jq expression failed: no such job stage=tidy origin=page 1 (the first), record 1, id `job-000001`
    [instant]  WARN record skipped: the jq expression failed: no such job stage=tidy origin=page 1 (the first), record 3, id `job-000003`
    warning: transform `tidy`: 2 records were skipped
    ");
}

#[test]
fn an_endless_expression_is_4_and_names_its_record() {
    let forever = "def forever: forever; if .external_id == \"job-000002\" then forever else . end";
    let transform = format!("type = \"jq\"\ntime_limit = \"100ms\"\nfilter = '{forever}'");
    let (context, ended) = through(&transform);
    let ended = ended.with_code(4);
    insta::assert_snapshot!(error(&ended), @r#"
    transform `jq`: a record took longer than the time limit of 100ms, and the transform can't be interrupted, so the run ends
      where: page 1 (the first), record 2, id `job-000002`
      help: correct the expression, raise `time_limit`, or set `isolation = "process"`
    next: `taskferry why jobs.toml --id job-000002` shows what happens to the record; then `taskferry run jobs.toml` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    "#);
    assert_eq!(context.files(), ["summary.json"]);
}

#[test]
fn an_endless_isolated_expression_fails_only_its_record() {
    let forever = "def forever: forever; if .external_id == \"job-000002\" then forever else . end";
    let (context, ended) = through(&format!(
        "type = \"jq\"\nisolation = \"process\"\non_error = \"skip\"\ntime_limit = \"100ms\"\nfilter = '{forever}'"
    ));
    ended.with_code(0);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2);
    assert_eq!(context.json("summary.json")["transforms"][0]["failed"], 1);
}

#[test]
fn an_unwritable_output_is_5() {
    let context = Context::new();
    context.write("taken", "");
    let server = Tenant::with_pages([page(&["a"], None)]);
    let ended = server.export(&context, &["--set", "sink.0.path=taken/jobs.ndjson"]);
    insta::assert_snapshot!(error(&ended.with_code(5)), @"
    sink `file`: can't create the folder `taken`: File exists (os error 17)
    next: `taskferry doctor jobs.toml --set …` looks for the cause; then `taskferry run jobs.toml --set …` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
    assert_eq!(server.requests().len(), 0, "nothing is fetched if the output can't be written");
}

#[test]
fn a_closed_reader_is_5() {
    let context = Context::with_pipeline(
        "source = { type = \"techwolf\", url = \"sandbox:\" }\nsink = [{ type = \"stdout\" }]\n",
    );
    let mut running = context.start(&["run", "jobs.toml"]);
    running.close_stdout();
    insta::assert_snapshot!(error(&running.wait().with_code(5)), @"
    sink `stdout`: standard output was closed by its reader: Broken pipe (os error 32)
      help: make sure that the reader reads to the end, or write to a file with the sink `file`
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
}

#[test]
fn an_unreachable_receiver_is_5() {
    let (context, receiver) = (Context::new(), gone_receiver());
    let server = Tenant::with_pages([page(&["a"], None)]);
    let sink =
        format!("sink=[{{ type = \"webhook\", url = \"{}/hooks/canary\" }}]", receiver.url());
    let ended = server.export(&context, &["--set", &sink]).with_code(5);
    insta::assert_snapshot!(error(&ended), @"
    sink `webhook`: batch 1 with 1 record from page 1 (the first), record 1, id `a`: POST http://127.0.0.1:[port]/…: the server answered 410 Gone: this hook was taken down
      help: the receiver no longer exists at this address: correct the `url` of this sink, or remove the sink
    next: `taskferry doctor jobs.toml --set …` looks for the cause; then `taskferry run jobs.toml --set …` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
    assert_eq!(receiver.requests().len(), 1);
}

fn gone_receiver() -> Receiver {
    Receiver::start(|_| Response::new(410, "this hook was taken down"))
}

/// A run that waits for its second page, which never arrives.
fn waiting(context: &Context) -> (Tenant, Running) {
    let server =
        Tenant::with_pages([page(&["a"], Some("a")), Response::new(200, "").never_finished()]);
    context.write("jobs.toml", &server.pipeline());
    let running = context.start(&["run", "jobs.toml", "--summary", "summary.json"]);
    server.wait_for_requests(3); // a token and two pages
    (server, running)
}

/// Interrupts a run while it waits for its second page.
fn interrupted(signal: &str) -> Outcome {
    let context = Context::new();
    let (_server, running) = waiting(&context);
    running.signal(signal);
    let ended = running.wait();
    ended.assert_stderr("send a second signal to stop immediately");
    let last = ended.stderr.lines().last().unwrap();
    insta::allow_duplicates! {
        insta::assert_snapshot!(last, @"jobs: interrupted after [time]; 1 page was delivered, nothing was published; the next run resumes after this page (run [run])");
    }
    let summary = context.json("summary.json");
    assert_eq!(summary["status"], "interrupted");
    assert_eq!(summary["exit_code"], ended.code.unwrap());
    assert_eq!(summary["committed"], json!({"pages": 1, "next_cursor": "a"}));
    let left = ["out/.jobs.ndjson.part", "summary.json"];
    assert_eq!(context.files(), left, "nothing is published, and nothing lost");
    ended
}

#[test]
fn an_interrupted_run_delivers_its_records_and_is_130_or_143() {
    interrupted("INT").with_code(130);
    interrupted("TERM").with_code(143);
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a"], None)]);
    let receiver = Receiver::start(|_| Response::new(200, "").never_finished());
    context.write("jobs.toml", &server.pipeline());
    let sink =
        format!("sink=[{{ type = \"webhook\", timeout = \"1h\", url = \"{}\" }}]", receiver.url());
    let mut running = context.start(&["run", "jobs.toml", "--set", &sink]);
    receiver.wait_for_requests(1);
    running.signal("TERM");
    running.wait_for_line("send a second signal to stop immediately");
    running.signal("INT");
    // The first signal is reported as the reason.
    running.wait().with_code(143);
}

#[test]
fn a_command_whose_standard_output_is_full_exits_with_5() {
    let context = Context::new();
    context.write(
        "jobs.toml",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=20\"\nlimit = 5\n\
         [[sink]]\ntype = \"file\"\npath = \"out/{shard}.ndjson\"\n",
    );
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    context.taskferry(&["run", "jobs.toml", "--shard", "1/1", "--summary", "1.json"]).with_code(0);
    let commands = [
        "runs jobs.toml",
        "runs jobs.toml --json",
        "merge 1.json",
        "plugins",
        "completions bash",
        "--help",
    ];
    for command in commands {
        let ended = context.script(&format!("exec $TASKFERRY {command} >/dev/full")).with_code(5);
        let message = "error: can't write to standard output: No space left on device";
        assert!(ended.stderr.starts_with(message), "{command}: {}", ended.stderr);
    }
}

#[test]
fn files_published_anyway_are_all_listed() {
    let context = Context::new();
    context.write(
        "jobs.toml",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=20\"\n\
         [[sink]]\ntype = \"file\"\npath = \"out/x.ndjson\"\n\
         [expect]\nmin_jobs = 30\npublish_anyway = true\n",
    );
    let one = context.taskferry(&["run", "jobs.toml"]).with_code(8).stderr;
    assert!(one.contains("1 page was delivered, `out/x.ndjson` was published (run "), "{one}");
    let sink = "[[sink]]\ntype = \"file\"\npath = \"out/y.ndjson\"\n";
    context.write("jobs.toml", &format!("{}{sink}", context.read("jobs.toml")));
    let two = context.taskferry(&["run", "jobs.toml"]).with_code(8).stderr;
    let message = "1 page was delivered, `out/x.ndjson`, `out/y.ndjson` were published (run ";
    assert!(two.contains(message), "{two}");
}

#[test]
fn an_export_that_lost_its_records_is_not_published() {
    let context = Context::new();
    context.write(
        "jobs.toml",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=20\"\n\
         [[transform]]\ntype = \"jq\"\nfilter = \"empty\"\n\
         [[sink]]\ntype = \"file\"\npath = \"out/x.ndjson\"\n\
         [[sink]]\ntype = \"webhook\"\nname = \"hr\"\nurl = \"sandbox:\"\n\
         [expect]\nmin_records = 1\n",
    );
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(8).stderr;
    for name in ["file", "hr"] {
        let message = format!("sink `{name}` received 0 records, fewer than `min_records` (1)");
        assert!(ended.contains(&message), "{ended}");
    }
    assert!(!context.path("out/x.ndjson").exists());
    // Without the filter, the webhook has its records before the checks.
    let text = context.read("jobs.toml").replace("empty", ".").replace("= 1\n", "= 21\n");
    context.write("jobs.toml", &text);
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(8).stderr;
    let message = "1 page was delivered, nothing was published, but `hr` has sent 20 records";
    assert!(ended.contains(message), "{ended}");
    context.write("jobs.toml", &text.replace("= 21\n", "= 20\n"));
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
}

#[test]
fn one_set_option_accepts_sinks_with_different_numbers_of_records() {
    let context = Context::new();
    context.write(
        "jobs.toml",
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=20\"\n\
         [[sink]]\ntype = \"file\"\npath = \"out/x.ndjson\"\n\
         [[sink]]\ntype = \"file\"\nname = \"few\"\npath = \"out/y.ndjson\"\n\
         [[sink.transform]]\ntype = \"jq\"\nfilter = \"select(.external_id | endswith(\\\"1\\\"))\"\n\
         [expect]\nmin_records = 100\n",
    );
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(8).stderr;
    let (_, command) = ended.split_once("run once with `").unwrap();
    let arguments: Vec<&str> = command.split('`').next().unwrap().split(' ').collect();
    assert_eq!(arguments.len(), 2, "{ended}");
    context.taskferry(&[&["run", "jobs.toml"], &arguments[..]].concat()).with_code(0);
}
