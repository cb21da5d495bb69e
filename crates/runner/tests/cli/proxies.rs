//! Proxies from the environment.

use taskferry_testkit::{Context, FaultServer, Response};

const SINK: &str = "[[sink]]\ntype = \"file\"\npath = \"out/jobs.ndjson\"\n";

/// A pipeline from an unreachable tenant.
fn unreachable_source() -> String {
    let source =
        "[source]\ntype = \"techwolf\"\nurl = \"https://acme.invalid\"\nauth = { token = \"t\" }\n";
    format!("{source}retry = {{ max_attempts = 1 }}\n{SINK}")
}

/// A pipeline to a receiver at this address.
fn pipeline_to(url: &str) -> String {
    let source = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=2\"\n";
    format!(
        "{source}[[sink]]\ntype = \"webhook\"\nurl = \"{url}\"\nallow_http = true\nretry = {{ max_attempts = 1 }}\n"
    )
}

#[test]
fn an_invalid_proxy_fails_the_run_and_is_named() {
    for (name, value) in [
        ("HTTPS_PROXY", "\"http://user:hunter2@proxy.example:3128\""),
        ("https_proxy", "'proxy.example:3128'"),
        ("HTTPS_PROXY", "http://user:hunter2#x@proxy.example:3128"),
        ("ALL_PROXY", "socks5://user:hunter2@proxy.example:1080"),
        ("all_proxy", "http://user:hunter2/x@proxy.example"),
    ] {
        let mut context = Context::new();
        context.set(name, value);
        context.write("source.toml", &unreachable_source());
        context.write("sink.toml", &pipeline_to("https://receiver.invalid/x"));
        for (file, code) in [("source.toml", 3), ("sink.toml", 5)] {
            let ended = context.taskferry(&["run", file]).with_code(code);
            let message = format!("the proxy in {name} is invalid: ");
            assert!(ended.stderr.contains(&message), "{value}: {}", ended.stderr);
            assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
        }
    }
}

#[test]
fn telemetry_does_not_bypass_an_invalid_proxy() {
    let mut context = Context::new();
    context.set("HTTPS_PROXY", "'proxy'");
    context.set("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.invalid");
    let source = "[source]\ntype = \"techwolf\"\nurl = \"sandbox:?jobs=2\"\n";
    context.write("jobs.toml", &format!("{source}{SINK}"));
    let ended = context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let message = "no traces are sent over OTLP: the proxy in HTTPS_PROXY is invalid";
    ended.assert_stderr(message);
}

#[test]
fn requests_use_the_proxy_of_the_environment_unless_excluded() {
    let proxy = FaultServer::start_blocking(|_| Response::new(200, "thanks"));
    let mut context = Context::new();
    let address = proxy.url().replace("http://", "http://user:p@ss@");
    context.set("HTTP_PROXY", format!(" {address} "));
    context.write("jobs.toml", &pipeline_to("http://receiver.invalid/x"));
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    let requests = proxy.requests();
    assert_eq!(requests[0].target, "http://receiver.invalid/x");
    // `user:p@ss`
    assert_eq!(requests[0].header("proxy-authorization"), Some("Basic dXNlcjpwQHNz"));
    for no_proxy in ["*.invalid:80", "localhost, .invalid", "receiver.invalid"] {
        context.set("NO_PROXY", no_proxy);
        let ended = context.taskferry(&["run", "jobs.toml", "--fresh"]).with_code(5);
        ended.assert_stderr("no connection: ");
    }
    assert_eq!(proxy.requests().len(), requests.len());
}
