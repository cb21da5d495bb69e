//! Checks that a plugin follows the rules on which pipelines rely.
//!
//! The kit generates options from the JSON Schema of the plugin, and drives the stage with records of all layouts, with arbitrary
//! JSON, and with interruptions. It is one test of the plugin:
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::conformance::{Check, Conformance};
//! # use taskferry_sdk::schemars::JsonSchema;
//! # use taskferry_sdk::{AnyTransform, BuildContext, FieldRule, Plugin, Problem, TransformPlugin};
//! # /// Drops records without a field.
//! # #[derive(Debug, Clone, serde::Deserialize, JsonSchema)]
//! # #[serde(deny_unknown_fields)]
//! # struct Has {
//! #     /// The field.
//! #     field: String,
//! # }
//! # impl Plugin for Has {
//! #     const TYPE: &'static str = "has";
//! # }
//! # impl TransformPlugin for Has {
//! #     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
//! #         let field = self.field.clone();
//! #         Ok(AnyTransform::filter(move |record| Ok(record.get(&field).is_some())))
//! #     }
//! #     fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
//! #         FieldRule::unchanged()
//! #     }
//! # }
//!
//! // A test of the transform `has`, which drops records without a field.
//! let report = Conformance::transform::<Has>(json!({"field": "task_id"}))
//!     .exempt(Check::ErrorsClear, "it refuses no record")
//!     .run();
//! println!("{report}");
//! ```
//!
//! `run` panics with a report that names each failed check, the options or the record with which it failed, and what to do.
//!
//! A check that exercises nothing fails: samples that are all refused prove nothing. If a rule does not fit a plugin, the test
//! [exempts](PluginConformance::exempt) its check and gives the reason. An exemption that is not needed fails too.
//!
//! | plugin | the test provides |
//! |---|---|
//! | [transform](Conformance::transform) | options, and samples if those of the kit do not fit |
//! | [source](Conformance::source) | options of a source with at least three pages |
//! | [sink](Conformance::sink) | options, a function that reads what was published, and one that removes it |
//!
//! The kit runs futures on the thread of the test. A stage that needs a runtime gets its context from an ordinary `#[test]`. A
//! `#[tokio::test]` does not work, because its task never returns to the runtime:
//!
//! ```ignore
//! let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
//! let _context = runtime.enter();
//! Conformance::source::<MySource>(options).run();
//! ```

mod arbitrary;
mod behavior;
mod check;
mod fields;
mod instance;
mod kit;
mod options;
mod random;
mod report;
mod resume;
mod samples;
mod schema;
mod sink;
mod sink_run;
mod source;
mod transform;

use serde_json::Value;

use crate::{SinkPlugin, SourcePlugin, TransformPlugin};

use sink::SinkKind;
use source::SourceKind;
use transform::TransformKind;

pub use check::Check;
pub use kit::PluginConformance;
pub use report::{Cost, Report};
pub use samples::{HIERARCHY, LIST, ROWS};
pub use sink::SinkConformance;
pub use source::SourceConformance;
pub use transform::TransformConformance;

/// Starts the checks of a plugin.
#[derive(Debug, Clone, Copy)]
pub struct Conformance;

impl Conformance {
    /// Checks a transform with these options, which must be valid.
    pub fn transform<P: TransformPlugin>(options: Value) -> TransformConformance<P> {
        PluginConformance::new(options, TransformKind::default())
    }

    /// Checks a source with these options, which must be valid, and with which the listing has at least three pages.
    pub fn source<P: SourcePlugin>(options: Value) -> SourceConformance<P> {
        PluginConformance::new(options, SourceKind)
    }

    /// Checks a sink with these options, which must be valid.
    ///
    /// `published` returns the published records, in order, each in any form. For a sink that can't undo a write
    /// ([`Resumption::AtLeastOnce`](crate::Resumption::AtLeastOnce)), `published` must omit the batches that the receiver recognizes
    /// as repeated. `reset` removes everything that was published.
    pub fn sink<P: SinkPlugin>(
        options: Value,
        published: impl Fn() -> Vec<String> + 'static,
        reset: impl Fn() + 'static,
    ) -> SinkConformance<P> {
        PluginConformance::new(options, SinkKind::new(Box::new(published), Box::new(reset)))
    }
}
