//! The runner with a third-party transform, which keeps rows of two hours a week or more. It is compared with a built-in
//! transform.

use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use taskferry::sdk::json::Node;
use taskferry::sdk::{
    AnyTransform, BuildContext, Output, Plugin, Problem, Record, StageError, Transform,
    TransformPlugin,
};

/// Keeps rows of two hours a week or more.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KeepLongTasks {
    /// Whether the record is read as a tree instead of through its index.
    #[serde(default)]
    by_value: bool,
}

impl Plugin for KeepLongTasks {
    const TYPE: &'static str = "keep_long_tasks";
}

impl TransformPlugin for KeepLongTasks {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        Ok(AnyTransform::stateless(*self))
    }
}

impl Transform for KeepLongTasks {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let hours: Option<f64> = if self.by_value {
            record.value()?.get("weekly_hours").and_then(Value::as_f64)
        } else {
            let hours = record.root()?.get("weekly_hours").and_then(Node::as_number);
            hours.and_then(|hours| hours.parse().ok())
        };
        if hours.is_some_and(|hours| hours >= 2.0) {
            out.emit(record);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    taskferry::Runner::new().transform::<KeepLongTasks>().version(env!("CARGO_PKG_VERSION")).main()
}
