//! Source `techwolf`: pages through the export of all jobs' task profiles of a TechWolf tenant.
//!
//! One request brings one page (`POST {url}/job_architecture/export/jobs/task_profiles`), and one record is
//! one job's task profile with the text that the API sent. What is known of the API, and how well, is marked
//! where it matters: *seen* in the public reference of TechWolf's API (Export, Job Architecture Export), or
//! *inferred* from the exports beside this one.
//!
//! The source promises that a listing which ends is complete as far as the API tells: a cursor that stands
//! still or comes again, and a page that was there before, end the run with an error instead of a silent half.
//!
//! ```
//! use serde_json::json;
//! use taskferry_core::{BuildContext, Endpoints, NoFiles, Registry};
//! use taskferry_source_techwolf::TechWolfOptions;
//!
//! let mut registry = Registry::new();
//! registry.source::<TechWolfOptions>();
//! let options = json!({
//!     "url": "https://acme.eu3.techwolf.ai",
//!     "include": ["ai_impact"],
//!     "auth": {"token": "from-a-secret-store"},
//! });
//! let endpoints = Endpoints::default();
//! let context = BuildContext::new(&NoFiles, &endpoints);
//! let built = registry.build_source("techwolf", &options, &context).unwrap().unwrap();
//! assert_eq!(built.offer.lacks("linked_skills").as_deref(), Some("add \"linked_skills\" to `include` in [source]"));
//! ```

mod answer;
mod assertion;
mod check;
mod client;
mod config;
mod credentials;
mod export;
mod page;
mod page_size;
mod progress;
mod request;
mod source;
mod token;
mod token_cache;

pub use config::{
    AuthOptions, ExternalVendor, FilterKind, FilterOptions, Include, Operator, ResponseFormat,
    SigningAlgorithm, TechWolfOptions,
};
pub use page::split_page;
