//! The API for plugins, and the only crate that a plugin must depend on. This crate does no I/O.
//!
//! A plugin is an options struct and the stage that it builds.
//!
//! | task | types |
//! |---|---|
//! | read the options from the pipeline file | [`Plugin`], with [`Duration`], [`ByteCount`], [`PathTemplate`] and [`Secret`] |
//! | build the stage | [`SourcePlugin`], [`TransformPlugin`], [`SinkPlugin`], with a [`BuildContext`] |
//! | export the plugins of a crate | [`Plugins`] |
//! | report an error in the options | [`Problem`], at a [`KeyPath`] |
//! | declare which fields records have, so that `check` finds mistyped fields | [`FieldRule`], [`FieldSet`] |
//! | start or resume a run | [`RunContext`], [`Position`], [`SinkState`] |
//! | return pages | [`Source`], with [`Page`], [`SourceRecord`] and [`Cursor`] |
//! | read, change and build records | [`Record`], with [`Node`](json::Node), [`Edit`](json::Edit) and [`Text`](json::Text) |
//! | transform records by a closure | [`AnyTransform::filter`], [`edit`](AnyTransform::edit), [`map`](AnyTransform::map), [`flat_map`](AnyTransform::flat_map) |
//! | transform records with counters, state or I/O | [`Transform`], [`OrderedTransform`] or [`AsyncTransform`], with [`Output`] and [`Counters`] |
//! | deliver records | [`Sink`], with [`Batch`], [`Origin`], [`Refusals`], [`Resumption`] and [`Delivery`] |
//! | check a stage before a run, for `taskferry doctor` | [`Check`], with [`Finding`] |
//! | return an error | [`StageError`]. [`printable`] escapes text from records and servers |
//! | test a plugin | [`testing`], and the rules for plugins in [`conformance`] |
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

mod check;
mod closure;
pub mod conformance;
mod context;
mod counters;
mod cursor;
mod endpoint;
mod error;
mod field_rule;
mod fields;
mod hex;
mod keypath;
mod lookups;
mod options;
mod origin;
mod output;
mod page;
mod parts_hash;
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
mod vocabulary;

pub use async_trait::async_trait;
pub use {bytes, jiff, schemars, serde, serde_json, taskferry_json as json};

pub use check::{Check, Finding, Verdict};
pub use context::{
    BuildContext, EndpointFactory, Endpoints, InputFiles, NoFiles, RunContext, StageContext,
    StageDigest,
};
pub use counters::{Counters, FrequentValue};
pub use cursor::Cursor;
pub use endpoint::{LocalEndpoint, RunningEndpoint};
pub use error::{ErrorKind, StageError, Status};
pub use field_rule::{FieldRule, RequiredField, SkillVendor};
pub use fields::{FieldSet, MissingField, OtherFields, RecordFields};
pub use hex::hex;
pub use keypath::{KeyPath, Segment};
pub use lookups::{LookupAnswers, Lookups};
pub use options::{read_options, read_options_partially};
pub use origin::Origin;
pub use output::{Effect, Output};
pub use page::{Batch, Page, RequestedWith, SourceRecord};
pub use parts_hash::PartsHash;
pub use plugin::{Plugin, Plugins, SinkPlugin, SourcePlugin, TransformPlugin};
pub use problem::{MAX_PER_KIND, Part, Problem, RelatedLocation, Severity, nearest};
pub use record::Record;
pub use refusals::{Refusal, Refusals};
pub use resume::{Position, Resumption, SinkState};
pub use secret::{DisplayUrl, Secret, has_secret_word, is_secret_name};
pub use secret_forms::secret_forms;
pub use shard::{Shard, ShardRange};
pub use sink::{CountingSink, DeliveredFile, Delivery, Sink};
pub use source::{Source, SourceStatistics};
pub use subject::Subject;
pub use template::PathTemplate;
pub use transform::{AnyTransform, AsyncTransform, OrderedTransform, TimeLimit, Transform};
pub use units::{ByteCount, Duration};
pub use untrusted::{is_unprintable, printable, printable_json, printable_lines, shortened};
pub use vocabulary::Vocabulary;
