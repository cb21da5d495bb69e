//! `taskferry doctor` checks what a run needs, delivers nothing, and leaves nothing behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};
use taskferry_testkit::{
    Context, FaultServer, Outcome, Receiver, Request, Response, page, techwolf_source as source,
    token,
};

/// A tenant that lists two job families, with `answer` for pages and the token response `issued`.
fn tenant_with(
    issued: impl Fn() -> Response + Send + 'static,
    answer: impl Fn(&Request) -> Response + Send + 'static,
) -> FaultServer {
    FaultServer::start_blocking(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match (request.method.as_str(), path) {
            ("HEAD", "/") => Response::new(404, "").header("date", httpdate_now()),
            ("POST", "/oauth/token") => issued(),
            ("GET", "/job_architecture/job_families") => {
                let families = json!([
                    {"external_id": "legal", "job_family_name": "Legal"},
                    {"external_id": "fin", "job_family_name": "Finance"},
                ]);
                Response::new(200, json!({"count": 2, "results": families}).to_string())
            }
            _ => answer(request),
        }
    })
}

fn httpdate_now() -> String {
    jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn healthy() -> FaultServer {
    tenant_with(|| token("canary-token-1", 10_800), |_| page(&["j1"], Some("j1")))
}

const FILE: &str = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";

fn webhook(url: &str) -> String {
    format!("[[sink]]\ntype = \"webhook\"\nurl = \"{url}/hooks/canary-path\"\n")
}

fn document(ended: &Outcome) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The verdict of one check.
fn verdict<'a>(document: &'a Value, check: &str) -> &'a str {
    let checks = document["checks"].as_array().unwrap();
    let found = checks.iter().find(|one| one["check"] == check);
    found.unwrap_or_else(|| panic!("{check}: {document}"))["verdict"].as_str().unwrap()
}

