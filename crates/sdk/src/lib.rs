//! The interface between taskferry and its plugins, and the only crate that a plugin depends on. It does no I/O.
//!
//! A plugin is an options struct and the stage that it builds. A page meets these types:
//!
//! - [`Plugin`] reads the options from the pipeline file, with [`Duration`], [`ByteCount`], [`PathTemplate`] and [`Secret`].
//!   [`SourcePlugin`], [`TransformPlugin`] and [`SinkPlugin`] build the stage in a [`BuildContext`]. A mistake in the options is a
//!   [`Problem`] at a [`KeyPath`]. [`FieldRule`] describes the fields of records before a run.
//! - A run opens its stages with a [`RunContext`], and a resumed run also with a [`Position`] and a [`SinkState`].
//! - [`Source`] returns [`Page`]s of [`SourceRecord`]s. A [`Cursor`] leads to the next page.
//! - A [`Record`] is a JSON document: [`Node`](json::Node) reads it, [`Edit`](json::Edit) changes it, and [`Text`](json::Text) builds a
//!   new one. Its [`Origin`] says where it came from.
//! - [`Transform`], [`OrderedTransform`] and [`AsyncTransform`] process records, and emit records and [`Counters`] into an
//!   [`Output`].
//! - [`Sink`] writes [`Batch`]es and refuses single records through [`Refusals`]. [`Resumption`] says how it resumes, and
//!   [`Delivery`] what it delivered.
//! - [`StageError`] is the error of every stage. [`printable`] escapes text from records and servers.
//! - [`testing`] runs a plugin in a test.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use serde_json::json;
//! use taskferry_sdk::testing::TransformTest;
//! use taskferry_sdk::{
//!     AnyTransform, BuildContext, Output, Plugin, Problem, Record, StageError, Transform, TransformPlugin,
//! };
//!
//! /// Adds a fixed text to every record.
//! #[derive(Debug, Clone, Deserialize, JsonSchema)]
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
//!     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
//!         Ok(AnyTransform::stateless(self.clone()))
//!     }
//! }
//!
//! impl Transform for Stamp {
//!     fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
//!         let mut edit = record.edit()?;
//!         edit.set(record.root()?, "stamp", &self.text);
//!         out.emit(edit.finish());
//!         Ok(())
//!     }
//! }
//!
//! let mut stamp = TransformTest::new::<Stamp>(&json!({"text": "checked"})).unwrap();
//! assert_eq!(stamp.apply(r#"{"task_id": "t1"}"#).unwrap(), [r#"{"task_id": "t1","stamp":"checked"}"#]);
//! ```

mod context;
mod counters;
mod cursor;
mod endpoint;
mod error;
mod fields;
mod hex;
mod keypath;
mod options;
mod origin;
mod output;
mod page;
mod plugin;
mod problem;
mod record;
mod refusals;
mod resume;
mod secret;
mod secret_forms;
mod shard;
mod sink;
mod source;
mod subject;
mod template;
pub mod testing;
mod transform;
mod units;
mod untrusted;

pub use async_trait::async_trait;
pub use {bytes, jiff, schemars, serde, serde_json, taskferry_json as json};

pub use context::{BuildContext, EndpointFactory, Endpoints, InputFiles, NoFiles, RunContext};
pub use counters::{Counters, FrequentValue};
pub use cursor::Cursor;
pub use endpoint::{LocalEndpoint, RunningEndpoint};
pub use error::{ErrorKind, StageError, Status};
pub use fields::{FieldRule, FieldSet, MissingField, OtherFields, RecordFields, RequiredField};
pub use hex::hex;
pub use keypath::{KeyPath, Segment};
pub use options::{read_options, read_options_partially};
pub use origin::Origin;
pub use output::{Effect, Output};
pub use page::{Batch, Page, RequestedWith, SourceRecord};
pub use plugin::{Plugin, SinkPlugin, SourcePlugin, TransformPlugin};
pub use problem::{MAX_PER_KIND, Part, Problem, RelatedLocation, Severity, nearest};
pub use record::Record;
pub use refusals::{Refusal, Refusals};
pub use resume::{Position, Resumption, SinkState};
pub use secret::{DisplayUrl, Secret, is_secret_name};
pub use secret_forms::secret_forms;
pub use shard::{Shard, ShardError, Share};
pub use sink::{DeliveredFile, Delivery, Sink};
pub use source::{Source, SourceStatistics};
pub use subject::Subject;
pub use template::{PathTemplate, PathTemplateError};
pub use transform::{AnyTransform, AsyncTransform, OrderedTransform, TimeLimit, Transform};
pub use units::{ByteCount, Duration};
pub use untrusted::{is_unprintable, printable, printable_json, printable_lines, shortened};
