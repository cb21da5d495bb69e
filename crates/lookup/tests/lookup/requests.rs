//! The requests to a service, and its responses.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use taskferry_lookup::Answers;
use taskferry_lookup::testing::TestService;
use taskferry_sdk::serde_json::json;
use taskferry_sdk::{AsyncTransform, ErrorKind};
use taskferry_testkit::{FaultServer, Request, Response, in_order};

use crate::driver::{Fake, job_titles, page};

async fn server(responses: impl IntoIterator<Item = Response>) -> FaultServer {
    FaultServer::start(in_order(responses)).await
}

fn good() -> Response {
    Response::new(200, r#"{"j1":"Tester","j2":"Planner"}"#)
}

#[tokio::test]
async fn a_request_has_the_headers_of_the_options_and_encoded_parameters() {
    let server = server([good()]).await;
    let more = json!({"headers": {"Authorization": "Bearer t1"}});
    let url = format!("{}/titles?lang=en", server.url());
    let transform = job_titles(&url, &more).await;
    assert_eq!(page(&*transform, ["j1", "a b&c"]).await.ok(), ["Tester", "null"]);
    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!(request.target, "/titles?lang=en&ids=j1%2Ca+b%26c");
    assert_eq!(request.header("authorization"), Some("Bearer t1"));
    assert_eq!(request.header("accept"), Some("application/json"));
}

/// `GET /titles/KEY`, and 404 for an unknown key.
fn by_segment() -> Fake {
    Fake::requesting(1, |service, keys| async move {
        let mut answers = Answers::new();
        for key in keys {
            if let Some(title) = service.get().segment(&key).json_if_found().await? {
                answers.insert(key, title);
            }
        }
        Ok(answers)
    })
}

/// As [`by_segment`], but 404 is an error.
fn by_strict_segment() -> Fake {
    Fake::requesting(1, |service, keys| async move {
        let mut answers = Answers::new();
        for key in keys {
            let title = service.get().segment(&key).json().await?;
            answers.insert(key, title);
        }
        Ok(answers)
    })
}

/// `POST` with all keys. The response is a list.
fn by_post() -> Fake {
    Fake::requesting(10, |service, keys| async move {
        let list: Vec<(String, String)> = service.post(&json!({ "ids": keys })).json().await?;
        Ok(list.into_iter().map(|(key, title)| (key, title.into())).collect())
    })
}

async fn without_retries(fake: Fake, url: &str) -> Box<dyn AsyncTransform> {
    fake.open(&json!({"url": url, "retry": {"max_attempts": 1}})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_can_be_a_part_of_the_path() {
    let service = TestService::start(|request| match &request.segments()[..] {
        [_, key] if key == "a/b c+%" => (200, json!("Tester")),
        _ => (404, json!("unknown")),
    })
    .unwrap();
    for url in [format!("{}/titles", service.url()), format!("{}/titles/", service.url())] {
        let transform = without_retries(by_segment(), &url).await;
        let applied = page(&*transform, ["a/b c+%", "j2", ".."]).await;
        let titles: Vec<_> = applied.titles.iter().map(|it| it.as_ref().ok()).collect();
        assert_eq!(titles, [Some(&"Tester".to_owned()), Some(&"null".to_owned()), None]);
        assert_eq!(applied.counters.get("requests"), 2);
        let error = applied.titles[2].as_ref().unwrap_err();
        assert_eq!(
            error.to_string(),
            "the key `..` can't be a segment of the URL path: segments must not be empty, `.` or `..`"
        );
        assert!(!error.is_fatal());
    }
    let targets: Vec<String> =
        service.requests().into_iter().map(|request| request.target).collect();
    assert!(targets.iter().all(|target| target.starts_with("/titles/")), "{targets:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_can_be_the_body_of_a_request() {
    let service = TestService::start(|request| {
        let ids = request.body["ids"].as_array().unwrap();
        let titles = ids.iter().rev().map(|id| json!([id, format!("title of {id}")]));
        (200, titles.collect())
    })
    .unwrap();
    let transform = without_retries(by_post(), &service.url()).await;
    assert_eq!(page(&*transform, ["a", "b"]).await.ok(), [r#"title of "a""#, r#"title of "b""#]);
    assert_eq!(service.requests().len(), 1);
    assert_eq!(service.requests()[0].method, "POST");
}

#[tokio::test]
async fn a_refused_key_refuses_its_record_and_any_other_status_ends_the_run() {
    for (status, kind, is_fatal, hint) in [
        (400, ErrorKind::Refused, false, "dead_letter"),
        (401, ErrorKind::Auth, true, "`headers`"),
        (403, ErrorKind::Auth, true, "`headers`"),
        (404, ErrorKind::Refused, false, "`url`"),
        (405, ErrorKind::Refused, true, "`url`"),
        (413, ErrorKind::Refused, false, "`batch`"),
        (422, ErrorKind::Refused, false, "dead_letter"),
        (429, ErrorKind::RateLimited, true, "`rate_limit`"),
        (503, ErrorKind::Unavailable, true, "run again"),
        (301, ErrorKind::Config, true, "`url`"),
    ] {
        let server = server([Response::new(status, "<p>no\x1b[2J</p>")]).await;
        let transform = without_retries(by_strict_segment(), server.url()).await;
        let error = page(&*transform, ["j1"]).await.only_error();
        assert_eq!((error.kind(), error.is_fatal()), (kind, is_fatal), "{status}");
        assert!(error.hint_text().unwrap().contains(hint), "{status}: {error:?}");
        let text = error.full_message();
        let start = format!("GET {}/: the server answered {status} ", server.url());
        assert!(text.starts_with(&start), "{text}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_path_that_does_not_exist_is_not_taken_for_unknown_keys() {
    let server = server([Response::new(404, "")]).await;
    let transform = job_titles(server.url(), &json!({})).await;
    for title in page(&*transform, ["j1", "j2"]).await.titles {
        assert!(title.unwrap_err().is_fatal());
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_temporary_failure_is_retried() {
    for failure in [
        Response::new(500, ""),
        Response::new(408, ""),
        Response::new(429, "").header("retry-after", "0.01"),
        Response::new(200, "<html>maintenance</html>"),
        good().truncated(),
        good().disconnected(),
    ] {
        let server = server([failure, good()]).await;
        let transform = job_titles(server.url(), &json!({})).await;
        let applied = page(&*transform, ["j1", "j2"]).await;
        assert_eq!(applied.counters.get("requests"), 2);
        assert_eq!(applied.ok(), ["Tester", "Planner"]);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_retry_after_delays_all_requests() {
    let start = std::time::Instant::now();
    let times = Arc::new(Mutex::new(Vec::new()));
    let (seen, number) = (Arc::clone(&times), AtomicUsize::new(0));
    let script = move |_: &Request| {
        seen.lock().unwrap().push(start.elapsed().as_millis());
        if number.fetch_add(1, Ordering::SeqCst) == 0 {
            return Response::new(429, "").header("retry-after", "0.3");
        }
        good()
    };
    let server = FaultServer::start(script).await;
    let transform = job_titles(server.url(), &json!({"concurrency": 1, "batch": 1})).await;
    page(&*transform, ["j1", "j2", "j3"]).await.ok();
    let times = times.lock().unwrap();
    assert_eq!(times.len(), 4);
    assert!(times[1] >= times[0] + 290, "{times:?}");
}

#[tokio::test]
async fn a_wait_that_is_too_long_ends_the_run() {
    let server = server([Response::new(429, "").header("retry-after", "3600")]).await;
    let transform = job_titles(server.url(), &json!({})).await;
    let error = page(&*transform, ["j1"]).await.only_error();
    assert!(error.is_fatal());
    assert!(error.hint_text().unwrap().contains("`max_retry_after`"), "{error:?}");
}

#[tokio::test]
async fn a_dead_service_ends_the_run_after_all_attempts() {
    let server = server([Response::new(503, "back soon")]).await;
    let more = json!({"retry": {"max_attempts": 3, "initial_delay": "1ms", "max_delay": "1ms"}});
    let transform = job_titles(server.url(), &more).await;
    let error = page(&*transform, ["j1"]).await.only_error();
    assert!(error.is_fatal() && !error.is_temporary() && error.is_resumable());
    let expected = format!(
        "GET {}/: gave up after 3 attempts: the server answered 503 Service Unavailable: back soon",
        server.url()
    );
    assert_eq!(error.full_message(), expected);
    assert_eq!(server.requests().len(), 3);
    let closed = job_titles("http://127.0.0.1:1/titles", &more).await;
    let error = page(&*closed, ["j1"]).await.only_error();
    assert!(error.is_fatal());
    assert!(error.full_message().contains("no connection: "), "{error:?}");
    assert!(error.hint_text().unwrap().contains("check the `url` of the lookup"));
}

#[tokio::test]
async fn a_slow_service_is_a_timeout() {
    let server = server([Response::new(200, "").never_sent()]).await;
    let more = json!({"timeout": "50ms", "retry": {"max_attempts": 1}});
    let transform = job_titles(server.url(), &more).await;
    let error = page(&*transform, ["j1"]).await.only_error();
    assert_eq!((error.kind(), error.is_fatal()), (ErrorKind::Timeout, true));
    assert!(error.full_message().contains("no complete response within 50ms"), "{error:?}");
    assert!(error.hint_text().unwrap().contains("`timeout`"));
}

#[tokio::test]
async fn a_response_of_another_form_is_shown_without_secrets() {
    for (body, expected) in [
        ("no json, key Canary4711", "the response is not JSON: "),
        ("", "the response is not JSON: "),
        (
            "[\"Canary4711\"]",
            "the response does not have the expected form: invalid type: sequence",
        ),
        ("\"Canary4711\"", "the response does not have the expected form: invalid type: string"),
    ] {
        let server = server([Response::new(200, body)]).await;
        let more = json!({"headers": {"x-key": "Bearer Canary4711"}, "retry": {"max_attempts": 1}});
        let transform = job_titles(server.url(), &more).await;
        let error = page(&*transform, ["j1"]).await.only_error();
        assert_eq!((error.kind(), error.is_fatal()), (ErrorKind::Malformed, true));
        let text = error.full_message();
        assert!(text.contains(expected), "{text}");
        assert!(!text.contains("Canary4711"), "{text}");
    }
}

#[tokio::test]
async fn a_huge_response_is_not_read() {
    for body in [Response::new(200, "[").endless(), Response::new(200, vec![b' '; 100_000])] {
        let server = server([body]).await;
        let transform = job_titles(server.url(), &json!({"max_response_bytes": "10 KiB"})).await;
        let error = page(&*transform, ["j1"]).await.only_error();
        assert_eq!((error.kind(), error.is_fatal()), (ErrorKind::Limit, false));
        assert!(error.full_message().contains("the response exceeds 10240 bytes"), "{error:?}");
        assert!(error.hint_text().unwrap().contains("`max_response_bytes`"));
    }
}

#[tokio::test]
async fn a_long_response_is_parsed_whole() {
    let titles: Answers = (0..5000).map(|key| (key.to_string(), json!("x".repeat(30)))).collect();
    let server = server([Response::new(200, json!(titles).to_string())]).await;
    let transform = job_titles(server.url(), &json!({})).await;
    assert_eq!(page(&*transform, [4999]).await.ok(), ["x".repeat(30)]);
}

#[tokio::test]
async fn rate_limit_spaces_the_requests() {
    let start = std::time::Instant::now();
    let server = server([good()]).await;
    let transform = job_titles(server.url(), &json!({"rate_limit": 50, "batch": 1})).await;
    page(&*transform, 0..6).await.ok();
    assert!(start.elapsed().as_millis() >= 100, "6 requests at 50 a second");
}
