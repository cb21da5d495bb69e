//! `kill -9` at any point: the next run resumes, its files equal the files of an uninterrupted run byte for byte, and the
//! receiver stores each batch once by its key.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Instant;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Receiver, Request, Response, TIMEOUT, Tenant, page_of};

const PAGES: usize = 12;
const FILES: [&str; 6] = [
    "plain.ndjson",
    "packed.ndjson.gz",
    "table.csv",
    "table.csv.zst",
    "list.json",
    "groups.ndjson",
];
/// The transforms of `groups.ndjson`: a program, and two with a state.
const GROUPS: &str = r#"
[[sink.transform]]
type = "command"
command = ["sh", "filter.sh"]

[[sink.transform]]
type = "jq"
filter = ".group = .n % 3 | ., ."

[[sink.transform]]
type = "deduplicate"
by = ["external_id"]

[[sink.transform]]
type = "aggregate"
group_by = ["group"]
count = "records"
sum = { total = "n" }
"#;
/// The number of log positions at which the process is killed; `TASKFERRY_CRASHES=500 cargo test crashes` tests more.
const CRASHES: usize = 16;

/// The request at which the process is killed, counted from 1. This request gets no response.
#[derive(Default)]
struct StopAt {
    page: AtomicUsize,
    batch: AtomicUsize,
}

/// A tenant whose export has [`PAGES`] pages.
struct Fixture {
    tenant: Tenant,
    receiver: Receiver,
    stop_at: Arc<StopAt>,
    stopped: mpsc::Receiver<()>,
}

impl Fixture {
    fn new() -> Self {
        let (stop_at, (batch_sender, stopped)) = (Arc::new(StopAt::default()), mpsc::channel());
        let (at_page, page_sender) = (Arc::clone(&stop_at), batch_sender.clone());
        let tenant = Tenant::start(move |request| {
            let page = number_of_page(request);
            if at_page.page.load(Ordering::SeqCst) == page + 1 {
                _ = page_sender.send(());
                return Response::new(200, "").never_finished();
            }
            response(page)
        });
        let at_batch = Arc::clone(&stop_at);
        let mut batches = 0;
        let receiver = Receiver::start(move |_| {
            batches += 1;
            if at_batch.batch.load(Ordering::SeqCst) == batches {
                _ = batch_sender.send(());
                return Response::new(200, "").never_finished();
            }
            Response::new(200, "")
        });
        Self { tenant, receiver, stop_at, stopped }
    }

    fn context(&self) -> Context {
        let mut context = Context::new();
        context.set("TASKFERRY_LOG", "trace");
        let source = self.tenant.source();
        let file = |name: &&str| {
            let format = name.split('.').nth(1).unwrap();
            let compression = match name.rsplit('.').next().unwrap() {
                "gz" => "gzip",
                "zst" => "zstd",
                _ => "none",
            };
            format!(
                "[[sink]]\ntype = \"file\"\nname = \"{name}\"\npath = \"out/{name}\"\n\
                 format = \"{format}\"\ncompression = \"{compression}\"\n{}",
                if *name == "groups.ndjson" { GROUPS } else { "" }
            )
        };
        let files: String = FILES.iter().map(file).collect();
        let receiver = self.receiver.url();
        let webhook =
            format!("[[sink]]\ntype = \"webhook\"\nurl = \"{receiver}\"\nbatch_records = 4\n");
        let jq = "[[transform]]\ntype = \"jq\"\nfilter = 'if .n % 7 == 3 then error(\"three\") else . end'\n\
                  on_error = \"dead_letter\"\n";
        let dead = "[dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
        context.write("filter.sh", crate::command::FILTER);
        context.write("jobs.toml", &format!("{source}{jq}{files}{webhook}{dead}"));
        context
    }

    fn checkpoint(context: &Context) -> Option<Value> {
        let text = std::fs::read(context.path(".taskferry/jobs/checkpoint.json")).ok()?;
        Some(serde_json::from_slice(&text).unwrap())
    }

    /// Kills a run when it requests this page, counted from 1.
    fn kill_at_page(&self, context: &Context, page: usize) {
        self.stop_at.page.store(page, Ordering::SeqCst);
        let running = context.start(&RUN);
        self.stopped.recv_timeout(TIMEOUT).expect("the page is requested");
        drop(running);
    }
}

/// The number of the requested page, from 0.
fn number_of_page(request: &Request) -> usize {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["starting_after"].as_str().map_or(0, |cursor| cursor[1..].parse::<usize>().unwrap() + 1)
}

/// Pages of different sizes, some empty, with records of different fields.
fn response(page: usize) -> Response {
    let record = |index: usize| {
        let number = page * 10 + index;
        let mut record = json!({"external_id": format!("j{number}"), "n": number, "tasks": []});
        record[format!("field{}", number % 5)] = json!("x".repeat(number * 7));
        record
    };
    let records: Vec<Value> = (0..page * 5 % 11).map(record).collect();
    page_of(&records, (page + 1 < PAGES).then(|| format!("c{page}")).as_deref())
}

/// The output of an uninterrupted run.
struct Uninterrupted {
    files: Vec<Vec<u8>>,
    dead_letters: Vec<Value>,
    batches: Vec<String>,
    log_lines: usize,
}

const RUN: [&str; 2] = ["run", "jobs.toml"];

fn uninterrupted() -> Uninterrupted {
    let fixture = Fixture::new();
    let context = fixture.context();
    let log_lines = context.taskferry(&RUN).with_code(6).stderr.lines().count();
    let deliveries = fixture.receiver.deliveries();
    assert_eq!(deliveries.repeated, 0);
    let (files, dead_letters) = (files(&context), dead_letters(&context));
    Uninterrupted { files, dead_letters, batches: deliveries.bodies, log_lines }
}

