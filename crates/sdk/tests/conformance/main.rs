//! Each check of the conformance kit fails for a plugin that breaks its rule, and only that check.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

mod exemptions;
mod options;
mod sinks;
mod sources;
mod state;
mod transforms;

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance, Report, TransformConformance};
use taskferry_sdk::json::{Kind, Node};
use taskferry_sdk::{ErrorKind, StageError, TransformPlugin};

/// Defines a plugin from an expression for its transform, and optionally two for its fields and its explained options. The only
/// option of the plugin can be omitted.
macro_rules! transform {
    ($name:ident, $transform:expr) => {
        transform!($name, $transform, taskferry_sdk::FieldRule::unchanged(), &[]);
    };
    ($name:ident, $transform:expr, $fields:expr, $explained:expr) => {
        /// A transform for tests.
        #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// An option without effect.
            #[serde(default)]
            #[allow(dead_code, reason = "explanations name an option")]
            label: String,
        }

        impl taskferry_sdk::Plugin for $name {
            const TYPE: &'static str = stringify!($name);
        }

        impl taskferry_sdk::TransformPlugin for $name {
            fn build(
                &self,
                _: &taskferry_sdk::BuildContext<'_>,
            ) -> Result<taskferry_sdk::AnyTransform, Vec<taskferry_sdk::Problem>> {
                Ok($transform)
            }

            fn fields(&self, _: &taskferry_sdk::BuildContext<'_>) -> taskferry_sdk::FieldRule {
                $fields
            }

            fn explained_options() -> &'static [&'static str] {
                $explained
            }
        }
    };
}
pub(crate) use transform;

/// Defines an enum of flaws, and for each flaw a plugin whose stage has the flaw. The only option of the plugin can be omitted.
macro_rules! plugins {
    ($flaws:ident for $plugin:ident: $stage:ident, |$flaw:ident| $new:expr, [$($name:ident,)*]) => {
        /// How the stage is wrong.
        #[derive(Debug, Clone, Copy, PartialEq)]
        enum $flaws { $($name),* }

        $(
            /// A plugin for tests.
            #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
            #[serde(deny_unknown_fields)]
            struct $name {
                /// An option without effect.
                #[serde(default)]
                #[allow(dead_code, reason = "only read")]
                label: String,
            }

            impl taskferry_sdk::Plugin for $name {
                const TYPE: &'static str = stringify!($name);
            }

            impl $plugin for $name {
                fn build(
                    &self,
                    _: &taskferry_sdk::BuildContext<'_>,
                ) -> Result<Box<dyn $stage>, Vec<taskferry_sdk::Problem>> {
                    let $flaw = $flaws::$name;
                    Ok(Box::new($new))
                }
            }
        )*
    };
}
pub(crate) use plugins;

/// The checks of a transform whose options are not set.
fn kit<P: TransformPlugin>() -> TransformConformance<P> {
    Conformance::transform::<P>(json!({}))
}

/// Asserts that a check fails, that no other one does, and that the report says why.
#[track_caller]
fn assert_fails(report: &Report, check: Check, why: &str) {
    let failed: Vec<Check> = report.failed().collect();
    assert_eq!(failed, [check], "{report}");
    assert!(report.to_string().contains(why), "{report}");
}

/// Refuses records that are not objects, with a clear message.
fn object(record: Node<'_>) -> Result<(), StageError> {
    match record.kind() {
        Kind::Object => Ok(()),
        _ => Err(StageError::new(ErrorKind::Record, "the record is not an object")),
    }
}
