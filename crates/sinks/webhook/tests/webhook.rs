//! What the sink promises, seen from outside: against a receiver that answers as each test wants it to.

#![expect(clippy::unwrap_used, reason = "what a test takes for granted may end it")]

use serde_json::{Value, json};
use taskferry_core::{
    Batch, BuildContext, Cursor, Delivery, Endpoints, ErrorKind, Mark, NoFiles, Origin, Problem,
    Record, Refusals, Registry, RunContext, Sink, StageError,
};
use taskferry_retry::faulty_server::{Answer, FaultyServer, Request};
use taskferry_sink_webhook::WebhookOptions;

const PATH: &str = "/services/T0/hunter2";

/// A receiver that gives these answers in order, the last again and again.
async fn receiver(answers: impl IntoIterator<Item = Answer>) -> FaultyServer {
    let mut answers: Vec<Answer> = answers.into_iter().collect();
    answers.reverse();
    let script = move |_: &Request| match answers.len() {
        0 => Answer::new(200, "ok"),
        1 => answers[0].clone(),
        _ => answers.pop().unwrap(),
    };
    FaultyServer::start(script).await.unwrap()
}

fn build(options: &Value) -> Result<Box<dyn Sink>, Vec<Problem>> {
    let mut registry = Registry::new();
    registry.sink::<WebhookOptions>();
    let endpoints = Endpoints::default();
    let built = registry.build_sink("webhook", options, &BuildContext::new(&NoFiles, &endpoints));
    built.unwrap().map(|built| built.sink)
}

fn run(run_id: &str) -> RunContext {
    RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), run_id)
}

/// A sink that posts to `server`, opened for the run `r1`.
async fn sink(server: &FaultyServer, more: &Value) -> Box<dyn Sink> {
    sink_in(&run("r1"), server, more).await
}

async fn sink_in(run: &RunContext, server: &FaultyServer, more: &Value) -> Box<dyn Sink> {
    let mut options = json!({
        "url": format!("{}{PATH}", server.url()),
        "retry": {"initial_delay": "1ms", "max_delay": "1ms"},
    });
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    let mut sink = build(&options).unwrap();
    sink.open(run, None).await.unwrap();
    sink
}

/// The batch that page `page` became.
fn batch(page: u64, records: &[&'static str]) -> Batch {
    let cursor = (page > 1).then(|| Cursor::new(format!("c{page}")));
    let records = records.iter().enumerate().map(|(index, text)| {
        let origin = Origin { page, cursor: cursor.clone(), index, job: None };
        Record::parse(*text).unwrap().with_origin(origin)
    });
    Batch { page, cursor: cursor.clone(), next: None, records: records.collect() }
}

async fn deliver(sink: &mut dyn Sink, batch: &Batch) -> Result<Mark, StageError> {
    sink.write(batch, &mut Refusals::default()).await?;
    sink.commit().await
}

fn bodies(server: &FaultyServer) -> Vec<String> {
    server.requests().into_iter().map(|request| request.body).collect()
}

fn keys(server: &FaultyServer) -> Vec<String> {
    let requests = server.requests();
    requests.iter().map(|request| request.header("idempotency-key").unwrap().to_owned()).collect()
}

#[tokio::test]
async fn records_are_posted_as_their_text_is() {
    let server = receiver([]).await;
    let headers = json!({"Authorization": "Bearer hunter2", "x-team": "people"});
    let mut sink = sink(&server, &json!({"headers": headers})).await;
    let records = [r#"{"b": 1.10,  "a":100000000000000000001}"#, r#"{"ü":"\u00e9"}"#];
    deliver(&mut *sink, &batch(1, &records)).await.unwrap();

    let [request] = &server.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", PATH));
    assert_eq!(request.body, format!("[{},{}]", records[0], records[1]));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("authorization"), Some("Bearer hunter2"));
    assert_eq!(request.header("x-team"), Some("people"));
    assert!(request.header("user-agent").unwrap().starts_with("taskferry/"));
    let key = request.header("idempotency-key").unwrap();
    assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key}");
}

