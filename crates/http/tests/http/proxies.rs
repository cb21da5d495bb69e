//! Proxies from the options, from the environment, and none.

use std::process::Command;

use serde_json::json;
use taskferry_http::Connection;
use taskferry_sdk::ErrorKind;
use taskferry_testkit::{FaultServer, Response};

use crate::files::connection;
use crate::post;

/// A proxy that responds with the requested URL.
async fn proxy() -> FaultServer {
    FaultServer::start(|request| Response::new(200, request.target.clone())).await
}

#[tokio::test]
async fn requests_go_through_the_proxy_with_its_credentials() {
    let proxy = proxy().await;
    let address = proxy.url().replace("http://", "http://user:hunter2@");
    let connection = connection(&json!({"proxy": address}));
    let answer = post("http://receiver.example/x", &connection).await.unwrap();
    assert_eq!(answer.body, "http://receiver.example/x");
    let request = &proxy.requests()[0];
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    assert!(!format!("{connection:?}").contains("hunter2"));
}

#[tokio::test]
async fn loopback_addresses_are_never_proxied() {
    let (proxy, server) = (proxy().await, proxy().await);
    let connection = connection(&json!({"proxy": proxy.url()}));
    let answer = post(&format!("{}/here", server.url()), &connection).await.unwrap();
    assert_eq!(answer.body, "/here");
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn a_proxy_that_refuses_a_tunnel_is_reported() {
    for status in [403, 407, 502] {
        let proxy = FaultServer::start(move |_| Response::new(status, "no")).await;
        let address = proxy.url().replace("http://", "http://user:hunter2@");
        let connection = connection(&json!({"proxy": address}));
        let error = post("https://receiver.example/hunter2", &connection).await.unwrap_err();
        assert_eq!((error.kind(), error.is_temporary()), (ErrorKind::Network, true));
        assert!(error.hint_text().unwrap().contains("check `connection.proxy`"), "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        assert_eq!(proxy.requests()[0].method, "CONNECT");
    }
}

/// Runs one test of this file in a subprocess whose only proxy variables are `variables`.
fn with_environment(name: &str, variables: &[(&str, &str)]) {
    let test = format!("proxies::{name}");
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &test, "--ignored"]);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        child.env_remove(name).env_remove(name.to_lowercase());
    }
    child.envs(variables.iter().copied());
    let output = child.output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_proxy_of_the_environment_is_used_unless_options_override_it() {
    let proxy = proxy().await;
    // No proxy listens at the address for `https`.
    let variables = [("HTTP_PROXY", proxy.url()), ("HTTPS_PROXY", "http://127.0.0.1:1")];
    let name = "subprocess_with_a_proxy";
    tokio::task::block_in_place(|| with_environment(name, &variables));
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
#[ignore = "run by the test above, with an environment of its own"]
async fn subprocess_with_a_proxy() {
    let answer = post("http://receiver.invalid/x", &Connection::default()).await.unwrap();
    assert_eq!(answer.body, "http://receiver.invalid/x");
    let direct = post("http://receiver.invalid/x", &connection(&json!({"proxy": "none"}))).await;
    assert_eq!(direct.unwrap_err().kind(), ErrorKind::Network);
    let error = post("https://receiver.invalid/x", &Connection::default()).await.unwrap_err();
    assert!(error.hint_text().unwrap().ends_with("or check HTTPS_PROXY"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_at_sign_in_the_password_and_a_trailing_space_are_accepted() {
    let proxy = proxy().await;
    let address = proxy.url().replace("http://", "http://user:p@ss%2F1@") + " ";
    let variables = [("HTTP_PROXY", address.as_str()), ("NO_PROXY", "*.direct.invalid:80")];
    let name = "subprocess_with_a_proxy_password";
    tokio::task::block_in_place(|| with_environment(name, &variables));
    let [request] = &proxy.requests()[..] else { panic!("one request") };
    // `user:p@ss/1`
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpwQHNzLzE="));
}

#[tokio::test]
#[ignore = "run by the test above, with an environment of its own"]
async fn subprocess_with_a_proxy_password() {
    let answer = post("http://receiver.invalid/x", &Connection::default()).await.unwrap();
    assert_eq!(answer.body, "http://receiver.invalid/x");
    let direct = post("http://a.direct.invalid/x", &Connection::default()).await;
    assert_eq!(direct.unwrap_err().kind(), ErrorKind::Network);
}
