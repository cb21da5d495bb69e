//! Runs that end within their first page: the next one keeps the run id.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use serde_json::json;
use taskferry_testkit::{Context, Receiver, Response, TIMEOUT, Tenant, page};

/// A tenant with one page, and a receiver that gets one job per request; request number `stop_at`, counted from 1, gets the
/// response of the test.
struct Fixture {
    context: Context,
    receiver: Receiver,
    stop_at: Arc<AtomicUsize>,
    stopped: mpsc::Receiver<()>,
    tenant: Tenant,
}

impl Fixture {
    fn new(response: Response) -> Self {
        let tenant = Tenant::with_pages([page(&["a", "b", "c"], None)]);
        let stop_at = Arc::new(AtomicUsize::new(0));
        let (sender, stopped) = mpsc::channel();
        let (stop, mut requests) = (Arc::clone(&stop_at), 0);
        let receiver = Receiver::start(move |_| {
            requests += 1;
            if stop.load(Ordering::SeqCst) == requests {
                _ = sender.send(());
                return response.clone();
            }
            Response::new(200, "")
        });
        let context = Context::new();
        let sinks = format!(
            "[[sink]]\ntype = \"webhook\"\nurl = \"{}\"\nbatch_records = 1\n\
             [[sink]]\ntype = \"file\"\npath = \"out/{{run_id}}.ndjson\"\n",
            receiver.url()
        );
        context.write("jobs.toml", &format!("{}{sinks}", tenant.source()));
        Self { context, receiver, stop_at, stopped, tenant }
    }

    /// Kills a run at request number `nth` to the receiver, counted over all runs.
    fn kill_at(&self, nth: usize) {
        self.stop_at.store(nth, Ordering::SeqCst);
        let running = self.context.start(&["run", "jobs.toml"]);
        self.stopped.recv_timeout(TIMEOUT).expect("the request is sent");
        drop(running);
    }

    fn keys(&self) -> Vec<String> {
        self.receiver.keys()
    }

    fn checkpoint(&self) -> serde_json::Value {
        self.context.json(".taskferry/jobs/checkpoint.json")
    }
}

#[test]
fn a_run_killed_in_its_first_page_repeats_its_keys() {
    let fixture = Fixture::new(Response::new(200, "").never_finished());
    fixture.kill_at(1);
    let begun = fixture.checkpoint();
    assert_eq!(
        (&begun["state"], &begun["account"]["source"]["pages"]),
        (&json!("begun"), &json!(0))
    );
    fixture.kill_at(3);
    let ended = fixture.context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]);
    let stderr = ended.with_code(0).stderr;
    let run_id = begun["run_id"].as_str().unwrap();
    let line = format!("run {run_id} resumes at the first page");
    assert!(stderr.contains(&line), "{stderr}");
    let keys = fixture.keys();
    // First run: one job; second run: two jobs; third run: all three.
    assert_eq!((keys.len(), &keys[0], &keys[1]), (6, &keys[1], &keys[3]));
    assert_eq!(keys[2], keys[4]);
    let summary = fixture.context.json("summary.json");
    assert_eq!(
        (&summary["run_id"], &summary["started_at"]),
        (&begun["run_id"], &begun["started_at"])
    );
    // The partial file of the first run was completed.
    assert_eq!(
        fixture.context.files(),
        [format!("out/{run_id}.ndjson"), "summary.json".to_owned()]
    );
    assert_eq!(fixture.context.lines(&format!("out/{run_id}.ndjson")).len(), 3);
}

#[test]
fn a_run_refused_in_its_first_page_repeats_its_keys() {
    let fixture = Fixture::new(Response::new(422, "no"));
    fixture.stop_at.store(2, Ordering::SeqCst);
    fixture.context.taskferry(&["run", "jobs.toml"]).with_code(5);
    fixture.context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let keys = fixture.keys();
    assert_eq!((keys.len(), &keys[0], &keys[1]), (5, &keys[2], &keys[3]));
}

#[test]
fn a_partial_file_is_removed_when_the_run_starts_over() {
    let fixture = Fixture::new(Response::new(200, "").never_finished());
    fixture.kill_at(1);
    let part = format!("out/.{}.ndjson.part", fixture.checkpoint()["run_id"].as_str().unwrap());
    assert_eq!(fixture.context.files(), std::slice::from_ref(&part));
    let ended = fixture.context.taskferry(&["run", "jobs.toml", "--fresh"]).with_code(0);
    ended.assert_stderr(
        "is not resumed, and a new run starts at the first page: `--fresh` was given",
    );
    let files = fixture.context.files();
    assert_eq!(files.len(), 1);
    assert_ne!(files[0], part);
    let keys = fixture.keys();
    assert_ne!(keys[0], keys[1], "another run has other keys");
}

#[test]
fn a_run_that_read_nothing_leaves_no_state() {
    let fixture = Fixture::new(Response::new(200, ""));
    let pipeline = fixture.context.read("jobs.toml");
    let (url, unreachable) = (fixture.tenant.url(), "http://127.0.0.1:1");
    fixture.context.write("jobs.toml", &pipeline.replace(url, unreachable));
    fixture.context.taskferry(&["run", "jobs.toml"]).with_code(3);
    assert_eq!(fixture.context.files(), [""; 0]);
    fixture.context.write("jobs.toml", &pipeline);
    let ended = fixture.context.taskferry(&["run", "jobs.toml"]).with_code(0);
    assert!(!ended.stderr.contains("is not resumed"), "{}", ended.stderr);
}