#[tokio::test]
async fn batches_are_cut_by_number_and_by_size_and_at_every_commit() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({"batch_records": 2, "batch_bytes": "20 B"})).await;
    deliver(&mut *sink, &batch(1, &["1", "2", "3", "4", "5"])).await.unwrap();
    deliver(&mut *sink, &batch(2, &["6"])).await.unwrap();
    deliver(&mut *sink, &batch(3, &[])).await.unwrap();
    let large = r#""a record beyond the limit""#;
    let mark = deliver(&mut *sink, &batch(4, &["7", large, "8", r#""twelve chars""#])).await;
    assert_eq!(
        bodies(&server),
        [
            "[1,2]",
            "[3,4]",
            "[5]",
            "[6]",
            "[7]",
            r#"["a record beyond the limit"]"#,
            r#"[8,"twelve chars"]"#
        ]
    );
    assert_eq!(mark.unwrap().get(), &json!({"batches": 7, "records": 10}));
    let bytes: usize = bodies(&server).iter().map(String::len).sum();
    let delivery = sink.finish().await.unwrap();
    let expected = Delivery {
        records: 10,
        bytes: bytes as u64,
        requests: 7,
        retries: 0,
        ..Delivery::default()
    };
    assert_eq!(delivery, expected);
}

#[tokio::test]
async fn nothing_to_deliver_sends_nothing() {
    let server = receiver([]).await;
    let mut sink = sink(&server, &json!({})).await;
    let mark = deliver(&mut *sink, &batch(1, &[])).await.unwrap();
    assert_eq!(mark.get(), &json!({"batches": 0, "records": 0}));
    assert_eq!(sink.finish().await.unwrap(), Delivery::default());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_repeated_batch_keeps_its_key() {
    let server = receiver([
        Answer::new(429, "").header("retry-after", "0"),
        Answer::new(503, "<h1>busy</h1>"),
        Answer::new(408, ""),
        Answer::new(500, "x").cut(),
        Answer::new(201, ""),
    ])
    .await;
    let mut sink = sink(&server, &json!({})).await;
    deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
    let keys = keys(&server);
    assert_eq!(keys.len(), 5);
    assert!(keys.iter().all(|key| *key == keys[0]));
    let delivery = sink.finish().await.unwrap();
    assert_eq!((delivery.records, delivery.requests, delivery.retries), (1, 5, 4));
}

#[tokio::test]
async fn the_same_batch_of_the_same_run_has_the_same_key_and_no_other_has() {
    let server = receiver([]).await;
    for run_id in ["r1", "r1", "r2"] {
        let mut sink = sink_in(&run(run_id), &server, &json!({"batch_records": 1})).await;
        deliver(&mut *sink, &batch(1, &["1", "1"])).await.unwrap();
        deliver(&mut *sink, &batch(2, &["1"])).await.unwrap();
    }
    let keys = keys(&server);
    assert_eq!(keys[0..3], keys[3..6], "a run that is repeated repeats its keys");
    let mut distinct = keys.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 6, "same content, another place or another run: another key");
}

#[tokio::test]
async fn a_receiver_that_says_no_ends_it() {
    for (status, kind, hint) in [
        (400, ErrorKind::Refused, None),
        (401, ErrorKind::Auth, Some("`headers`")),
        (403, ErrorKind::Auth, Some("`headers`")),
        (404, ErrorKind::Refused, Some("`url`")),
        (413, ErrorKind::Refused, Some("`batch_bytes`")),
    ] {
        let server = receiver([Answer::new(status, "<p>no\x1b[2J</p>")]).await;
        let mut sink = sink(&server, &json!({})).await;
        let error = deliver(&mut *sink, &batch(2, &["1", "2"])).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (kind, false), "{status}");
        assert_eq!(error.hint_text().is_some(), hint.is_some(), "{status}");
        assert!(error.hint_text().unwrap_or_default().contains(hint.unwrap_or_default()));
        let text = error.full_message();
        let start = format!(
            "batch 1 (2 records from page 2 (after `c2`), record 1): POST {}/…: the server answered {status} ",
            server.url()
        );
        assert!(text.starts_with(&start), "{text}");
        assert!(text.ends_with(": no [2J"), "{text}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_receiver_that_stays_busy_is_asked_as_often_as_the_options_say() {
    let server = receiver([Answer::new(503, "")]).await;
    let retry = json!({"max_attempts": 3, "initial_delay": "1ms"});
    let mut sink = sink(&server, &json!({"retry": retry})).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    assert!(error.full_message().contains("gave up after 3 attempts"), "{error}");
    assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Unavailable, 3));
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_not_waited_for_without_end() {
    let server = receiver([Answer::new(500, "").silent()]).await;
    let retry = json!({"max_attempts": 2, "initial_delay": "1ms"});
    let mut sink = sink(&server, &json!({"timeout": "100ms", "retry": retry})).await;
    assert!(deliver(&mut *sink, &batch(1, &["1"])).await.is_err());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_yes_counts_whatever_follows_it() {
    for answer in [
        Answer::new(200, "x".repeat(1000)).endless(),
        Answer::new(200, "x").cut(),
        Answer::new(204, ""),
    ] {
        let server = receiver([answer]).await;
        let mut sink = sink(&server, &json!({})).await;
        deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let away = Answer::new(308, "").header("location", "https://elsewhere.example/x?sig=hunter2");
    let server = receiver([away]).await;
    let mut sink = sink(&server, &json!({})).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    let text = error.full_message();
    assert!(text.contains("leads to https://elsewhere.example and is not followed"), "{text}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn secrets_are_in_no_message() {
    let token = "Bearer tok-4711";
    let echo = format!("Cannot POST {PATH}?k=hunter2 with {token}, with tok-4711, not hunter2");
    let server = receiver([Answer::new(400, echo)]).await;
    let url = format!("{}{PATH}?k=hunter2", server.url());
    let more = json!({"url": url, "headers": {"authorization": token}});
    let mut sink = sink(&server, &more).await;
    let error = deliver(&mut *sink, &batch(1, &["1"])).await.unwrap_err();
    let nobody = json!({"url": "http://127.0.0.1:1/hunter2", "retry": {"max_attempts": 1}});
    let mut lost = build(&nobody).unwrap();
    lost.open(&run("r1"), None).await.unwrap();
    let refused = deliver(&mut *lost, &batch(1, &["1"])).await.unwrap_err();
    for text in [
        error.full_message(),
        format!("{error:?}"),
        format!("{sink:?}"),
        refused.full_message(),
        format!("{refused:?} {:?}", refused.hint_text()),
    ] {
        assert!(!text.contains("hunter2") && !text.contains("4711"), "{text}");
    }
    assert!(
        refused.full_message().contains("POST http://127.0.0.1:1/…: no connection"),
        "{refused}"
    );
}

fn problems(more: &Value) -> Vec<(String, &'static str)> {
    let mut options = json!({"url": "https://hooks.example/x"});
    for (key, value) in more.as_object().unwrap() {
        options[key] = value.clone();
    }
    let problems = build(&options).map(drop).unwrap_err();
    assert!(problems.iter().all(|problem| !format!("{problem:?}").contains("hunter2")));
    problems.iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
}

#[test]
fn a_wrong_url_is_told_without_showing_it() {
    for (url, code) in [
        ("", "value::empty"),
        (" ", "value::empty"),
        ("hooks.example/hunter2", "url::invalid"),
        ("ftp://hooks.example/hunter2", "url::scheme"),
        ("https://", "url::invalid"),
        ("http://hooks.example/hunter2", "url::unencrypted"),
    ] {
        assert_eq!(problems(&json!({"url": url})), [("url".to_owned(), code)], "{url}");
    }
    let within = json!({"url": "http://receiver.team.svc/", "allow_http": true});
    assert!(build(&within).is_ok());
    assert!(build(&json!({"url": "http://localhost:8080/"})).is_ok());
}

#[test]
fn headers_that_can_not_be_sent_are_told_all_at_once() {
    let headers = json!({
        "Content-Type": "text/plain",
        "IDEMPOTENCY-KEY": "hunter2",
        "X-Twice": "a",
        "bad name": "hunter2",
        "x-torn": "hunter2\n",
        "x-twice": "b",
    });
    let expected = [
        ("headers.Content-Type", "header::own"),
        ("headers.IDEMPOTENCY-KEY", "header::own"),
        ("headers.bad name", "header::name"),
        ("headers.x-torn", "header::value"),
        ("headers.x-twice", "header::twice"),
    ];
    assert_eq!(
        problems(&json!({"headers": headers})),
        expected.map(|(path, code)| (path.to_owned(), code))
    );
}

#[test]
fn a_batch_holds_something() {
    let found = problems(&json!({"batch_records": 0, "batch_bytes": "0 B"}));
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(problems(&json!({"timeout": "0s"})), [("timeout".to_owned(), "value::invalid")]);
}

#[test]
fn what_is_wrong_with_the_connection_is_told_with_the_rest() {
    let more = json!({
        "timeout": "0s",
        "connection": {"ca_file": "nowhere.pem", "proxy": "socks5://user:hunter2@proxy.example"},
        "retry": {"initial_delay": "1m"},
    });
    let expected = [
        ("timeout", "value::invalid"),
        ("retry.max_delay", "value::invalid"),
        ("connection.ca_file", "file::unreadable"),
        ("connection.proxy", "url::scheme"),
    ];
    assert_eq!(problems(&more), expected.map(|(path, code)| (path.to_owned(), code)));
}

#[tokio::test]
async fn a_proxy_takes_records_where_they_belong() {
    let proxy = receiver([]).await;
    let address = proxy.url().replace("http://", "http://user:hunter2@");
    let more = json!({
        "url": "http://receiver.example/x", "allow_http": true, "connection": {"proxy": address},
    });
    let mut sink = sink(&proxy, &more).await;
    deliver(&mut *sink, &batch(1, &["1"])).await.unwrap();
    let [request] = &proxy.requests()[..] else { panic!("one request") };
    assert_eq!(request.target, "http://receiver.example/x");
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    assert!(!format!("{sink:?}").contains("hunter2"));
}
