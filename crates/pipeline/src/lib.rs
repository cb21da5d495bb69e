//! The plugin registry, and checked pipelines.
//!
//! [`Registry`] builds stages from the tables of a pipeline file. `config` combines them in a [`Pipeline`], which `engine` runs.
//! [`Feed`] is the input of a run: a source, or the dead letters of an earlier run ([`DeadLetterReader`]). [`StageFailure`] is a
//! [`StageError`](taskferry_sdk::StageError) with its stage and the record's origin.
//!
//! Plugin crates depend on `taskferry-sdk` instead of this crate.
//!
//! ```
//! use serde_json::json;
//! use taskferry_pipeline::Registry;
//! use taskferry_sdk::{
//!     AnyTransform, BuildContext, Endpoints, NoFiles, Output, Plugin, Plugins, Problem, Record,
//!     StageError, Transform, TransformPlugin,
//! };
//!
//! /// Emits every record unchanged.
//! #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Pass {}
//!
//! impl Plugin for Pass {
//!     const TYPE: &'static str = "pass";
//! }
//!
//! impl TransformPlugin for Pass {
//!     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
//!         Ok(AnyTransform::stateless(Passing))
//!     }
//! }
//!
//! #[derive(Debug)]
//! struct Passing;
//!
//! impl Transform for Passing {
//!     fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
//!         out.emit(record);
//!         Ok(())
//!     }
//! }
//!
//! let mut registry = Registry::new();
//! registry.transform::<Pass>();
//! let endpoints = Endpoints::default();
//! let context = BuildContext::new(&NoFiles, &endpoints);
//! let built = registry.build_transform("pass", &json!({}), &context).unwrap().unwrap();
//! assert!(matches!(built.stage.transform, AnyTransform::Stateless(_)));
//! assert!(registry.build_transform("pass", &json!({"x": 1}), &context).unwrap().is_err());
//! ```

mod built;
mod common_keys;
mod failure;
mod pipeline;
mod registry;
mod replay;
mod schema;
mod settings;
mod stage_id;

pub use built::{Built, BuiltSink, BuiltSource, BuiltTransform};
pub use common_keys::{CommonKey, common_keys};
pub use failure::StageFailure;
pub use pipeline::{Feed, OnError, Pipeline, SinkStage, SourceStage, TransformStage};
pub use registry::{PluginEntry, Registry, TypeConflict};
pub use replay::{DeadLetterReader, ReplayPage, ReplayRecord};
pub use schema::{is_optional, properties, resolve_schema, run_tables};
pub use settings::{
    Comparison, DeadLetterOptions, DriftAction, ExpectOptions, StateOptions, TestOptions,
};
pub use stage_id::{Role, StageId};
