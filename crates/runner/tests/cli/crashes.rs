//! `kill -9` at any instant: the next run goes on, the files are those of an undisturbed run, byte for byte, and the
//! receiver has every batch once by its key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use taskferry_testkit::{Context, Receiver, Request, Response, TIMEOUT, Tenant};

const PAGES: usize = 12;
const FILES: [&str; 5] =
    ["plain.ndjson", "packed.ndjson.gz", "table.csv", "table.csv.zst", "list.json"];
/// How many times the process is killed; `TASKFERRY_CRASHES=500 cargo test crashes` tries harder.
const CRASHES: usize = 12;

/// A request at which the process is to be killed, counted from 1; it gets no answer.
#[derive(Default)]
struct Trap {
    page: AtomicUsize,
    batch: AtomicUsize,
}

/// A tenant whose export has [`PAGES`] pages.
struct World {
    tenant: Tenant,
    receiver: Receiver,
    trap: Arc<Trap>,
    sprung: mpsc::Receiver<()>,
}

impl World {
    fn new() -> Self {
        let (trap, (tell, sprung)) = (Arc::new(Trap::default()), mpsc::channel());
        let (at_page, told) = (Arc::clone(&trap), tell.clone());
        let tenant = Tenant::start(move |request| {
            let page = page_of(request);
            if at_page.page.load(Ordering::SeqCst) == page + 1 {
                _ = told.send(());
                return Response::new(200, "").never_finished();
            }
            answer(page)
        });
        let at_batch = Arc::clone(&trap);
        let mut batches = 0;
        let receiver = Receiver::start(move |_| {
            batches += 1;
            if at_batch.batch.load(Ordering::SeqCst) == batches {
                _ = tell.send(());
                return Response::new(200, "").never_finished();
            }
            Response::new(200, "")
        });
        Self { tenant, receiver, trap, sprung }
    }

    fn context(&self) -> Context {
        let context = Context::new();
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
                 format = \"{format}\"\ncompression = \"{compression}\"\n"
            )
        };
        let files: String = FILES.iter().map(file).collect();
        let receiver = self.receiver.url();
        let webhook =
            format!("[[sink]]\ntype = \"webhook\"\nurl = \"{receiver}\"\nbatch_records = 4\n");
        let jq = "[[transform]]\ntype = \"jq\"\nfilter = 'if .n % 7 == 3 then error(\"three\") else . end'\n\
                  on_error = \"dead_letter\"\n";
        let dead = "[dead_letter]\npath = \"out/{run_id}.dead.ndjson\"\n";
        context.write("jobs.toml", &format!("{source}{jq}{files}{webhook}{dead}"));
        context
    }

    /// Bodies by their keys in the order of first arrival, and how many came again.
    fn batches(&self) -> (Vec<String>, usize) {
        let mut seen: HashMap<String, String> = HashMap::new();
        let (mut bodies, mut again) = (Vec::new(), 0);
        for request in self.receiver.requests() {
            let key = request.header("idempotency-key").unwrap().to_owned();
            if let Some(body) = seen.get(&key) {
                assert!(*body == request.body, "a key stands for one body");
                again += 1;
            } else {
                bodies.push(request.body.clone());
                seen.insert(key, request.body);
            }
        }
        (bodies, again)
    }
}

fn page_of(request: &Request) -> usize {
    let body: Value = serde_json::from_str(&request.body).unwrap();
    body["starting_after"].as_str().map_or(0, |cursor| cursor[1..].parse::<usize>().unwrap() + 1)
}

/// Pages of different sizes, some of them empty, whose records have different fields.
fn answer(page: usize) -> Response {
    let record = |index: usize| {
        let number = page * 10 + index;
        let mut record = json!({"external_id": format!("j{number}"), "n": number, "tasks": []});
        record[format!("field{}", number % 5)] = json!("x".repeat(number * 7));
        record
    };
    let records: Vec<Value> = (0..page * 5 % 11).map(record).collect();
    let has_next = page + 1 < PAGES;
    let mut body = json!({"has_next": has_next, "records": records});
    if has_next {
        body["next_starting_after"] = json!(format!("c{page}"));
    }
    Response::new(200, body.to_string())
}

/// What an undisturbed run leaves: its files, its batches, and how long it takes.
struct Undisturbed {
    files: Vec<Vec<u8>>,
    letters: Vec<Value>,
    batches: Vec<String>,
    takes: Duration,
}

