//! `kill -9` of a runner with an ordered transform of another crate: the next run continues with the saved state, and writes the
//! same file as an uninterrupted run, byte for byte.
//!
//! `taskferry new transform --kind ordered` writes this transform. The runner is this program, so it has a `main` function instead of
//! the standard test harness.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Request, Response, TIMEOUT, Tenant, run_trials, trials};

const PAGES: usize = 12;
const PAGE: usize = 5;
/// The number of log positions at which the process is killed.
const POINTS: usize = 16;
const RUN: [&str; 4] = ["run", "jobs.toml", "--summary", "summary.json"];
/// A page ends in the middle of a group, so that the numbers continue on the next page.
const STAGES: &str = r#"
[[transform]]
type = "jq"
filter = ".job_external_id = (.n / 13 | floor | tostring)"

[[transform]]
type = "my_plugin"
field = "number"

[[sink]]
type = "file"
path = "out/numbered.ndjson"

[state]
commit_interval = "0s"                             # a checkpoint after each page
"#;

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|first| first == "run") {
        return taskferry::Runner::new().plugins(my_plugin::register).version("1").main();
    }
    run_trials(trials![
        a_run_killed_after_any_checkpoint_continues_the_numbers,
        a_run_killed_after_any_line_of_the_log_continues_the_numbers,
    ])
}

/// A tenant with [`PAGES`] pages.
struct Fixture {
    tenant: Tenant,
    /// The page, counted from 1, whose request gets no response.
    stop_at: Arc<AtomicUsize>,
    stopped: mpsc::Receiver<()>,
    context: Context,
}

impl Fixture {
    fn new() -> Self {
        let stop_at = Arc::new(AtomicUsize::new(0));
        let (at_page, (sender, stopped)) = (Arc::clone(&stop_at), mpsc::channel());
        let tenant = Tenant::start(move |request| {
            let page = page_of(request);
            if at_page.load(Ordering::SeqCst) == page {
                _ = sender.send(());
                return Response::new(200, "").never_finished();
            }
            response(page)
        });
        let mut context = Context::for_program(std::env::current_exe().unwrap());
        context.set("TASKFERRY_LOG", "trace");
        context.write("jobs.toml", &format!("{}{STAGES}", tenant.source()));
        Self { tenant, stop_at, stopped, context }
    }

    /// The numbers of the pages that were requested.
    fn pages(&self) -> Vec<usize> {
        let requests = self.tenant.requests();
        requests.iter().filter(|request| request.target != "/oauth/token").map(page_of).collect()
    }

    /// The cursor in the checkpoint.
    fn committed(&self) -> Option<String> {
        let text = std::fs::read(self.context.path(".taskferry/jobs/checkpoint.json")).ok()?;
        let checkpoint: Value = serde_json::from_slice(&text).unwrap();
        checkpoint["cursor"].as_str().map(str::to_owned)
    }

    fn output(&self) -> String {
        self.context.read("out/numbered.ndjson")
    }
}

/// The number of the requested page, counted from 1.
fn page_of(request: &Request) -> usize {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["starting_after"].as_str().map_or(1, |cursor| cursor[1..].parse::<usize>().unwrap() + 1)
}

fn response(page: usize) -> Response {
    let record = |n: usize| json!({"external_id": format!("j{n}"), "n": n, "tasks": []});
    let records: Vec<Value> = ((page - 1) * PAGE..page * PAGE).map(record).collect();
    let mut body = json!({"has_next": page < PAGES, "records": records});
    if page < PAGES {
        body["next_starting_after"] = json!(format!("c{page}"));
    }
    Response::new(200, body.to_string())
}

/// The output of an uninterrupted run, and the number of its log lines.
fn uninterrupted() -> (String, usize) {
    let fixture = Fixture::new();
    let lines = fixture.context.taskferry(&RUN).with_code(0).stderr.lines().count();
    let rows = fixture.context.lines("out/numbered.ndjson");
    let numbers: Vec<&Value> = rows.iter().map(|row| &row["number"]).collect();
    let expected: Vec<Value> = (0..PAGES * PAGE).map(|n| json!(n % 13 + 1)).collect();
    let expected: Vec<&Value> = expected.iter().collect();
    assert_eq!(numbers, expected);
    (fixture.output(), lines)
}

fn a_run_killed_after_any_checkpoint_continues_the_numbers() {
    let (expected, fixture) = (uninterrupted().0, Fixture::new());
    for page in 1..PAGES {
        fixture.stop_at.store(page + 1, Ordering::SeqCst);
        let running = fixture.context.start(&RUN);
        fixture.stopped.recv_timeout(TIMEOUT).expect("the page is requested");
        let deadline = Instant::now() + TIMEOUT;
        while fixture.committed() != Some(format!("c{page}")) {
            assert!(Instant::now() < deadline, "no checkpoint of page {page}");
            std::thread::yield_now();
        }
        drop(running);
    }
    fixture.stop_at.store(0, Ordering::SeqCst);
    fixture.context.taskferry(&RUN).with_code(0);
    assert_eq!(fixture.output(), expected);
    // Each run requests the page that the preceding run missed, and the next one.
    let pages: Vec<usize> = (1..=PAGES).flat_map(|page| [page, page]).collect();
    assert_eq!(fixture.pages(), pages[1..]);
}

fn a_run_killed_after_any_line_of_the_log_continues_the_numbers() {
    let (expected, lines) = uninterrupted();
    let mut resumed = 0;
    for point in 1..=POINTS {
        let fixture = Fixture::new();
        let (line, mut running) = (lines * point / POINTS, fixture.context.start(&RUN));
        running.read_lines(line);
        drop(running);
        if !fixture.context.path(".taskferry/jobs/last_complete.json").exists() {
            fixture.context.taskferry(&RUN).with_code(0);
            let summary = fixture.context.json("summary.json");
            resumed += usize::from(!summary["resumed_from"].is_null());
        }
        assert_eq!(fixture.output(), expected, "killed after line {line} of {lines}");
    }
    assert!(resumed >= POINTS / 2, "{resumed} of {POINTS} runs were resumed");
}
