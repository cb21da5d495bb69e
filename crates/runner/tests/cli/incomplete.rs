//! `run --if-incomplete` does nothing if the last run is finished.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Response, Tenant, page};

/// A tenant with two pages. The second page is refused while `refuses` is 1, and never arrives while `refuses` is 2.
struct Fixture {
    context: Context,
    tenant: Tenant,
    refuses: Arc<AtomicUsize>,
}

impl Fixture {
    fn new(more: &str) -> Self {
        let refuses = Arc::new(AtomicUsize::new(0));
        let state = Arc::clone(&refuses);
        let tenant = Tenant::start(move |request| {
            match (request.body.contains("c1"), state.load(Ordering::SeqCst)) {
                (false, _) => page(&["a"], Some("c1")),
                (true, 0) => page(&["b"], None),
                (true, 1) => Response::new(403, "[]"),
                (true, _) => Response::new(200, "").never_finished(),
            }
        });
        let context = Context::with_pipeline(&format!("{}{more}", tenant.pipeline()));
        Self { context, tenant, refuses }
    }

    fn run(&self, more: &[&str]) -> Outcome {
        self.context.taskferry(&[&["run", "jobs.toml"], more].concat())
    }

    /// Checks that nothing is done and that the exit code is this one.
    #[track_caller]
    fn assert_does_nothing(&self, code: i32) -> String {
        let requests = self.tenant.requests().len();
        let ended = self.run(&["--if-incomplete"]).with_code(code);
        assert_eq!(self.tenant.requests().len(), requests, "{}", ended.stderr);
        assert_eq!(self.run(&["--if-incomplete", "--quiet"]).with_code(code).stderr, "");
        ended.stderr
    }

    fn state(&self, name: &str) -> std::path::PathBuf {
        self.context.path(&format!(".taskferry/jobs/{name}"))
    }
}

#[test]
fn a_complete_run_is_not_repeated_until_it_is_old() {
    let fixture = Fixture::new("");
    // There was no run yet.
    fixture.run(&["--if-incomplete"]).with_code(0);
    assert_eq!(fixture.context.lines("out/jobs.ndjson").len(), 2);
    let stderr = fixture.assert_does_nothing(0);
    assert!(stderr.contains("ended with exit code 0 at "), "{stderr}");
    assert!(stderr.contains(", less than `resume_within` (24h) ago"), "{stderr}");
    // The summary is the manifest of the finished run.
    fixture.run(&["--if-incomplete", "--summary", "summary.json"]).with_code(0);
    let last = fixture.context.json(".taskferry/jobs/last_complete.json");
    assert_eq!(fixture.context.json("summary.json")["run_id"], last["run_id"]);
    let requests = fixture.tenant.requests().len();
    fixture.run(&["--if-incomplete", "--set", "state.resume_within=0s"]).with_code(0);
    assert!(fixture.tenant.requests().len() > requests);
}

#[test]
fn a_file_that_was_removed_or_changed_is_reported() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    assert!(!fixture.assert_does_nothing(0).contains("was removed or changed"));
    fixture.context.write("out/jobs.ndjson", "changed");
    let message = "`out/jobs.ndjson` was removed or changed after that run";
    assert!(fixture.run(&["--if-incomplete"]).with_code(0).stderr.contains(message));
    fs::remove_file(fixture.context.path("out/jobs.ndjson")).unwrap();
    assert!(fixture.run(&["--if-incomplete"]).with_code(0).stderr.contains(message));
}

#[test]
fn a_finished_run_with_findings_keeps_its_exit_code() {
    let refusing = "[[transform]]\ntype = \"jq\"\nfilter = 'error(\"no\")'\non_error = \"dead_letter\"\n\
                    [dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
    let fixture = Fixture::new(refusing);
    fixture.run(&["--if-incomplete"]).with_code(6);
    fixture.assert_does_nothing(6);

    let fixture = Fixture::new("[expect]\nmin_jobs = 3\n");
    fixture.run(&["--if-incomplete"]).with_code(8);
    fixture.assert_does_nothing(8);
    // After the operator accepts the export, the run is complete.
    fixture.run(&["--set", "expect.min_jobs=2"]).with_code(0);
    fixture.assert_does_nothing(0);

    let fixture = Fixture::new("[expect]\nmin_jobs = 3\npublish_anyway = true\n");
    fixture.run(&["--if-incomplete"]).with_code(8);
    fixture.assert_does_nothing(8);
}

