//! TLS servers and their certificates.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::json;
use taskferry_http::Connection;
use taskferry_sdk::ErrorKind;
use taskferry_sdk::testing::Files;
use taskferry_testkit::{Authority, TlsServer, authority};

use crate::files::checked;
use crate::post;

async fn server(authority: &Authority, name: &str) -> TlsServer {
    TlsServer::start(authority, CertificateParams::new([name.to_owned()]).unwrap()).await
}

pub(crate) fn trusting(authority: &Authority) -> Connection {
    let files = Files::new().with("ca.pem", authority.pem());
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
    let files = Files::new().with("ca.pem", both);
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
async fn the_dates_and_names_of_a_refused_certificate_are_readable() {
    let authority = authority();
    let params = |names: &[&str]| {
        CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
            .unwrap()
    };
    let (mut expired, mut early) = (params(&["localhost"]), params(&["localhost"]));
    expired.not_after = date_time_ymd(2020, 1, 1);
    early.not_before = date_time_ymd(2999, 1, 1);
    for (certificate, message) in [
        (expired, "expired on 2020-01-01"),
        (early, "is not valid before 2999-01-01"),
        (
            params(&["a.example", "b.example"]),
            "is not valid for name \"localhost\", only valid for `a.example` or `b.example`",
        ),
    ] {
        let server = TlsServer::start(&authority, certificate).await;
        let error = post(&server.url(), &trusting(&authority)).await.unwrap_err();
        assert_eq!(error.to_string(), format!("no connection: the server's certificate {message}"));
    }
    let mut other = CertificateParams::new([]).unwrap();
    other.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    other.distinguished_name.push(DnType::CommonName, "Another Root");
    let other = CertifiedIssuer::self_signed(other, KeyPair::generate().unwrap()).unwrap();
    let server = server(&authority, "localhost").await;
    let error = post(&server.url(), &trusting(&other)).await.unwrap_err();
    let message = "no connection: the server's certificate is refused: its issuer is unknown";
    assert_eq!(error.to_string(), message);
}