/// The lines of standard output without times and sizes.
fn shown(ended: &Outcome) -> String {
    let words = ended.stdout.lines().map(|line| {
        let mut line = line.to_owned();
        for (from, to) in [(" answers in ", " ms"), (" (", " ms)")] {
            if let Some((before, after)) = line.split_once(from)
                && let Some((digits, rest)) = after.split_once(to)
                && digits.bytes().all(|byte| byte.is_ascii_digit())
            {
                line = format!("{before}{from}N{to}{rest}");
            }
        }
        match line.split_once("; ") {
            Some((before, after)) if after.contains(" are free") => format!("{before}; [space]"),
            _ => line,
        }
    });
    words.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_healthy_pipeline_is_ready_and_nothing_is_left_behind() {
    let (tenant, receiver) = (healthy(), Receiver::start(|_| Response::new(405, "")));
    let context =
        Context::with_pipeline(&(source(tenant.url(), "") + FILE + &webhook(receiver.url())));
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(ended.stdout, @"jobs.toml: ready to run; checks: 12 ok, 2 skipped; [time]");
    insta::assert_snapshot!(ended.stderr, @"
    these checks send requests, and deliver no record:
      source `techwolf`: 1 HEAD request without credentials; 1 token request; 1 request for a page with one record; 1 request for up to 200 job families
      sink `webhook`: 1 HEAD request without records to the receiver, with the `headers` of the sink
    ");
    let verbose = context.taskferry(&["doctor", "jobs.toml", "--verbose"]).with_code(0);
    insta::assert_snapshot!(shown(&verbose), @"
    ok: pipeline: jobs.toml: techwolf → file and webhook (N ms)
    ok: state: the first run creates the state folder `.taskferry/jobs`; [space]
    ok: state: no other run is active
    ok: source `techwolf`: proxy: no proxy for http://127.0.0.1:[port] (N ms)
    skipped: source `techwolf`: dns: 127.0.0.1 is an IP address; no name to resolve (N ms)
    ok: source `techwolf`: tls: http://127.0.0.1:[port] answers in N ms, without TLS (N ms)
    ok: source `techwolf`: clock: this machine's clock is within 30 s of http://127.0.0.1:[port] (N ms)
    ok: source `techwolf`: token: a token was issued, usable for 2 h; its scopes are not known (N ms)
    ok: source `techwolf`: page: one job was read, and more follow (N ms)
    ok: source `techwolf`: families: the credentials see 2 job families (N ms)
        legal  Legal
        fin  Finance
    ok: sink `file`: folder: `out/jobs.ndjson` can be written, in a folder that the run creates; [space]
    ok: sink `webhook`: proxy: no proxy for http://127.0.0.1:[port] (N ms)
    skipped: sink `webhook`: dns: 127.0.0.1 is an IP address; no name to resolve (N ms)
    ok: sink `webhook`: tls: http://127.0.0.1:[port] answers in N ms, without TLS (N ms)
    ok: sink `webhook`: receiver: http://127.0.0.1:[port] answered HEAD with 405 Method Not Allowed; nothing was delivered (N ms)
    jobs.toml: ready to run; checks: 12 ok, 2 skipped; [time]
    ");
    assert_eq!(context.files(), [""; 0]);
    assert!(!context.path(".taskferry").exists() && !context.path("out").exists());
    let methods: Vec<String> = receiver.requests().into_iter().map(|one| one.method).collect();
    assert_eq!(
        methods,
        ["HEAD", "HEAD"],
        "nothing is delivered, and each `doctor` sends one request"
    );
    let pages = tenant.requests().into_iter().filter(|one| one.target.contains("/export/"));
    let limits: Vec<Value> = pages
        .map(|one| serde_json::from_str::<Value>(&one.body).unwrap()["limit"].clone())
        .collect();
    assert_eq!(limits, [1, 1], "one page of one record");
}

#[test]
fn the_document_names_each_check_and_the_families() {
    let tenant = healthy();
    let context = Context::new();
    let filter =
        "filters = [{ filter = \"job_family_id_is_in_list\", job_family_ids = [\"leagl\"] }]";
    context.write("jobs.toml", &(source(tenant.url(), filter) + FILE));
    let ended = context.taskferry(&["doctor", "jobs.toml", "--json"]).with_code(0);
    let found = document(&ended);
    assert_eq!(found["schema_version"], 1);
    assert_eq!(found["verdict"], "warning", "a warning never fails");
    assert_eq!(found["exit_code"], 0);
    let checks = found["checks"].as_array().unwrap();
    let names: Vec<&str> = checks.iter().map(|one| one["check"].as_str().unwrap()).collect();
    let expected = [
        "pipeline", "state", "proxy", "dns", "tls", "clock", "token", "page", "families", "folder",
    ];
    assert_eq!(names, expected);
    let families = &checks[8]["findings"];
    assert_eq!(families[0]["details"], json!(["legal  Legal", "fin  Finance"]));
    let said = families[1]["text"].as_str().unwrap();
    assert_eq!(said, "the tenant has no job family `leagl`; did you mean `legal`?");
}

#[test]
fn refused_credentials_fail_with_the_code_of_the_source_and_skip_what_needs_them() {
    let refused = || Response::new(401, r#"{"error": "access_denied"}"#);
    let tenant = tenant_with(refused, |_| page(&["j1"], None));
    let context = Context::with_pipeline(&(source(tenant.url(), "") + FILE));
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(3);
    insta::assert_snapshot!(ended.stdout, @"
    failed: source `techwolf`: token: requesting a token: POST http://127.0.0.1:[port]/oauth/token: the server answered 401 Unauthorized: access_denied
      help: check the credentials, audience and tenant in [source.auth]
    jobs.toml: not ready to run (exit code 3); checks: 6 ok, 1 failed (token), 3 skipped; [time]
    ");
    let tokens = tenant.requests().into_iter().filter(|one| one.target == "/oauth/token").count();
    assert_eq!(tokens, 1, "a refused request is not repeated");
    let found = document(&context.taskferry(&["doctor", "jobs.toml", "--json"]).with_code(3));
    assert_eq!(verdict(&found, "token"), "failed");
    assert_eq!((verdict(&found, "page"), verdict(&found, "families")), ("skipped", "skipped"));
    assert_eq!(verdict(&found, "folder"), "ok", "the other stages are checked");
}

#[test]
fn a_vendor_that_is_not_activated_is_named() {
    let answer = |request: &Request| {
        if request.target.contains("external_vendor=workday") {
            Response::new(403, r#"[{"title": "403 Forbidden", "description": "vendor"}]"#)
        } else {
            page(&["j1"], None)
        }
    };
    let tenant = tenant_with(|| token("canary-token-1", 60), answer);
    let context =
        Context::with_pipeline(&(source(tenant.url(), "external_vendor = \"workday\"") + FILE));
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(3);
    insta::assert_snapshot!(ended.stdout, @r#"
    warning: pipeline: jobs.toml:5:19: `external_vendor` has no effect without `linked_skills`
      help: add "linked_skills" to `include`, or remove `external_vendor`
    failed: source `techwolf`: page: the first page: POST http://127.0.0.1:[port]/job_architecture/export/jobs/task_profiles: the server answered 403 Forbidden: vendor
      help: the credentials have no permission to export task profiles, or to use this `external_vendor`; ask TechWolf for the permission
    failed: source `techwolf`: vendor: the API refuses `external_vendor = "workday"` and accepts "techwolf"
      help: ask TechWolf to activate workday for the tenant, or use "techwolf"
    jobs.toml: not ready to run (exit code 3); checks: 7 ok, 1 with warnings (pipeline), 2 failed (page, vendor), 1 skipped; [time]
    "#);
}

#[test]
fn an_unreachable_server_skips_the_checks_that_need_it() {
    let context = Context::new();
    // Nothing listens on port 1.
    context.write("jobs.toml", &(source("http://127.0.0.1:1", "") + FILE));
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(3);
    insta::assert_snapshot!(ended.stdout, @"
    failed: source `techwolf`: tls: http://127.0.0.1:[port]: no connection: Connection refused (os error 111)
      help: check `url` in [source], and whether this machine can reach it
    jobs.toml: not ready to run (exit code 3); checks: 4 ok, 1 failed (tls), 5 skipped; [time]
    ");
}

#[test]
fn a_check_ends_at_its_time_limit() {
    let silent = FaultServer::start_blocking(|_| Response::new(200, "").never_sent());
    let context = Context::with_pipeline(&(source(silent.url(), "") + FILE));
    let arguments = ["doctor", "jobs.toml", "--timeout", "200ms", "--json"];
    let found = document(&context.taskferry(&arguments).with_code(3));
    assert_eq!(verdict(&found, "tls"), "failed");
    assert_eq!(verdict(&found, "clock"), "skipped");
    let tls = &found["checks"][4]["findings"][0];
    assert_eq!(tls["text"], "no result within 0.2 s");
}

#[test]
fn one_check_runs_alone() {
    let tenant = healthy();
    let context = Context::with_pipeline(&(source(tenant.url(), "") + FILE));
    let ended = context.taskferry(&["doctor", "jobs.toml", "--check", "token", "-v"]).with_code(0);
    insta::assert_snapshot!(shown(&ended), @"
    ok: source `techwolf`: token: a token was issued, usable for 2 h; its scopes are not known (N ms)
    jobs.toml: ready to run; checks: 1 ok; [time]
    ");
    let targets: Vec<String> = tenant.requests().into_iter().map(|one| one.target).collect();
    assert_eq!(targets, ["/oauth/token"]);
    let ended = context.taskferry(&["doctor", "jobs.toml", "--check", "tokn"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"error: the pipeline has no check `tokn`; its checks are pipeline, state, proxy, dns, tls, clock, token, page, families, folder");
}

#[test]
fn a_receiver_that_is_not_healthy_is_a_warning() {
    let (tenant, receiver) = (healthy(), Receiver::start(|_| Response::new(503, "")));
    let context = Context::with_pipeline(&(source(tenant.url(), "") + &webhook(receiver.url())));
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(ended.stdout, @"
    warning: sink `webhook`: receiver: http://127.0.0.1:[port] answered HEAD with 503 Service Unavailable
      help: the receiver is reachable but returns a server error: check the receiver before the next run
    jobs.toml: ready to run; checks: 10 ok, 1 with warnings (receiver), 2 skipped; [time]
    ");
}

#[test]
fn a_receiver_that_cannot_be_reached_fails_after_one_retry_with_the_code_of_a_sink() {
    let (tenant, receiver) =
        (healthy(), Receiver::start(|_| Response::new(200, "").disconnected()));
    let context = Context::with_pipeline(&(source(tenant.url(), "") + &webhook(receiver.url())));
    let found = document(&context.taskferry(&["doctor", "jobs.toml", "--json"]).with_code(5));
    assert_eq!(found["exit_code"], 5);
    assert_eq!(receiver.requests().len(), 2);
}

#[test]
fn an_output_folder_without_permission_fails_with_the_code_of_a_sink() {
    let tenant = healthy();
    let context = Context::with_pipeline(&(source(tenant.url(), "") + FILE));
    // A file in place of the folder: even the superuser cannot write there.
    context.write("out", "a file");
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(5);
    insta::assert_snapshot!(ended.stdout, @"
    failed: sink `file`: folder: can't write to the folder `out`: Not a directory (os error 20)
      help: choose a `path` whose folder exists or can be created
    jobs.toml: not ready to run (exit code 5); checks: 8 ok, 1 failed (folder), 1 skipped; [time]
    ");
}

#[test]
fn errors_in_the_file_are_shown_as_check_shows_them() {
    let context = Context::with_pipeline("[source]\ntype = \"techwulf\"\n");
    let check = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    let ended = context.taskferry(&["doctor", "jobs.toml"]).with_code(2);
    let frame = ended.stderr.lines().find(|line| line.contains("techwulf")).unwrap();
    assert!(check.stderr.contains(frame), "{}", ended.stderr);
    assert!(ended.stdout.contains("not ready to run (exit code 2)"), "{}", ended.stdout);
}

#[test]
fn the_sandbox_is_checked_without_credentials() {
    let context = Context::with_pipeline(&(source("${TECHWOLF_URL}", "") + FILE));
    let found =
        document(&context.taskferry(&["doctor", "jobs.toml", "--sandbox", "--json"]).with_code(0));
    assert_eq!(found["sandbox"], true);
    assert_eq!((verdict(&found, "token"), verdict(&found, "page")), ("ok", "ok"));
}

#[test]
fn the_bundle_lists_its_contents_and_holds_the_last_manifests() {
    let tenant = tenant_with(|| token("canary-token-1", 10_800), |_| page(&["j1"], None));
    let context = Context::with_pipeline(&(source(tenant.url(), "") + FILE));
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let arguments =
        ["doctor", "jobs.toml", "--bundle", "bundle.txt", "--set", "source.auth.tenant=acme-2"];
    let ended = context.taskferry(&arguments).with_code(0);
    let (_, listed) = ended.stderr.split_once("contains:\n").unwrap();
    for part in [
        "versions",
        "file jobs.toml",
        "values from options and environment variables",
        "doctor",
        "manifest of run",
        "of the log `.taskferry/jobs/log.ndjson`",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let bundle = context.read("bundle.txt");
    assert!(bundle.contains("tenant = \"acme\"") && bundle.contains("\"status\": \"complete\""));
    assert!(bundle.contains("source.auth.tenant=acme-2"));
    assert!(bundle.contains("\"message\":\"jobs: complete in "), "the log: {bundle}");
    let mode = fs::metadata(context.path("bundle.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ended = context.taskferry(&["doctor", "jobs.toml", "--bundle", "jobs.toml"]).with_code(5);
    ended.assert_stderr("the path is a file of the pipeline; choose another path");
}
