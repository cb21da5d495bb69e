//! The HTTP client of the stages that send requests, and the only crate that depends on reqwest.
//!
//! Guarantees:
//!
//! - A [`Client`] sends all requests to one address, or to paths below it. Redirects are reported and never followed, so that
//!   credentials and records reach only hosts and schemes that the pipeline file names.
//! - Certificates are always verified, against the system's authorities and those of [`ConnectionOptions::ca_file`]. No option
//!   disables this.
//! - Requests to this machine never use a proxy. If the environment has an invalid proxy for an address, no request is sent to
//!   this address, not even without a proxy.
//! - A response has a size limit, and the whole request has a time limit.
//! - An error is a [`StageError`](taskferry_sdk::StageError) with a hint and without the address, which may be a secret. It is
//!   temporary if a retry may succeed.
//!
//! `taskferry-retry` decides when requests are sent and retried.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let server = taskferry_testkit::FaultServer::start(|_| {
//! #     taskferry_testkit::Response::new(200, "thanks")
//! # }).await;
//! # let url = server.url().parse().unwrap();
//! use taskferry_http::{Connection, Hints, ReadBody, Server, header::HeaderMap};
//!
//! let hints = Hints { timeout: "raise `timeout`", unreachable: "check `url`" };
//! let (headers, timeout) = (HeaderMap::new(), "30s".parse().unwrap());
//! let client = Server { url, headers, timeout, connection: Connection::default(), hints }.client().await?;
//! let response = client.post(HeaderMap::new(), "[]", ReadBody::Whole { max_bytes: 1 << 20 }).await?;
//! assert!(response.is_success());
//! assert_eq!(response.body, "thanks");
//! # Ok::<(), taskferry_sdk::StageError>(())
//! # }).unwrap();
//! ```

mod address;
mod certificate;
mod client;
mod connection;
mod credentials;
mod encoding;
mod excerpt;
mod headers;
mod no_proxy;
mod probe;
mod proxy;
mod refused_certificate;
mod response;
mod server;

pub use address::parse_address;
pub use certificate::Certificate;
pub use client::{Client, ReadBody, bearer};
pub use connection::{Connection, ConnectionOptions, check_encryption, is_this_machine};
pub use excerpt::excerpt;
pub use headers::check_headers;
pub use probe::{ServerProbe, StatusCheck, checks_with_status, clock_check, server_checks};
pub use reqwest::{StatusCode, header};
pub use response::Response;
pub use server::{Hints, Server};
