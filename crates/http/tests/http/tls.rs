//! TLS servers and their certificates.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use taskferry_http::Connection;
use taskferry_sdk::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::files::{Files, checked};
use crate::post;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A local server with a certificate for these names. It responds with `hello` after the handshake.
async fn server(authority: &Authority, names: &[&str]) -> (String, JoinSet<()>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the server closes the connection.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (url, serving)
}

fn trusting(authority: &Authority) -> Connection {
    let files = Files([("ca.pem", authority.pem().into_bytes())].into());
    checked(&json!({"ca_file": "ca.pem"}), &files).unwrap()
}

#[tokio::test]
async fn a_private_authority_is_trusted_if_configured() {
    let authority = authority();
    let (url, _serving) = server(&authority, &["localhost"]).await;
    assert_eq!(post(&url, &trusting(&authority)).await.unwrap().body, "hello");
}

#[tokio::test]
async fn every_certificate_in_the_file_is_trusted() {
    let (first, second) = (authority(), authority());
    let (url, _serving) = server(&second, &["localhost"]).await;
    // Some editors write a byte order mark at the start of a file.
    let both = format!("\u{feff}{}\n# ours\n{}", first.pem(), second.pem());
    let files = Files([("ca.pem", both.into_bytes())].into());
    let connection = checked(&json!({"ca_file": "ca.pem"}), &files).unwrap();
    assert_eq!(post(&url, &connection).await.unwrap().body, "hello");
}

#[tokio::test]
async fn an_untrusted_server_is_refused() {
    let authority = authority();
    let (url, _serving) = server(&authority, &["localhost"]).await;
    let error = post(&url, &trusting(&self::authority())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(error.hint_text().unwrap().contains("`connection.ca_file`"), "{error:?}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = authority();
    let (url, _serving) = server(&authority, &["elsewhere.example"]).await;
    let error = post(&url, &trusting(&authority)).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}
