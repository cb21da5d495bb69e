//! Runs, and runs that end early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use taskferry_sdk::serde_json::json;
use taskferry_testkit::{FaultServer, Response, Tenant, Trial, trials};

use crate::world::{TOKEN, keys, titles, world};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        jobs_get_their_titles_in_order_with_few_requests,
        a_dead_service_ends_the_run_which_resumes_when_it_is_back,
        a_killed_run_resumes_with_the_same_bytes,
        a_refused_key_is_a_dead_letter,
        doctor_preview_and_why_name_the_service_and_its_answers,
    ]
}

const RUN: [&str; 4] = ["run", "jobs.toml", "--summary", "summary.json"];

fn jobs_get_their_titles_in_order_with_few_requests() {
    let tenant = Tenant::with_jobs(1000, |_| false);
    let service = FaultServer::start_blocking(titles);
    let context = world(&tenant, &service, "batch = 50");
    let ended = context.taskferry(&RUN).with_code(0);
    let jobs = context.lines("out/jobs.ndjson");
    for (index, job) in jobs.iter().enumerate() {
        let id = format!("j{index}");
        let title = if id.ends_with('7') { json!(null) } else { json!(format!("title of {id}")) };
        assert_eq!((&job["external_id"], &job["job_title"]), (&json!(id), &title));
    }
    assert_eq!(jobs.len(), 1000);
    let requests = service.requests();
    // A page has 100 jobs, and a request 50 keys at most. Pages that are processed at the same time share requests.
    assert!((20..=25).contains(&requests.len()), "{}", requests.len());
    let mut asked: Vec<String> = requests.iter().flat_map(keys).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 1000, "each key is asked once");
    let token = format!("Bearer {TOKEN}");
    assert!(requests.iter().all(|it| it.header("authorization") == Some(&token)));
    let transform = &context.json("summary.json")["transforms"][0];
    let counters = &transform["counters"];
    assert_eq!(*counters, json!({"lookups": 1000, "not_found": 100, "requests": requests.len()}));
    assert!(!ended.stderr.contains(TOKEN));
}

fn a_dead_service_ends_the_run_which_resumes_when_it_is_back() {
    let tenant = Tenant::with_jobs(500, |_| false);
    let is_up = Arc::new(AtomicBool::new(true));
    let (up, count) = (Arc::clone(&is_up), AtomicUsize::new(0));
    let service = FaultServer::start_blocking(move |request| {
        if count.fetch_add(1, Ordering::SeqCst) == 3 {
            up.store(false, Ordering::SeqCst);
        }
        if up.load(Ordering::SeqCst) { titles(request) } else { Response::new(503, "back soon") }
    });
    let context = world(&tenant, &service, "concurrency = 1\nbatch = 50");
    let ended = context.taskferry(&RUN).with_code(4);
    let port = service.url().rsplit(':').next().unwrap();
    let expected = format!(
        "GET http://127.0.0.1:{port}/titles: gave up after 2 attempts: the server answered 503 Service Unavailable: back soon"
    );
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
    assert!(ended.stderr.contains("run again when the service is available"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("dead-letter"), "{}", ended.stderr);
    is_up.store(true, Ordering::SeqCst);
    context.taskferry(&RUN).with_code(0);

    let always_up = FaultServer::start_blocking(titles);
    let undisturbed = world(&tenant, &always_up, "");
    undisturbed.taskferry(&RUN).with_code(0);
    assert_eq!(context.read("out/jobs.ndjson"), undisturbed.read("out/jobs.ndjson"));
}

/// The first run is killed while the service holds back an answer.
fn a_killed_run_resumes_with_the_same_bytes() {
    let tenant = Tenant::with_jobs(500, |_| false);
    for held_back in [0, 2, 5] {
        let number = AtomicUsize::new(0);
        let service = FaultServer::start_blocking(move |request| {
            let response = titles(request);
            let is_held = number.fetch_add(1, Ordering::SeqCst) == held_back;
            if is_held { response.never_sent() } else { response }
        });
        let context = world(&tenant, &service, "concurrency = 1\nbatch = 50");
        let run = context.start(&RUN);
        service.wait_for_requests(held_back + 1);
        run.signal("KILL");
        run.wait();
        context.taskferry(&RUN).with_code(0);
        let jobs = context.lines("out/jobs.ndjson");
        let ids: Vec<String> = jobs.iter().map(|job| job["external_id"].to_string()).collect();
        let expected: Vec<String> = (0..500).map(|job| format!("\"j{job}\"")).collect();
        assert_eq!(ids, expected, "killed at request {held_back}");
        assert!(
            jobs.iter().all(|job| job["external_id"].as_str().unwrap().ends_with('7')
                == job["job_title"].is_null())
        );
    }
}

fn a_refused_key_is_a_dead_letter() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(|request| {
        let is_refused = keys(request).iter().any(|key| key == "j13");
        if is_refused { Response::new(422, "j13 is no job") } else { titles(request) }
    });
    let context = world(&tenant, &service, "");
    context.taskferry(&RUN).with_code(6);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 19);
    let [refused] = &context.lines(&context.dead_letters())[..] else { panic!("one dead letter") };
    assert_eq!(refused["record"]["external_id"], "j13");
    let error = refused["error"].to_string();
    assert!(
        error.contains("the server answered 422 Unprocessable Entity: j13 is no job"),
        "{error}"
    );
}

fn doctor_preview_and_why_name_the_service_and_its_answers() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(|request| match request.method.as_str() {
        "HEAD" => Response::new(404, ""),
        _ => titles(request),
    });
    let context = world(&tenant, &service, "");
    let doctor =
        context.taskferry(&["doctor", "jobs.toml", "--check", "service", "--verbose"]).with_code(0);
    let said = format!("{}{}", doctor.stdout, doctor.stderr);
    assert!(said.contains("answered HEAD with 404 Not Found; nothing was looked up"), "{said}");
    assert!(service.requests().iter().all(|request| request.method == "HEAD"));
    let preview =
        context.taskferry(&["preview", "jobs.toml", "-n", "1", "--show-values"]).with_code(0);
    assert!(preview.stdout.contains("finds `\"title of j0\"` for `j0`"), "{}", preview.stdout);
    let why = context.taskferry(&["why", "jobs.toml", "--id", "j7"]).with_code(0);
    assert!(why.stdout.contains("finds nothing for `j7`"), "{}", why.stdout);
    assert!(!format!("{said}{}{}", preview.stdout, why.stdout).contains(TOKEN));
}
