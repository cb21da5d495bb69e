//! Test support for the crates of this workspace: a dev-dependency only, never published.
//!
//! - [`FaultServer`] is an HTTP server whose responses a test scripts, faults included.
//! - [`Tenant`] is a TechWolf tenant on such a server, and [`Receiver`] a webhook receiver.
//! - [`Context`] is a temporary folder in which a test runs the `taskferry` binary.
//! - [`build`] and [`run_context`] drive a plugin without a pipeline, on top of [`taskferry_sdk::testing`], which is the harness for
//!   authors of plugins.
//! - [`TlsServer`] is an HTTPS server with a certificate that a test describes.
//! - [`trials!`] and [`run_trials`] are for tests in a program with a `main` function of its own.
//! - [`record_text`] generates records for property tests.
//!
//! The only workspace crate that this crate depends on is `taskferry-sdk`. Unit tests of `taskferry-sdk` and of its
//! dependencies can't use this crate, because they would see two copies of each type.
//!
//! ```
//! use taskferry_testkit::{FaultServer, Response};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let mut requests = 0;
//! let server = FaultServer::start(move |_| {
//!     requests += 1;
//!     if requests == 1 { Response::new(503, "busy") } else { Response::new(200, "done") }
//! })
//! .await;
//! // … the code under test sends its requests to `server.url()` …
//! assert!(server.requests().is_empty());
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a failed test panics")]

mod context;
mod fault_server;
mod plugin;
mod process;
mod receiver;
mod record_text;
mod tenant;
mod timeout;
mod tls_server;
mod trials;

use std::path::Path;

pub use context::{CLIENT_SECRET, Context};
pub use fault_server::{FaultServer, Request, Response, in_order};
pub use plugin::{build, merged, run_context};
pub use process::{Outcome, Running, json_lines};
pub use receiver::{Deliveries, Receiver};
pub use record_text::record_text;
pub use tenant::{Tenant, page, page_of, techwolf_source, token};
pub use timeout::TIMEOUT;
pub use tls_server::{Authority, TlsServer, authority};
pub use trials::{Trial, run_trials};

/// The absolute path of a file of the repository, `pipelines/quickstart.toml` for example.
pub fn project_file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    root.join(name).to_str().unwrap().to_owned()
}
