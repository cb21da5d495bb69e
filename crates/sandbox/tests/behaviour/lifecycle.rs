//! Start and stop of a sandbox.

use std::time::Duration;

use serde_json::json;
use taskferry_sandbox::{DataOrigin, Sandbox, SandboxError, SandboxOptions};
use tokio::net::{TcpListener, TcpStream};

use crate::client::Client;

fn one_job() -> Sandbox {
    let data = DataOrigin::Generated { jobs: 1, seed: 1 };
    Sandbox::load(SandboxOptions { data, ..SandboxOptions::default() }).unwrap()
}

#[tokio::test]
async fn a_stopped_sandbox_stops_listening() {
    let running = one_job().serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = running.address();
    assert_eq!(running.url(), format!("http://{address}"));
    assert_eq!(running.credentials().token_url, format!("http://{address}/oauth/token"));
    TcpStream::connect(address).await.unwrap();
    running.stop().await;
    TcpStream::connect(address).await.unwrap_err();
}

#[tokio::test]
async fn a_dropped_sandbox_closes_open_connections() {
    let client = Client::generated(1).await;
    client.page("", &json!({"limit": 1})).await;
    let address = client.sandbox.address();
    drop(client.sandbox);
    let stopped = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), stopped).await.unwrap();
}

#[tokio::test]
async fn a_wildcard_address_is_shown_as_a_reachable_one() {
    let running = one_job().serve(([0, 0, 0, 0], 0).into()).await.unwrap();
    assert!(running.url().starts_with("http://127.0.0.1:"), "{}", running.url());
    running.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_reported() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = one_job().serve(address).await.unwrap_err();
    assert!(matches!(error, SandboxError::Listen { .. }));
    assert!(
        error.to_string().starts_with(&format!("the sandbox can't listen on {address}: ")),
        "{error}"
    );
}

#[tokio::test]
async fn a_sandbox_refuses_tokens_of_another() {
    let (one, mut other) = (Client::generated(1).await, Client::generated(2).await);
    other.token = one.token;
    assert_eq!(other.export("", &json!({"limit": 1})).await.0, 401);
}
