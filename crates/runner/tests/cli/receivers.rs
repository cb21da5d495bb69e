//! Faulty webhook receivers: the run waits, or fails with the reason. After the receiver has recovered, the next run sends the
//! remaining batches with the same keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use taskferry_testkit::{Context, Outcome, Receiver, Request, Response, Tenant, page};

const QUICK: &str = "timeout = \"300ms\"\nretry = { max_attempts = 2, initial_delay = \"1ms\", max_delay = \"1ms\" }\n";

/// Two pages of five jobs, with two jobs per request. The receiver accepts four requests, and then responds with `ill` while `well`
/// is false.
struct Fixture {
    context: Context,
    receiver: Receiver,
    well: Arc<AtomicBool>,
    _tenant: Tenant,
}

impl Fixture {
    fn new(ill: impl Fn() -> Response + Send + 'static, more: &str) -> Self {
        let tenant = Tenant::with_listing(
            2,
            |number| serde_json::json!({"external_id": format!("j{number}")}),
            |_| {},
        );
        let well = Arc::new(AtomicBool::new(false));
        let (is_well, mut asked) = (Arc::clone(&well), 0);
        let receiver = Receiver::start(move |_: &Request| {
            asked += 1;
            if asked < 5 || is_well.load(Ordering::SeqCst) { Response::new(200, "") } else { ill() }
        });
        let context = Context::new();
        let url = receiver.url();
        let sink = format!(
            "[[sink]]\ntype = \"webhook\"\nurl = \"{url}/hooks/canary\"\nbatch_records = 2\n{more}"
        );
        context.write("jobs.toml", &format!("{}\n{sink}", tenant.source()));
        Self { context, receiver, well, _tenant: tenant }
    }

    fn run(&self) -> Outcome {
        self.context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"])
    }

    /// Checks that the run fails and that the next one completes with a healthy receiver. Returns the output of the first.
    fn fails_and_resumes(self) -> String {
        let failed = self.run().with_code(5);
        failed.assert_stderr("; the next run resumes ");
        assert!(!failed.stderr.contains("canary"), "{}", failed.stderr);
        self.well.store(true, Ordering::SeqCst);
        let ended = self.run().with_code(0);
        ended.assert_stderr("resumes after page 1");
        assert_eq!(self.jobs(), (0..10).map(|number| format!("j{number}")).collect::<Vec<_>>());
        let (_, output) = failed.stderr.split_once("error: ").expect("an error");
        let output: Vec<&str> =
            output.lines().take_while(|line| !line.starts_with("jobs: ")).collect();
        output.join("\n").replace(self.receiver.url(), "[receiver]")
    }

    /// The ids of the delivered jobs. A request that repeats a key does not count.
    fn jobs(&self) -> Vec<String> {
        let bodies = self.receiver.deliveries().bodies;
        let jobs = bodies.iter().flat_map(|body| serde_json::from_str::<Vec<Value>>(body).unwrap());
        jobs.map(|job| job["external_id"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn a_hanging_receiver_fails_the_run() {
    let fixture = Fixture::new(|| Response::new(200, "").never_sent(), QUICK);
    insta::assert_snapshot!(fixture.fails_and_resumes(), @"
    sink `webhook`: batch 5 with 2 records from page 2 (after `c1`), record 3, id `j7`: gave up after 2 attempts: POST [receiver]/…: no complete response within 300ms
      help: raise `timeout` or lower `batch_records` of this sink
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    ");
}

#[test]
fn a_receiver_that_closes_connections_fails_the_run() {
    let fixture = Fixture::new(|| Response::new(200, "").disconnected(), QUICK);
    insta::assert_snapshot!(fixture.fails_and_resumes(), @"
    sink `webhook`: batch 5 with 2 records from page 2 (after `c1`), record 3, id `j7`: gave up after 2 attempts: POST [receiver]/…: the connection broke: connection closed before message completed
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    ");
}

#[test]
fn an_unreachable_receiver_is_reported_at_once() {
    let fixture = Fixture::new(|| Response::new(410, "this hook was taken down"), QUICK);
    insta::assert_snapshot!(fixture.fails_and_resumes(), @"
    sink `webhook`: batch 5 with 2 records from page 2 (after `c1`), record 3, id `j7`: POST [receiver]/…: the server answered 410 Gone: this hook was taken down
      help: the receiver no longer exists at this address: correct the `url` of this sink, or remove the sink
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    ");
}

#[test]
fn a_refusing_receiver_is_reported_at_once() {
    let fixture = Fixture::new(|| Response::new(422, "no such job"), QUICK);
    insta::assert_snapshot!(fixture.fails_and_resumes(), @r#"
    sink `webhook`: batch 5 with 2 records from page 2 (after `c1`), record 3, id `j7`: POST [receiver]/…: the server answered 422 Unprocessable Entity: no such job
      help: correct the records as the response says, or set `on_error = "dead_letter"` to continue without the refused records
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    "#);
}

#[test]
fn a_receiver_with_permanent_500s_fails_the_run() {
    let circuit = "circuit = { failures = 2, cool_down = \"1ms\", give_up_after = \"50ms\" }\n";
    let fixture = Fixture::new(|| Response::new(500, "down"), circuit);
    let output = fixture.fails_and_resumes();
    assert!(
        output.contains("gave up after ") && output.contains("500 Internal Server Error: down"),
        "{output}"
    );
}

#[test]
fn a_receiver_with_500s_for_a_minute_is_retried() {
    let circuit = "circuit = { failures = 2, cool_down = \"10ms\", give_up_after = \"1m\" }\n";
    let fixture = Fixture::new(|| Response::new(500, ""), circuit);
    let mut running = fixture.context.start(&["run", "jobs.toml"]);
    let output = running.wait_for_line("the receiver is unavailable");
    assert!(!output.contains("canary"), "{output}");
    fixture.well.store(true, Ordering::SeqCst);
    running.wait().with_code(0);
    assert_eq!(fixture.jobs().len(), 10);
}

#[test]
fn refused_records_become_dead_letters_and_can_be_replayed() {
    let dead = "on_error = \"dead_letter\"\n[dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
    let fixture = Fixture::new(|| Response::new(422, "no such job"), dead);
    fixture.run().with_code(6);
    assert_eq!(fixture.context.lines(&fixture.context.dead_letters()).len(), 3);
    assert_eq!(fixture.context.json("summary.json")["sinks"][0]["failed"], 3);
    fixture.well.store(true, Ordering::SeqCst);
    fixture
        .context
        .taskferry(&["replay", "jobs.toml", &fixture.context.dead_letters()])
        .with_code(0);
    let last = fixture.receiver.requests().pop().unwrap();
    let sent_on: Vec<Value> = serde_json::from_str(&last.body).unwrap();
    assert_eq!(sent_on.last().unwrap()["external_id"], "j9");
}

#[test]
fn a_body_too_large_for_the_receiver_is_sent_in_halves() {
    let context = Context::new();
    let tenant = Tenant::with_pages([page(&["a", "b", "c"], None)]);
    let receiver = Receiver::start(|request: &Request| {
        let jobs = serde_json::from_str::<Vec<Value>>(&request.body).unwrap().len();
        Response::new(if jobs > 1 { 413 } else { 200 }, "")
    });
    let sink = format!("sink=[{{ type = \"webhook\", url = \"{}\" }}]", receiver.url());
    let ended = tenant.export(&context, &["--set", &sink]).with_code(0);
    ended.assert_stderr("2 bodies were too large for the receiver (413)");
    assert_eq!(context.json("summary.json")["sinks"][0]["records"], 3);
}
