//! An experiment leaves no state that a scheduled run would resume or be compared with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Outcome, Receiver, Response, Tenant, page};

const COMPLETE: &str = ".taskferry/jobs/last_complete.json";

/// A tenant with two pages. The first page has `jobs` jobs, but at least one. The second page is refused while `jobs` is 0. With a
/// filter, the export has one job.
struct Fixture {
    context: Context,
    receiver: Receiver,
    jobs: Arc<AtomicUsize>,
    tenant: Tenant,
}

impl Fixture {
    fn new(more: &str) -> Self {
        let jobs = Arc::new(AtomicUsize::new(10));
        let count = Arc::clone(&jobs);
        let tenant = Tenant::start(move |request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let count = count.load(Ordering::SeqCst);
            if body["filters"].as_array().is_some_and(|filters| !filters.is_empty()) {
                return page(&["legal"], None);
            }
            match body["starting_after"].as_str() {
                None => {
                    let jobs: Vec<String> =
                        (0..count.max(1)).map(|job| format!("j{job}")).collect();
                    page(&jobs.iter().map(String::as_str).collect::<Vec<_>>(), Some("c1"))
                }
                Some(_) if count == 0 => Response::new(403, "[]"),
                Some(_) => page(&[], None),
            }
        });
        let receiver = Receiver::accepting();
        let context = Context::with_pipeline(&format!("{}{more}", tenant.pipeline()));
        Self { context, receiver, jobs, tenant }
    }

    fn run(&self, more: &[&str]) -> Outcome {
        self.context.taskferry(&[&["run", "jobs.toml"], more].concat())
    }
}

const FILTER: &str =
    "source.filters=[{ filter = \"job_family_id_is_in_list\", job_family_ids = [\"legal\"] }]";
const ELSEWHERE: &str = "sink.0.path=out/trial.ndjson";
const EXPECT: &str = "[expect]\nmax_drop_percent = 10\n";

#[test]
fn an_experiment_is_not_a_baseline() {
    let fixture = Fixture::new(EXPECT);
    fixture.run(&[]).with_code(0);
    let complete = fixture.context.read(COMPLETE);
    fixture.run(&["--set", FILTER, "--set", ELSEWHERE]).with_code(0);
    assert_eq!(fixture.context.lines("out/trial.ndjson").len(), 1);
    fixture.run(&["--set", ELSEWHERE]).with_code(0);
    assert_eq!(fixture.context.read(COMPLETE), complete);
    // The run reports the drop. With the experiment as the baseline, there would be no drop.
    fixture.jobs.store(5, Ordering::SeqCst);
    let ended = fixture.run(&[]).with_code(8);
    ended.assert_stderr("5 records were read, but 10 in the last complete run");
    let listed = fixture.context.taskferry(&["runs", "jobs.toml"]).with_code(0).stdout;
    assert_eq!(listed.matches("with `--set`").count(), 2, "{listed}");
    assert_eq!(listed.lines().count(), 5, "{listed}");
}

#[test]
fn runs_with_another_filter_are_not_compared_and_this_is_reported() {
    let fixture = Fixture::new(EXPECT);
    fixture.run(&[]).with_code(0);
    let whole = fixture.context.read("jobs.toml");
    let (_, filters) = FILTER.split_once('.').unwrap();
    let part = whole.replace("[source.auth]", &format!("{filters}\n[source.auth]"));
    fixture.context.write("jobs.toml", &part);
    let ended = fixture.run(&["--quiet"]).with_code(0);
    assert!(
        ended
            .stderr
            .contains("`max_drop_percent` was not checked: the options of [source] have changed"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        fixture.run(&["--quiet"]).with_code(0).stderr,
        "",
        "now there is an earlier run with this filter"
    );
    fixture.context.write("jobs.toml", &whole);
    fixture.jobs.store(8, Ordering::SeqCst);
    fixture.run(&[]).with_code(8);
    // A change that does not affect the selection of jobs keeps the baseline.
    let patient = whole.replace("include =", "timeout = \"50s\"\nlimit = 50\ninclude =");
    fixture.context.write("jobs.toml", &patient);
    fixture.run(&[]).with_code(8);
}

#[test]
fn an_experiment_leaves_an_unfinished_run_unchanged() {
    let fixture = Fixture::new("");
    fixture.jobs.store(0, Ordering::SeqCst);
    fixture.run(&[]).with_code(3);
    fixture.jobs.store(1, Ordering::SeqCst);
    // The experiment would overwrite the partial file of the unfinished run.
    let refused = fixture.run(&["--set", "source.limit=50"]).with_code(2);
    refused.assert_stderr("would overwrite `out/jobs.ndjson` of the unfinished run");
    fixture.run(&["--set", "source.limit=50", "--set", ELSEWHERE]).with_code(0);
    fixture.run(&["--set", "source.limit=50", "--dry-run"]).with_code(0);
    let ended = fixture.run(&[]).with_code(0);
    ended.assert_stderr("resumes after page 1");
    fixture.run(&["--set", "source.limit=50"]).with_code(0);
}

#[test]
fn an_experiment_resumes_as_itself() {
    let fixture = Fixture::new("");
    fixture.jobs.store(0, Ordering::SeqCst);
    fixture.run(&["--set", ELSEWHERE]).with_code(3);
    fixture.jobs.store(1, Ordering::SeqCst);
    assert!(!fixture.run(&[]).with_code(0).stderr.contains("resumes"));
    assert!(
        fixture.run(&["--set", ELSEWHERE]).with_code(0).stderr.contains("resumes after page 1")
    );
}

#[test]
fn a_dry_run_publishes_sends_and_stores_nothing() {
    let refusing = "[[transform]]\ntype = \"jq\"\nfilter = 'if .external_id == \"j1\" then error(\"no\") else . end'\n\
                    on_error = \"dead_letter\"\n[dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
    let fixture = Fixture::new(refusing);
    let receiver = fixture.receiver.url();
    let sinks = format!(
        "[[sink]]\ntype = \"webhook\"\nurl = \"{receiver}\"\n[[sink]]\ntype = \"stdout\"\nformat = \"csv\"\ncolumns = [\"external_id\"]\n"
    );
    fixture.context.write("jobs.toml", &format!("{}{sinks}", fixture.context.read("jobs.toml")));
    let ended = fixture.run(&["--dry-run", "--summary", "summary.json"]).with_code(6);
    ended.assert_stderr("dry run: nothing is published or sent");
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.ends_with("dry run: nothing was published or sent"), "{last}");
    assert_eq!((ended.stdout.as_str(), fixture.receiver.requests().len()), ("", 0));
    assert_eq!(fixture.context.files(), ["summary.json"]);
    assert!(!fixture.context.path(".taskferry").exists());
    let summary = fixture.context.json("summary.json");
    assert_eq!((&summary["dry_run"], &summary["resumable"]), (&json!(true), &json!(false)));
    for sink in summary["sinks"].as_array().unwrap() {
        assert_eq!((&sink["records"], &sink["published"]), (&json!(9), &json!(false)), "{sink}");
    }
    assert!(summary["warnings"].to_string().contains("`tasks`"), "{summary}");
}

