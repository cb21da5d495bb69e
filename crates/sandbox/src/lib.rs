//! The TechWolf endpoint on your own machine: the export of job task profiles and what stands around it, served
//! from generated jobs or from a dataset file.
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
//! It refuses what the real API is not known to accept, with a description that names the field, so that a
//! mistake shows here and not at a tenant. Where no public page says what the real API does, there is a
//! setting: [`SETTINGS`] holds them all, with the defaults and their reasons.
//!
//! Data is private to a sandbox and gone with it, unless [`SandboxOptions::database`] names a file. Several tenants
//! share nothing, and the credentials of a [`Client`] may hide a part of its tenant.

mod access;
mod catalog;
mod clients;
mod credentials;
mod dataset;
mod description;
mod error;
mod fault;
mod generator;
mod http;
mod options;
mod quote;
mod random;
mod raw_object;
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

pub use access::{KeyProblem, PublicKey};
pub use clients::{Client, ClientProblem};
pub use credentials::Credentials;
pub use error::SandboxError;
pub use fault::{FAULTS, Fault, FaultForm, FaultProblem, Faults};
pub use generator::Generator;
pub use options::{DataOrigin, DatabaseFile, Filled, MAX_JOBS, SandboxOptions, Tenant};
pub use running::{RunningSandbox, Sandbox};
pub use settings::*;
pub use url::{SandboxUrl, UrlProblem};