#[test]
fn an_incomplete_run_is_resumed() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    fixture.refuses.store(1, Ordering::SeqCst);
    fixture.run(&[]).with_code(3);
    fixture.refuses.store(0, Ordering::SeqCst);
    let ended = fixture.run(&["--if-incomplete"]).with_code(0);
    ended.assert_stderr("resumes after page 1");
    fixture.assert_does_nothing(0);
}

#[test]
fn a_run_that_failed_before_reading_is_repeated() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    let pipeline = fixture.context.read("jobs.toml");
    fixture
        .context
        .write("jobs.toml", &pipeline.replace(fixture.tenant.url(), "http://127.0.0.1:1"));
    // The last run read another tenant.
    fixture.run(&["--if-incomplete"]).with_code(3);
    fixture.context.write("jobs.toml", &pipeline);
    let requests = fixture.tenant.requests().len();
    fixture.run(&["--if-incomplete"]).with_code(0);
    assert!(fixture.tenant.requests().len() > requests);
}

#[test]
fn a_killed_run_is_resumed_wherever_it_stopped() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    fixture.refuses.store(2, Ordering::SeqCst);
    let running = fixture.context.start(&["run", "jobs.toml"]);
    fixture.tenant.wait_for_requests(6);
    drop(running);
    fixture.refuses.store(0, Ordering::SeqCst);
    fixture.run(&["--if-incomplete"]).with_code(0);
    fixture.assert_does_nothing(0);

    // Killed right after it was stored as complete.
    let last: Value = fixture.context.json(".taskferry/jobs/last_complete.json");
    fs::remove_dir_all(fixture.state("runs")).unwrap();
    let begun = json!({"run_id": last["run_id"]});
    fs::write(fixture.state("checkpoint.json"), begun.to_string()).unwrap();
    // An unreadable checkpoint does not show that the run is complete.
    fixture.run(&["--if-incomplete"]).with_code(0);
    assert_ne!(
        fixture.context.json(".taskferry/jobs/last_complete.json")["run_id"],
        last["run_id"]
    );
    fixture.assert_does_nothing(0);
    // Killed before its manifest was stored.
    fs::remove_dir_all(fixture.state("runs")).unwrap();
    fixture.assert_does_nothing(0);
}

#[test]
fn an_active_run_is_not_disturbed() {
    let fixture = Fixture::new("");
    fixture.refuses.store(2, Ordering::SeqCst);
    let running = fixture.context.start(&["run", "jobs.toml"]);
    fixture.tenant.wait_for_requests(3);
    fixture.assert_does_nothing(7);
    drop(running);
}

#[test]
fn an_active_run_and_a_killed_run_are_listed() {
    let fixture = Fixture::new("");
    fixture.refuses.store(2, Ordering::SeqCst);
    let running = fixture.context.start(&["run", "jobs.toml"]);
    fixture.tenant.wait_for_requests(3);
    // The checkpoint of the first page is written while the second one is requested.
    let listed = (0..1000)
        .map(|_| fixture.context.taskferry(&["runs", "jobs.toml"]).with_code(0))
        .find(|listed| listed.stdout.contains("1 page"))
        .expect("the first page is done");
    let process = format!("process {}", running.pid());
    insta::assert_snapshot!(listed.stdout.replace(&process, "process [pid]"), @"
    started               finished  status  exit  jobs  delivered  dead  run
    [instant]            active                               [run]  1 page delivered; process [pid]
    ");
    drop(running);
    let killed = fixture.context.taskferry(&["runs", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(killed.stdout, @"
    started               finished  status  exit  jobs  delivered  dead  run
    [instant]            killed                               [run]  1 page delivered; `taskferry run jobs.toml` resumes the run
    ");
    assert_eq!(listed.stderr + &killed.stderr, "");
    let listed = fixture.context.taskferry(&["runs", "jobs.toml", "--json"]).with_code(0);
    assert_eq!(listed.stdout, "");
    fixture.refuses.store(0, Ordering::SeqCst);
    fixture.run(&[]).with_code(0);
    assert!(fixture.context.taskferry(&["runs", "jobs.toml"]).stdout.contains("resumed"));
}