#[test]
fn a_dry_run_is_compared_and_changes_nothing() {
    let fixture = Fixture::new(EXPECT);
    fixture.run(&[]).with_code(0);
    let complete = fixture.context.read(COMPLETE);
    fixture.jobs.store(5, Ordering::SeqCst);
    let ended = fixture.run(&["--dry-run"]).with_code(8);
    ended.assert_stderr("5 records were read, but 10 in the last complete run");
    assert_eq!(fixture.context.read(COMPLETE), complete);
    assert_eq!(fixture.context.lines("out/jobs.ndjson").len(), 10);
    let listed = fixture.context.taskferry(&["runs", "jobs.toml"]).with_code(0).stdout;
    assert_eq!(listed.lines().count(), 2, "{listed}");
}

#[test]
fn pipeline_files_with_the_same_name_do_not_share_state() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    fixture.context.write("other/jobs.toml", &fixture.context.read("jobs.toml"));
    let requests = fixture.tenant.requests().len();
    let refused = fixture.context.taskferry(&["run", "other/jobs.toml"]).with_code(2).stderr;
    let same = "/jobs.toml`, which has the same pipeline name as `";
    assert!(refused.contains(same) && refused.contains("; set another `name`"), "{refused}");
    assert_eq!(fixture.tenant.requests().len(), requests);
    fixture.context.taskferry(&["run", "other/jobs.toml", "--set", "name=others"]).with_code(0);
    // Another path to the same file.
    fixture.context.taskferry(&["run", "other/../jobs.toml"]).with_code(0);

    // A moved file keeps its state.
    std::fs::remove_file(fixture.context.path("jobs.toml")).unwrap();
    let moved = fixture.context.taskferry(&["run", "other/jobs.toml"]).with_code(0).stderr;
    assert_eq!(
        moved.matches("no longer exists; this run continues with the state of that file").count(),
        1,
        "{moved}"
    );
    assert!(
        !fixture
            .context
            .taskferry(&["run", "other/jobs.toml"])
            .with_code(0)
            .stderr
            .contains("no longer exists")
    );
}

#[test]
fn an_empty_output_after_a_full_one_is_a_warning_with_numbers() {
    let fixture = Fixture::new("");
    fixture.run(&[]).with_code(0);
    let pipeline = fixture.context.read("jobs.toml");
    let none = "[[transform]]\ntype = \"jq\"\nfilter = 'empty'\n";
    fixture.context.write("jobs.toml", &format!("{pipeline}{none}"));
    let ended = fixture.run(&["--quiet"]).with_code(0);
    let expected = "sink `file`: received none of the 10 records that the source read, but the last complete run (";
    ended.assert_stderr(expected);
    assert!(ended.stderr.contains(") had 10"), "{}", ended.stderr);
}

#[test]
fn an_experiment_reports_that_it_is_not_compared_with_other_runs() {
    let fixture = Fixture::new(EXPECT);
    assert!(!fixture.run(&[]).with_code(0).stderr.contains("--set"));
    let set = ["--set", ELSEWHERE];
    let ended = fixture.run(&set).with_code(0);
    let line = "INFO `--set` changes the output, so this run uses its own state folder and is compared only with runs that \
                have the same `--set` options\n";
    let warning = "warning: `max_drop_percent` was not checked: no earlier run with the same `--set` options is complete\n";
    assert!(ended.stderr.contains(line) && ended.stderr.contains(warning), "{}", ended.stderr);
    let again = fixture.run(&[&set[..], &["--quiet"]].concat()).with_code(0);
    assert_eq!(again.stderr, "", "it is compared with the one before");
    fixture.jobs.store(5, Ordering::SeqCst);
    fixture.run(&set).with_code(8);
    let other = ["--set", "sink.0.path=out/other.ndjson", "--quiet"];
    assert_eq!(fixture.run(&other).with_code(0).stderr, warning, "also with --quiet");
    // Expectations do not affect the output.
    let accepted = fixture.run(&["--set", "expect.max_drop_percent=60"]).with_code(0);
    assert!(!accepted.stderr.contains("--set"), "{}", accepted.stderr);
}
