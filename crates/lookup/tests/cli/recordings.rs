//! Recorded tests contain the answers of the service.

use taskferry_testkit::{Context, FaultServer, Outcome, Request, Response, Tenant, Trial, trials};

use crate::world::{titles, world};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_recorded_test_has_the_answers_with_other_keys_and_texts,
        a_job_from_a_file_is_recorded_with_the_answers_of_the_service,
        a_test_recorded_by_a_preview_sends_no_request,
        a_service_that_fails_records_nothing,
        a_key_that_the_service_refuses_is_named_and_records_nothing,
    ]
}

fn record(context: &Context, arguments: &[&str]) -> Outcome {
    context.taskferry(&[&["test", "jobs.toml", "--record", "a job"], arguments].concat())
}

/// The recorded test runs without the service.
fn repeat(context: &Context, service: &FaultServer) {
    let before = service.requests().len();
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    assert_eq!(service.requests().len(), before);
}

fn a_recorded_test_has_the_answers_with_other_keys_and_texts() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(titles);
    let context = world(&tenant, &service, "");
    let ended = record(&context, &["--id", "j5"]).with_code(0);
    insta::assert_snapshot!(context.read("jobs.test.toml"), @r#"
    [[test]]
    name = "a job"
    input = '''
    {"external_id": "job-1", "n": 5, "tasks": []}
    '''
    lookups.job_titles = '''
    {"job-1": "Job titles 1"}
    '''
    expect = '''
    {"external_id": "job-1", "n": 5, "tasks": [], "job_title": "Job titles 1"}
    '''
    "#);
    insta::assert_snapshot!(ended.stderr, @"
    recorded `a job` in jobs.test.toml: 1 in, 1 out
      2 ids and strings were replaced in: external_id, job_titles; numbers, dates, levels and strings that occur in the files of the pipeline were not replaced
    ok      jobs.test.toml: a job
    ");
    assert_eq!(service.requests().len(), 1);
    repeat(&context, &service);
    record(&context, &["--id", "j7", "--verbatim", "--replace"]).with_code(0);
    let verbatim = context.read("jobs.test.toml");
    for line in [
        r#"{"external_id": "j7", "n": 7, "tasks": []}"#,
        r#"{"j7": null}"#,
        r#"{"external_id": "j7", "n": 7, "tasks": [], "job_title": null}"#,
    ] {
        assert!(verbatim.lines().any(|it| it == line), "{verbatim}");
    }
    repeat(&context, &service);
}

fn a_job_from_a_file_is_recorded_with_the_answers_of_the_service() {
    let tenant = Tenant::with_pages([]);
    let service = FaultServer::start_blocking(titles);
    let context = world(&tenant, &service, "");
    context.write("job.json", "{\"external_id\": \"secret-1\", \"tasks\": []}");
    record(&context, &["--input", "job.json"]).with_code(0);
    assert!(!context.read("jobs.test.toml").contains("secret"));
    repeat(&context, &service);
}

fn a_test_recorded_by_a_preview_sends_no_request() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(titles);
    let context = world(&tenant, &service, "");
    let preview = ["preview", "jobs.toml", "-n", "3", "--record", "three jobs"];
    context.taskferry(&preview).with_code(0);
    let before = service.requests().len();
    assert!(context.read("jobs.test.toml").contains("\"job-3\""));
    repeat(&context, &service);
    assert_eq!(service.requests().len(), before);
}

fn a_service_that_fails_records_nothing() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(|_: &Request| Response::new(401, "who are you?"));
    let context = world(&tenant, &service, "");
    let ended = record(&context, &["--id", "j5"]).with_code(4);
    assert!(
        ended.stderr.contains("the server answered 401 Unauthorized: who are you?"),
        "{}",
        ended.stderr
    );
    assert!(!context.path("jobs.test.toml").exists());
}

fn a_key_that_the_service_refuses_is_named_and_records_nothing() {
    let tenant = Tenant::with_jobs(20, |_| false);
    let service = FaultServer::start_blocking(|_: &Request| Response::new(400, "no number"));
    let context = world(&tenant, &service, "");
    let ended = record(&context, &["--id", "j5"]).with_code(4);
    insta::assert_snapshot!(ended.stderr, @"error: the service of `job_titles` refuses `j5`: GET http://127.0.0.1:[port]/titles: the server answered 400 Bad Request: no number; a test contains answers only, so nothing is recorded: correct the key or the service, or record another job");
    let verbatim = record(&context, &["--id", "j5", "--verbatim"]).with_code(4);
    assert_eq!(verbatim.stderr, ended.stderr);
    assert!(!context.path("jobs.test.toml").exists());
}
