//! The contracts of taskferry: what flows ([`Record`], [`Page`], [`Batch`]), who works on it
//! ([`Source`], [`Transform`], [`Sink`]), how stages are made from a pipeline file ([`Registry`] and the
//! plugin traits), and how any of them says that something went wrong ([`StageError`] while running,
//! [`Problem`] while reading a pipeline file).
//!
//! This crate does no input or output of its own and knows none of the others. A plugin crate needs this
//! one alone:
//!
//! ```
//! use async_trait::async_trait;
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use serde_json::json;
//! use taskferry_sdk::{
//!     BuildContext, Output, Plugin, Problem, Record, Registry, StageError, Transform, TransformPlugin,
//! };
//!
//! /// Writes a fixed text into every record.
//! #[derive(Debug, Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Stamp {
//!     /// The text to write.
//!     text: String,
//! }
//!
//! impl Plugin for Stamp {
//!     const TYPE: &'static str = "stamp";
//! }
//!
//! impl TransformPlugin for Stamp {
//!     fn build(self, _: &BuildContext<'_>) -> Result<Box<dyn Transform>, Vec<Problem>> {
//!         Ok(Box::new(self))
//!     }
//! }
//!
//! #[async_trait]
//! impl Transform for Stamp {
//!     async fn apply(&self, mut record: Record, out: &mut Output) -> Result<(), StageError> {
//!         if let Some(fields) = record.value_mut()?.as_object_mut() {
//!             fields.insert("stamp".to_owned(), json!(self.text));
//!         }
//!         out.emit(record);
//!         Ok(())
//!     }
//! }
//!
//! let mut registry = Registry::new();
//! registry.transform::<Stamp>();
//! assert!(registry.transform_types().any(|name| name == "stamp"));
//! ```

mod compact;
mod context;
mod counters;
mod emitter;
mod endpoint;
mod error;
mod fields;
mod keypath;
mod nowhere;
mod options;
mod page;
mod pipeline;
mod problem;
mod record;
mod refusals;
mod registry;
mod resume;
mod secret;
mod secret_forms;
mod settings;
mod shard;
mod stages;
mod template;
mod units;
mod untrusted;

pub use compact::compact;
pub use context::{BuildContext, InputFiles, NoFiles, RunContext};
pub use counters::{Counters, FrequentValue};
pub use emitter::Output;
pub use endpoint::{
    EndpointCredentials, EndpointFactory, Endpoints, LocalEndpoint, RunningEndpoint,
};
pub use error::{ErrorKind, Role, StageError, StageId, Status};
pub use fields::{FieldRule, FieldSet, MissingField, Others, RecordFields};
pub use keypath::{KeyPath, Segment};
pub use options::read_options;
pub use page::{Batch, Cursor, Page, PageBody};
pub use pipeline::{OnError, Pipeline, SinkStage, SourceStage, TransformStage};
pub use problem::{MOST_OF_A_KIND, Part, Problem, RelatedPlace, Severity, nearest};
pub use record::{Origin, Record};
pub use refusals::{Refusal, Refusals};
pub use registry::{
    BuiltSink, BuiltSource, BuiltTransform, CommonKey, Offer, PluginEntry, Registry, common_keys,
};
pub use resume::{Position, Resumption, SinkState};
pub use secret::{DisplayUrl, Secret, is_secret_name};
pub use secret_forms::secret_forms;
pub use settings::{DeadLetterOptions, ExpectOptions, StateOptions};
pub use shard::{Shard, ShardError, Share};
pub use stages::{
    DeliveredFile, Delivery, Need, Plugin, Sink, SinkPlugin, Source, SourcePlugin,
    SourceStatistics, TimeLimit, Transform, TransformPlugin,
};
pub use taskferry_json as json;
pub use template::{PathTemplate, PathTemplateError};
pub use units::{ByteCount, Duration};
pub use untrusted::{is_unprintable, printable, printable_json, printable_lines};
