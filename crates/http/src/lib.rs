//! The HTTP client of the stages that send requests. No other crate knows which library it is made of.
//!
//! What it promises, whoever uses it:
//!
//! - Requests go to the one address a [`Client`] was made for. Redirects are told and never followed, so that neither
//!   credentials nor records reach a host, or a scheme, that the pipeline file does not name.
//! - Servers' certificates are always checked: against the system's authorities and those of
//!   [`ConnectionOptions::ca_file`]. Nothing switches that off.
//! - No proxy leads back to this machine. Where the environment names a proxy that can't be understood, no request is
//!   sent: it is never a reason to go there directly.
//! - An answer is read up to a limit, and the whole request has a time limit.
//! - What goes wrong is a [`StageError`](taskferry_sdk::StageError): temporary if it may pass, with advice, and without
//!   the address, which may be a secret.
//!
//! Repeating a request is not done here; that is what `taskferry-retry` decides.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! # let server = taskferry_testkit::FaultServer::start(|_| {
//! #     taskferry_testkit::Response::new(200, "thanks")
//! # }).await;
//! # let url = server.url().parse().unwrap();
//! use taskferry_http::{Advice, Client, Connection, Reading, header::HeaderMap};
//!
//! let advice = Advice { slow: "raise `timeout`", unreachable: "check `url`" };
//! let client = Client::new(url, "30s".parse().unwrap(), &Connection::default(), advice)?;
//! let answer = client.post(HeaderMap::new(), "[]", Reading::Whole { max_bytes: 1 << 20 }).await?;
//! assert!(answer.is_success());
//! assert_eq!(answer.body, "thanks");
//! # Ok::<(), taskferry_sdk::StageError>(())
//! # }).unwrap();
//! ```

mod answer;
mod client;
mod connection;
mod credentials;
mod encoding;
mod excerpt;
mod no_proxy;
mod proxy;
mod rate;
mod retry_after;
mod status;

pub use answer::Answer;
pub use client::{Advice, Client, Reading, bearer};
pub use connection::{Connection, ConnectionOptions, is_this_machine};
pub use excerpt::excerpt;
pub use rate::RateLimit;
pub use reqwest::{StatusCode, header};
