//! TLS servers and their certificates.

use rcgen::CertificateParams;
use serde_json::json;
use taskferry_http::Connection;
use taskferry_sdk::ErrorKind;
use taskferry_testkit::{Authority, TlsServer, authority};

use crate::files::{Files, checked};
use crate::post;

async fn server(authority: &Authority, name: &str) -> TlsServer {
    TlsServer::start(authority, CertificateParams::new([name.to_owned()]).unwrap()).await
}

fn trusting(authority: &Authority) -> Connection {
    let files = Files([("ca.pem", authority.pem().into_bytes())].into());
    checked(&json!({"ca_file": "ca.pem"}), &files).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_configured() {
    let authority = authority();
    let server = server(&authority, "localhost").await;
    assert_eq!(post(&server.url(), &trusting(&authority)).await.unwrap().body, "hello");
}

#[tokio::test]
async fn every_certificate_in_the_file_is_trusted() {
    let (first, second) = (authority(), authority());
    let server = server(&second, "localhost").await;
    // Some editors write a byte order mark at the start of a file.
    let both = format!("\u{feff}{}\n# ours\n{}", first.pem(), second.pem());
    let files = Files([("ca.pem", both.into_bytes())].into());
    let connection = checked(&json!({"ca_file": "ca.pem"}), &files).unwrap();
    assert_eq!(post(&server.url(), &connection).await.unwrap().body, "hello");
}

#[tokio::test]
async fn an_untrusted_server_is_refused() {
    let authority = authority();
    let server = server(&authority, "localhost").await;
    let error = post(&server.url(), &trusting(&taskferry_testkit::authority())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(error.hint_text().unwrap().contains("`connection.ca_file`"), "{error:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = authority();
    let server = server(&authority, "elsewhere.example").await;
    let error = post(&server.url(), &trusting(&authority)).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}
