//! Faulty servers: the export completes, or reports page and reason, and publishes no partial file.

use std::fmt::Write;

use serde_json::{Value, json};
use taskferry_testkit::{CLIENT_SECRET, Context, FaultServer, Response, Tenant, page};

/// The fault comes between two valid pages; the export completes.
fn recovers_from(fault: Response) {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], Some("b")), fault, page(&["c"], None)]);
    server.export(&context, &[]).with_code(0);
    let jobs: Vec<Value> = context.lines("out/jobs.ndjson");
    assert_eq!(jobs, ["a", "b", "c"].map(|job| json!({"external_id": job, "tasks": []})));
    let summary = context.json("summary.json");
    assert_eq!((&summary["status"], &summary["exit_code"]), (&json!("complete"), &json!(0)));
    assert_eq!(summary["source"]["retries"], 1);
    assert_eq!(context.files(), ["out/jobs.ndjson", "summary.json"]);
}

/// The fault comes after a valid page and persists. Returns the error, and the last line of the output.
fn gives_up_on(name: &str, fault: Response, options: &[&str]) -> (String, String) {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a", "b"], Some("b")), fault]);
    let ended = server.export(&context, options);
    assert_eq!(ended.code, Some(3), "{name}: {}", ended.stderr);
    let left = ["out/.jobs.ndjson.part", "summary.json"];
    assert_eq!(
        context.files(),
        left,
        "{name}: what is committed remains, and nothing is published"
    );
    let summary = context.json("summary.json");
    assert_eq!(
        (&summary["status"], &summary["exit_code"]),
        (&json!("failed"), &json!(3)),
        "{name}"
    );
    assert_eq!(summary["error"]["stage"], "source `techwolf`", "{name}");
    assert_eq!(summary["committed"]["pages"], 1, "{name}");
    assert!(!ended.stderr.contains("panicked"), "{name}: {}", ended.stderr);
    let (_, reported) = ended.stderr.split_once("error: ").expect(name);
    let message = summary["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("page 2 (after `b`): "), "{name}: {message}");
    assert!(reported.contains(message), "{name}: {reported}");
    let (error, last) = reported.trim_end().rsplit_once('\n').expect(name);
    (error.replace(server.url(), "[tenant]"), last.to_owned())
}

/// The errors that persistent faults cause, each after the name of its fault. `end` is the end of the last line of each output.
fn errors<const N: usize>(faults: [(&str, Response, &[&str]); N], end: &str) -> String {
    let mut errors = String::new();
    for (name, fault, options) in faults {
        let (error, last) = gives_up_on(name, fault, options);
        let end = format!("; 1 page was delivered, nothing was published{end} (run ");
        assert!(last.starts_with("jobs: failed after ") && last.contains(&end), "{name}: {last}");
        writeln!(errors, "{name}:\n{error}").unwrap();
    }
    errors
}

#[test]
fn a_rate_limited_request_is_retried() {
    recovers_from(Response::new(429, "").header("retry-after", "0"));
}

#[test]
fn a_temporarily_unreachable_server_is_retried() {
    recovers_from(Response::new(503, "<html><h1>503 Service Unavailable</h1></html>"));
}

#[test]
fn a_token_refused_during_the_run_is_renewed_once() {
    let context = Context::new();
    let pages = [page(&["a"], Some("a")), Response::new(401, "[]"), page(&["b"], None)];
    let server = Tenant::with_pages(pages);
    server.export(&context, &[]).with_code(0);
    assert_eq!(context.lines("out/jobs.ndjson").len(), 2);
    let bearers = server.requests();
    let bearers: Vec<&str> =
        bearers.iter().filter_map(|request| request.header("authorization")).collect();
    let first = "Bearer canary-token-1";
    assert_eq!(bearers, [first, first, "Bearer canary-token-2"]);
}

#[test]
fn a_malformed_page_is_retried() {
    recovers_from(Response::new(200, "<html>Welcome to the proxy</html>"));
    recovers_from(Response::new(200, vec![0xff, 0x00, 0x7b]));
}

#[test]
fn a_truncated_body_is_retried() {
    recovers_from(page(&["x"], None).truncated());
}

#[test]
fn a_stuck_empty_page_is_retried() {
    recovers_from(page(&[], Some("b")));
}

#[test]
fn a_byte_order_mark_before_a_page_is_skipped() {
    let context = Context::new();
    let marked =
        Response::new(200, "\u{feff}{\"has_next\":false,\"records\":[{\"external_id\":\"a\"}]}");
    Tenant::with_pages([marked]).export(&context, &[]).with_code(0);
    assert_eq!(context.read("out/jobs.ndjson"), "{\"external_id\":\"a\"}\n");
}

#[test]
fn a_persistent_fault_is_reported_and_the_next_run_resumes() {
    let error = |status, title: &str, description: &str| {
        Response::new(status, json!([{"title": title, "description": description}]).to_string())
    };
    let login = "<html><title>Sign in</title>Please sign in</html>";
    let endless = "{\"records\": [".to_owned() + &"{},".repeat(1000);
    let short_timeout = ["--set", "source.timeout=100ms", "--set", "source.retry.max_attempts=2"];
    let faults: [(_, _, &[&str]); _] = [
        ("a busy server", Response::new(503, "down for maintenance"), &[]),
        ("a long `Retry-After`", Response::new(429, "").header("retry-after", "7200"), &[]),
        ("a refused token", error(401, "401 Unauthorized", "the token is not valid"), &[]),
        ("a refused request", error(403, "403 Forbidden", "vendor workday is not active"), &[]),
        (
            "a redirect",
            Response::new(307, "").header("location", "https://elsewhere.example/x"),
            &[],
        ),
        ("a malformed page", Response::new(200, login), &[]),
        (
            "an unrequested encoding",
            Response::new(200, vec![0x0b]).header("content-encoding", "br"),
            &[],
        ),
        ("a truncated body", page(&["c"], None).truncated(), &[]),
        (
            "an endless page",
            Response::new(200, endless).endless(),
            &["--set", "source.max_page_bytes=1 MB"],
        ),
        ("a silent server", Response::new(200, "").never_finished(), &short_timeout),
    ];
    insta::assert_snapshot!(errors(faults, "; the next run resumes after this page"), @"
    a busy server:
    source `techwolf`: page 2 (after `b`): gave up after 6 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: the server answered 503 Service Unavailable: down for maintenance
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a long `Retry-After`:
    source `techwolf`: page 2 (after `b`): POST [tenant]/job_architecture/export/jobs/task_profiles: the server answered 429 Too Many Requests without an explanation
      help: the server asked for a wait of 7200s, more than `max_retry_after` (5m); raise it, or run again later
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a refused token:
    source `techwolf`: page 2 (after `b`): POST [tenant]/job_architecture/export/jobs/task_profiles: the server answered 401 Unauthorized: the token is not valid
      help: the token was refused: check that [source.auth] belongs to the tenant in `url`
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a refused request:
    source `techwolf`: page 2 (after `b`): POST [tenant]/job_architecture/export/jobs/task_profiles: the server answered 403 Forbidden: vendor workday is not active
      help: the credentials have no permission to export task profiles, or to use this `external_vendor`; ask TechWolf for the permission
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a redirect:
    source `techwolf`: page 2 (after `b`): POST [tenant]/job_architecture/export/jobs/task_profiles: the server answered 307 Temporary Redirect, a redirect to https://elsewhere.example, which is not followed
      help: correct `url` in [source]
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a malformed page:
    source `techwolf`: page 2 (after `b`): gave up after 6 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: `Sign in Please sign in`: the response is not a page of the export: it is not a JSON object
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    an unrequested encoding:
    source `techwolf`: page 2 (after `b`): gave up after 6 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: the response has the unsupported `Content-Encoding` `br`
      help: supported encodings are `gzip` and `zstd`; check whether a proxy or gateway changes the encoding
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    a truncated body:
    source `techwolf`: page 2 (after `b`): gave up after 6 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: the connection broke: end of file before message length reached
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` resumes
    an endless page:
    source `techwolf`: page 2 (after `b`): POST [tenant]/job_architecture/export/jobs/task_profiles: the response exceeds 1000000 bytes
      help: lower `limit` or raise `max_page_bytes` in [source]
    next: `taskferry doctor jobs.toml --set …` looks for the cause; then `taskferry run jobs.toml --set …` resumes
    a silent server:
    source `techwolf`: page 2 (after `b`): gave up after 2 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: no complete response within 100ms
      help: raise `timeout` or lower `limit` in [source]
    next: `taskferry doctor jobs.toml --set …` looks for the cause; then `taskferry run jobs.toml --set …` resumes
    ");
}

#[test]
fn a_listing_without_progress_is_reported_and_the_next_run_starts_over() {
    let repeated =
        r#"{"has_next":false,"records":[{"external_id":"c","tasks":[],"external_id":"a"}]}"#;
    let faults: [(_, _, &[&str]); _] = [
        ("a cursor that does not advance", page(&["c"], Some("b")), &[]),
        ("a stuck empty page", page(&[], Some("b")), &[]),
        ("a repeated page", page(&["a", "b"], Some("c")), &[]),
        (
            "a repeated job with two ids, of which the last is used",
            Response::new(200, repeated),
            &[],
        ),
    ];
    insta::assert_snapshot!(errors(faults, ""), @"
    a cursor that does not advance:
    source `techwolf`: page 2 (after `b`): the listing makes no progress: the page returns its own cursor `b` as the next one
      help: the export is incomplete, and the next run starts over; if that run fails with the same message, report it to TechWolf
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    a stuck empty page:
    source `techwolf`: page 2 (after `b`): gave up after 6 attempts: POST [tenant]/job_architecture/export/jobs/task_profiles: the listing makes no progress: the page is empty, and returns its own cursor `b` as the next one
      help: the export is incomplete, and the next run starts over; if that run fails with the same message, report it to TechWolf
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    a repeated page:
    source `techwolf`: page 2 (after `b`): the listing makes no progress: the record `a` is returned twice
      help: the export is incomplete, and the next run starts over; if that run fails with the same message, report it to TechWolf
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    a repeated job with two ids, of which the last is used:
    source `techwolf`: page 2 (after `b`): the listing makes no progress: the record `a` is returned twice
      help: the export is incomplete, and the next run starts over; if that run fails with the same message, report it to TechWolf
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    ");
}

#[test]
fn an_unreachable_token_url_is_reported() {
    let context = Context::new();
    let server = Tenant::at(FaultServer::start_blocking(|_| Response::new(404, "Not Found")));
    let ended = server.export(&context, &[]).with_code(3);
    insta::assert_snapshot!(ended.stderr.split_once("error: ").unwrap().1, @"
    source `techwolf`: page 1 (the first): requesting a token: POST http://127.0.0.1:[port]/oauth/token: the server answered 404 Not Found: Not Found
      help: check `token_url` in [source.auth]: the address is not a token endpoint
    next: `taskferry doctor jobs.toml` looks for the cause; then `taskferry run jobs.toml` starts at the first page
    jobs: failed after [time]; 0 pages were delivered, nothing was published (run [run])
    ");
}

#[test]
fn an_unreachable_server_is_reported() {
    let context = Context::new();
    let server = Tenant::with_pages([page(&["a"], None)]);
    context.write("jobs.toml", &server.pipeline());
    let patience = ["--set", "source.retry.max_attempts=1", "--set", "source.timeout=1s"];
    let quick = [&["run", "jobs.toml"][..], &patience].concat();
    let tls = server.url().replace("http:", "https:");
    for (set, expected) in [
        // A privileged port on which nothing listens.
        ("source.url=http://127.0.0.1:1".to_owned(), "no connection: "),
        (format!("source.url={tls}"), " within 1s"),
        (format!("source.auth.token_url={tls}/oauth/token"), " within 1s"),
    ] {
        let ended = context.taskferry(&[&quick[..], &["--set", &set]].concat()).with_code(3);
        assert!(ended.stderr.contains(expected), "{set}: {}", ended.stderr);
    }
    let set = "source.connection.ca_file=no.pem";
    let ended = context.taskferry(&[&quick[..], &["--set", set]].concat()).with_code(2);
    ended.assert_stderr("can't read the certificates in `no.pem`");
    assert!(!context.path("out/jobs.ndjson").exists());
    context.taskferry(&quick).with_code(0);
}

#[test]
fn a_failed_run_keeps_the_earlier_file() {
    let context = Context::new();
    context.write("out/jobs.ndjson", "yesterday's\n");
    Tenant::with_pages([page(&["a"], Some("a")), Response::new(403, "")])
        .export(&context, &[])
        .with_code(3);
    assert_eq!(context.read("out/jobs.ndjson"), "yesterday's\n");
    assert_eq!(context.files(), ["out/.jobs.ndjson.part", "out/jobs.ndjson", "summary.json"]);
}

#[test]
fn secrets_repeated_by_a_server_are_not_shown() {
    let mut context = Context::new();
    context.set("TASKFERRY_LOG", "trace");
    let echo = format!("you sent {CLIENT_SECRET} and Bearer canary-token-1");
    for format in ["text", "json"] {
        let server = Tenant::with_pages([Response::new(400, echo.clone())]);
        let ended = server.export(&context, &["--log", format]).with_code(3);
        ended.assert_stderr("you sent");
        for text in [ended.stdout, ended.stderr, context.read("summary.json")] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
