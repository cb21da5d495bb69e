//! A local server that behaves like TechWolf's API for task profiles. It serves generated jobs or a dataset file.
//!
//! ```
//! use taskferry_sandbox::{DataOrigin, Sandbox, SandboxOptions};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), taskferry_sandbox::SandboxError> {
//! let data = DataOrigin::Generated { jobs: 20, seed: 7 };
//! let sandbox = Sandbox::load(SandboxOptions { data, ..SandboxOptions::default() })?;
//! let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
//!
//! println!("POST {}/job_architecture/export/jobs/task_profiles", running.url());
//! println!("with a token from {}", running.credentials().token_url);
//! running.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! The sandbox refuses requests that the API is not known to accept. The error names the field. Where no public page
//! describes the behavior of the API, a setting selects it: see [`SETTINGS`].
//!
//! The data is deleted with the sandbox, unless [`SandboxOptions::database`] names a file. Tenants share no data, and the
//! credentials of a [`Client`] can hide a part of its tenant's data.

mod access;
mod catalog;
mod clients;
mod credentials;
mod dataset;
mod error;
mod fault;
mod generator;
mod http;
mod openapi;
mod options;
mod problem;
mod quote;
mod random;
mod record;
mod running;
mod serving;
mod settings;
mod store;
mod template;
mod tenants;
mod timestamp;
mod url;
mod vocabulary;

pub use access::PublicKey;
pub use clients::Client;
pub use credentials::Credentials;
pub use error::SandboxError;
pub use fault::{FAULTS, Fault, FaultForm, Faults};
pub use generator::Generator;
pub use options::{DataOrigin, DatabaseFile, Filled, MAX_JOBS, SandboxOptions, Tenant};
pub use problem::{OptionProblem, SyntaxProblem};
pub use running::{RunningSandbox, Sandbox};
pub use settings::*;
pub use url::{SandboxUrl, UrlProblem};