fn undisturbed() -> Undisturbed {
    let world = World::new();
    let context = world.context();
    let start = Instant::now();
    context.taskferry(&["run", "jobs.toml"]).with_code(6);
    let takes = start.elapsed();
    let (batches, again) = world.batches();
    assert_eq!(again, 0);
    Undisturbed { files: files(&context), letters: letters(&context), batches, takes }
}

fn files(context: &Context) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| std::fs::read(context.path(&format!("out/{name}"))).unwrap()).collect()
}

/// Dead letters without the name of their run.
fn letters(context: &Context) -> Vec<Value> {
    let mut letters = context.lines(&context.dead_letters());
    for letter in &mut letters {
        letter["run_id"] = Value::Null;
    }
    letters
}

/// After some crashes: the run ends, and all is as if there had been none. `crashes` is how many times at most a batch
/// may have come again.
fn ends_like(expected: &Undisturbed, world: &World, context: &Context, crashes: usize) {
    world.trap.page.store(0, Ordering::SeqCst);
    world.trap.batch.store(0, Ordering::SeqCst);
    context.taskferry(&["run", "jobs.toml", "--summary", "summary.json"]).with_code(6);
    for (name, (found, expected)) in FILES.iter().zip(files(context).iter().zip(&expected.files)) {
        assert!(found == expected, "{name} is another file");
    }
    assert!(letters(context) == expected.letters, "other dead letters");
    let (batches, again) = world.batches();
    assert_eq!(batches.len(), expected.batches.len(), "batches that are known by no key");
    assert!(batches == expected.batches, "other batches");
    // A batch of the pipeline is a page, of three requests at most.
    assert!(again <= crashes * 3, "{again} requests came again after {crashes} crashes");
    let mut left = context.files();
    left.retain(|name| name != "summary.json" && !name.ends_with(".dead.ndjson"));
    let mut whole = FILES.map(|name| format!("out/{name}"));
    whole.sort();
    assert_eq!(left, whole);
    let summary = context.json("summary.json");
    assert_eq!(summary["source"]["pages"], PAGES);
    assert_eq!(summary["dead_letters"], expected.letters.len());
}

#[test]
fn killed_at_every_page_it_goes_on() {
    let expected = undisturbed();
    let (world, mut crashes) = (World::new(), 0);
    let context = world.context();
    for page in 1..=PAGES {
        world.trap.page.store(page, Ordering::SeqCst);
        let running = context.start(&["run", "jobs.toml"]);
        world.sprung.recv_timeout(TIMEOUT).expect("the page is asked for");
        drop(running);
        crashes += 1;
    }
    ends_like(&expected, &world, &context, crashes);
}

#[test]
fn killed_at_every_batch_it_goes_on() {
    let expected = undisturbed();
    let (world, mut crashes) = (World::new(), 0);
    let context = world.context();
    // Each crash makes one request more, which never got an answer.
    for batch in 1..=expected.batches.len() {
        world.trap.batch.store(batch, Ordering::SeqCst);
        let running = context.start(&["run", "jobs.toml"]);
        world.sprung.recv_timeout(TIMEOUT).expect("the batch is sent");
        drop(running);
        crashes += 1;
    }
    ends_like(&expected, &world, &context, crashes);
}

#[test]
fn killed_at_any_instant_it_goes_on() {
    let wanted = std::env::var("TASKFERRY_CRASHES").ok().and_then(|text| text.parse().ok());
    let wanted = wanted.unwrap_or(CRASHES);
    let expected = undisturbed();
    let mut dice = fastrand::Rng::with_seed(20_261_124);
    let mut done = 0;
    while done < wanted {
        let world = World::new();
        let (context, mut crashes) = (world.context(), 0);
        for _ in 0..dice.usize(1..=4) {
            let mut running = context.start(&["run", "jobs.toml"]);
            std::thread::sleep(expected.takes.mul_f64(dice.f64()));
            // It may have come to its end already; then the next one is a whole run, to be judged alone.
            if running.has_exited() {
                break;
            }
            drop(running);
            crashes += 1;
        }
        done += crashes.max(1);
        let state = |name: &str| context.path(&format!(".taskferry/jobs/{name}.json")).exists();
        // What is noted as complete is over, whether its checkpoint could still be removed or not.
        if state("checkpoint") && !state("last_complete") {
            ends_like(&expected, &world, &context, crashes);
        } else if context.path("out/plain.ndjson").exists() {
            assert!(
                files(&context) == expected.files,
                "all files are published, or the run goes on"
            );
        }
    }
}
