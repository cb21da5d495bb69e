//! The options, and the checks of `taskferry doctor`.

use taskferry_sdk::serde_json::{Value, json};
use taskferry_sdk::{AnyTransform, TransformPlugin, Verdict};
use taskferry_testkit::{FaultServer, Response, build, merged, run_context};

use crate::config::MyPlugin;

fn problems(more: &Value) -> Vec<(String, String)> {
    let lookup = merged(json!({"url": "https://hr.example.com/titles"}), more);
    let found = build(&json!({ "lookup": lookup }), MyPlugin::build).unwrap_err();
    found.iter().map(|problem| (problem.path.to_string(), problem.message.clone())).collect()
}

#[test]
fn errors_are_reported_at_their_options() {
    for (more, path, message) in [
        (json!({"url": ""}), "lookup.url", "`url` is empty"),
        (json!({"url": "hr.example.com"}), "lookup.url", "`https://` is missing"),
        (
            json!({"url": "http://hr.example.com"}),
            "lookup.url",
            "so keys would be sent unencrypted",
        ),
        (
            json!({"url": "https://u:p@hr.example.com"}),
            "lookup.url",
            "contains a user or a password",
        ),
        (json!({"batch": 0}), "lookup.batch", "0 is out of range"),
        (
            json!({"batch": 101}),
            "lookup.batch",
            "the service accepts 100 keys in one request, not 101",
        ),
        (json!({"concurrency": 0}), "lookup.concurrency", "0 is out of range"),
        (json!({"concurrency": 65}), "lookup.concurrency", "65 is out of range"),
        (json!({"rate_limit": 0}), "lookup.rate_limit", "0 is out of range"),
        (json!({"timeout": "0s"}), "lookup.timeout", "must be greater than zero"),
        (json!({"cache_age": "0s"}), "lookup.cache_age", "must be greater than zero"),
        (json!({"headers": {"Host": "x"}}), "lookup.headers.Host", "`host` is set by the lookup"),
        (json!({"headers": {"x y": "x"}}), "lookup.headers.x y", "is not a valid header name"),
        (json!({"retry": {"max_elapsed": "0s"}}), "lookup.retry.max_elapsed", "greater than zero"),
        (json!({"connection": {"proxy": "ftp://x"}}), "lookup.connection.proxy", ""),
        (json!({"connection": {"ca_file": "x.pem"}}), "lookup.connection.ca_file", "can't read"),
        (json!({"cache": 5}), "lookup.cache", "unknown key `cache`"),
        (json!({"timeout": 30}), "lookup.timeout", "`30` has no unit"),
    ] {
        let found = problems(&more);
        let [(at, text)] = &found[..] else { panic!("{more}: {found:?}") };
        assert_eq!(at, path, "{more}");
        assert!(text.contains(message), "{more}: {text}");
    }
    assert_eq!(problems(&json!({"batch": 0, "concurrency": 0, "url": ""})).len(), 3);
}

#[test]
fn secrets_are_not_shown() {
    let headers = json!({"Authorization": "Bearer Canary4711", "x": "line\nCanary4711"});
    let text =
        format!("{:?}", problems(&json!({"headers": headers, "url": "https://u:Canary4711@h"})));
    assert!(!text.contains("Canary4711"), "{text}");
    let lookup =
        json!({"url": "https://h.example/?key=Canary4711", "headers": {"x": "Canary4711"}});
    let built = build(&json!({ "lookup": lookup }), MyPlugin::build).unwrap();
    let text = format!("{built:?}").replace("key=Canary4711", "");
    assert!(!text.contains("Canary4711"), "{text}");
}

async fn verdicts(url: &str) -> Vec<(&'static str, Verdict, String)> {
    let lookup = json!({"url": url, "headers": {"x-key": "k"}});
    let built = build(&json!({ "lookup": lookup }), MyPlugin::build).unwrap();
    let AnyTransform::Async(transform) = built else { panic!("an async transform") };
    let mut verdicts = Vec::new();
    for check in transform.checks(&run_context("r1")) {
        let name = check.name();
        for finding in check.run().await {
            verdicts.push((name, finding.verdict, finding.text));
        }
    }
    verdicts
}

#[tokio::test]
async fn doctor_reaches_the_service_and_looks_nothing_up() {
    let server = FaultServer::start(|_| Response::new(405, "")).await;
    let found = verdicts(server.url()).await;
    let names: Vec<_> = found.iter().map(|(name, verdict, _)| (*name, *verdict)).collect();
    let ok = Verdict::Ok;
    assert_eq!(names, [("proxy", ok), ("dns", Verdict::Skipped), ("tls", ok), ("service", ok)]);
    let (.., text) = &found[3];
    assert!(
        text.ends_with("answered HEAD with 405 Method Not Allowed; nothing was looked up"),
        "{text}"
    );
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.method == "HEAD" && request.target == "/"));
    assert_eq!(requests[0].header("x-key"), Some("k"));
    for (status, verdict) in [(401, Verdict::Warning), (503, Verdict::Warning), (200, ok)] {
        let server = FaultServer::start(move |_| Response::new(status, "")).await;
        assert_eq!(verdicts(server.url()).await[3].1, verdict, "{status}");
    }
    let found = verdicts("http://127.0.0.1:1").await;
    assert_eq!(found[3].1, Verdict::Failed);
}
