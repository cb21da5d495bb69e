//! Lookups in HTTP services, for transforms that complete records with values from elsewhere.
//!
//! The author of a transform implements the request for a batch of keys ([`LookupTransform::fetch`]), and what to do with the
//! answer for a record ([`LookupTransform::apply`]). The user writes the service into a table of the pipeline file
//! ([`LookupOptions`]). This crate provides:
//!
//! - one request for many records, which waits only for records that are already in progress,
//! - a cache of answers (`cache_entries`, `cache_age`), and no second request for a key while its request is in progress,
//! - a limited number and rate of requests, retries and `Retry-After`, as in the sink `webhook`,
//! - proxy, certificates and secret headers, which no message shows,
//! - the order of the records,
//! - the numbers of lookups, of requests and of unknown keys in the summary of a run,
//! - checks of the service for `taskferry doctor`,
//! - tests without a service: [`taskferry_sdk::Lookups`].
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use taskferry_lookup::{Answers, Lookup, LookupOptions, LookupTransform, Service};
//! use taskferry_sdk::{
//!     AnyTransform, BuildContext, ErrorKind, Output, Plugin, Problem, Record, StageError, TransformPlugin, async_trait,
//! };
//!
//! /// Adds `job_title` to jobs.
//! #[derive(Debug, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct JobTitles {
//!     /// The service with the titles.
//!     lookup: LookupOptions,
//! }
//!
//! impl Plugin for JobTitles {
//!     const TYPE: &'static str = "job_titles";
//! }
//!
//! impl TransformPlugin for JobTitles {
//!     fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
//!         self.lookup.transform("lookup", context, Titles)
//!     }
//!
//!     fn explained_options() -> &'static [&'static str] {
//!         &["lookup"]
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Titles;
//!
//! #[async_trait]
//! impl LookupTransform for Titles {
//!     fn max_batch(&self) -> usize {
//!         100
//!     }
//!
//!     /// `GET /titles?ids=j1,j2` returns `{"j1": "Tester"}`, without the keys that it does not know.
//!     async fn fetch(&self, service: &Service, keys: &[String]) -> Result<Answers, StageError> {
//!         service.get().parameter("ids", keys.join(",")).json().await
//!     }
//!
//!     async fn apply(&self, record: Record, lookup: &Lookup, out: &mut Output) -> Result<(), StageError> {
//!         let root = record.root()?;
//!         let id = root.get("external_id").and_then(|id| id.as_str());
//!         let id = id.ok_or_else(|| StageError::new(ErrorKind::Record, "the record has no `external_id`"))?;
//!         let title: Option<String> = lookup.get(&id, out).await?;
//!         let mut edit = record.edit()?;
//!         edit.set(root, "job_title", title.as_deref());
//!         out.emit(edit.finish());
//!         Ok(())
//!     }
//! }
//!
//! // A test with prepared answers sends no request.
//! use serde_json::{Value, json};
//! use taskferry_sdk::serde_json;
//! use taskferry_sdk::testing::TransformTest;
//!
//! let options = json!({"lookup": {"url": "https://hr.example.com/titles"}});
//! let mut test = TransformTest::new::<JobTitles>(&options).unwrap();
//! test.open_with_answers([("j1", json!("Tester")), ("j2", Value::Null)])?;
//! assert_eq!(test.apply(r#"{"external_id":"j1"}"#)?, [r#"{"external_id":"j1","job_title":"Tester"}"#]);
//! assert_eq!(test.apply(r#"{"external_id":"j2"}"#)?, [r#"{"external_id":"j2","job_title":null}"#]);
//! assert!(test.apply(r#"{"external_id":"j3"}"#).is_err());
//! # Ok::<(), StageError>(())
//! ```
//!
//! [`testing::TestService`] is a service for tests of `fetch`.
//!
//! `options` are the options, `transform` is the stage. `lookup` looks up the keys of one record. `dispatcher` collects the keys of
//! several records into batches, and keeps the answers in `cache`. `service` sends the requests.

mod cache;
mod dispatcher;
mod failure;
mod lookup;
mod options;
mod service;
mod settings;
pub mod testing;
mod transform;

pub use dispatcher::Answers;
pub use lookup::Lookup;
pub use options::LookupOptions;
pub use service::{Request, Service};
pub use transform::LookupTransform;

/// Compiles the code of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugins/lookups.md")]
struct Guide;