fn files(context: &Context) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| std::fs::read(context.path(&format!("out/{name}"))).unwrap()).collect()
}

/// The dead letters without their run ids.
fn dead_letters(context: &Context) -> Vec<Value> {
    let mut dead_letters = context.lines(&context.dead_letters());
    for dead_letter in &mut dead_letters {
        dead_letter["run_id"] = Value::Null;
    }
    dead_letters
}

/// Checks that the output equals the output of an uninterrupted run. Each crash repeats at most the three requests of one page.
fn assert_uninterrupted(
    expected: &Uninterrupted,
    fixture: &Fixture,
    context: &Context,
    crashes: usize,
) {
    for (name, (found, expected)) in FILES.iter().zip(files(context).iter().zip(&expected.files)) {
        assert!(found == expected, "{name} is another file");
    }
    assert!(dead_letters(context) == expected.dead_letters, "other dead letters");
    let deliveries = fixture.receiver.deliveries();
    assert_eq!(deliveries.bodies.len(), expected.batches.len(), "unknown keys");
    assert!(deliveries.bodies == expected.batches, "other batches");
    assert!(deliveries.repeated <= crashes * 3, "{} after {crashes} crashes", deliveries.repeated);
}

/// Checks that the next run completes with the output of an uninterrupted run.
fn assert_resumes(expected: &Uninterrupted, fixture: &Fixture, context: &Context, crashes: usize) {
    fixture.stop_at.page.store(0, Ordering::SeqCst);
    fixture.stop_at.batch.store(0, Ordering::SeqCst);
    context.taskferry(&[&RUN[..], &["--summary", "summary.json"]].concat()).with_code(6);
    assert_uninterrupted(expected, fixture, context, crashes);
    let mut left = context.files();
    left.retain(|name| name.starts_with("out/") && !name.ends_with(".dead.ndjson"));
    let mut whole = FILES.map(|name| format!("out/{name}"));
    whole.sort();
    assert_eq!(left, whole);
    let summary = context.json("summary.json");
    assert_eq!(summary["source"]["pages"], PAGES);
    assert_eq!(summary["dead_letters"], expected.dead_letters.len());
}

#[test]
fn a_run_killed_at_any_page_resumes() {
    let (expected, fixture) = (uninterrupted(), Fixture::new());
    let context = fixture.context();
    for page in 1..=PAGES {
        fixture.kill_at_page(&context, page);
        assert!(Fixture::checkpoint(&context).is_some(), "no checkpoint before page {page}");
    }
    assert_resumes(&expected, &fixture, &context, PAGES);
}

#[test]
fn a_run_killed_after_any_checkpoint_resumes_at_the_next_page() {
    let (expected, fixture) = (uninterrupted(), Fixture::new());
    let context = fixture.context();
    for page in 1..PAGES {
        fixture.stop_at.page.store(page + 1, Ordering::SeqCst);
        let running = context.start(&RUN);
        fixture.stopped.recv_timeout(TIMEOUT).expect("the page is requested");
        let deadline = Instant::now() + TIMEOUT;
        let cursor = format!("c{}", page - 1);
        while Fixture::checkpoint(&context).is_none_or(|checkpoint| checkpoint["cursor"] != cursor)
        {
            assert!(Instant::now() < deadline, "no checkpoint of page {page}");
            std::thread::yield_now();
        }
        drop(running);
    }
    let exports = fixture.tenant.requests();
    let exports = exports.iter().filter(|request| request.target != "/oauth/token");
    // Each run requests the page that the preceding run missed, and the next one.
    let pages: Vec<usize> = exports.map(number_of_page).collect();
    let expected_pages: Vec<usize> = (0..PAGES).flat_map(|page| [page, page]).collect();
    assert_eq!(pages, expected_pages[1..expected_pages.len() - 1]);
    assert_resumes(&expected, &fixture, &context, PAGES);
    assert_eq!(
        fixture.receiver.deliveries().repeated,
        0,
        "pages before the checkpoint are not repeated"
    );
}

#[test]
fn a_run_killed_at_any_batch_resumes() {
    let (expected, fixture) = (uninterrupted(), Fixture::new());
    let context = fixture.context();
    // Each crash adds one request without a response.
    for batch in 1..=expected.batches.len() {
        fixture.stop_at.batch.store(batch, Ordering::SeqCst);
        let running = context.start(&RUN);
        fixture.stopped.recv_timeout(TIMEOUT).expect("the batch is sent");
        drop(running);
    }
    assert_resumes(&expected, &fixture, &context, expected.batches.len());
}

#[test]
fn a_run_killed_after_any_line_of_the_log_resumes() {
    let wanted = std::env::var("TASKFERRY_CRASHES").ok().and_then(|text| text.parse().ok());
    let points = wanted.unwrap_or(CRASHES);
    let expected = uninterrupted();
    let mut interrupted = 0;
    for point in 1..=points {
        let fixture = Fixture::new();
        let context = fixture.context();
        let line = expected.log_lines * point / points;
        // The second run is killed earlier than the first.
        for (crashes, lines) in [(1, line), (2, line / 2)] {
            let mut running = context.start(&RUN);
            running.read_lines(lines);
            drop(running);
            // A run that is stored as complete is finished, even if its checkpoint was not removed.
            if context.path(".taskferry/jobs/last_complete.json").exists() {
                assert_uninterrupted(&expected, &fixture, &context, crashes);
                break;
            }
            interrupted += 1;
            if crashes == 2 {
                assert_resumes(&expected, &fixture, &context, crashes);
            }
        }
    }
    assert!(interrupted >= points, "{interrupted} of {points} runs were killed before their end");
}
