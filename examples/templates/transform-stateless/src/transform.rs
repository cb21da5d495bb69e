//! The transform, and how it is built from the options.

use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, KeyPath, Output, Plugin, Problem, Record,
    StageError, Transform, TransformPlugin,
};

use crate::config::MyPlugin;

const LONG_TASK: &str = "long_task";

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl TransformPlugin for MyPlugin {
    /// Checks what the types of the options can't express. `taskferry check` shows the position of each error.
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        if self.hours < 0.0 {
            let message = format!("`hours` is {}", self.hours);
            let problem = Problem::at(KeyPath::of("hours"), "invalid-value", message);
            return Err(vec![problem.help("write a number from 0, for example 8")]);
        }
        Ok(AnyTransform::stateless(self.clone()))
    }

    /// The fields that the transform needs and adds, so that `taskferry check` finds mistyped fields in later stages.
    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged()
            .adds(LONG_TASK)
            .requires("weekly_hours", "no task is long")
            .in_rows(&["weekly_hours"])
    }
}

/// The transform has no state, so the engine calls `apply` from several threads.
impl Transform for MyPlugin {
    /// Emits any number of records: none to drop the record.
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        let hours: f64 = match root.get("weekly_hours").filter(|hours| !hours.is_null()) {
            None => 0.0,
            Some(hours) => {
                let number = hours.as_number().and_then(|number| number.parse().ok());
                number.ok_or_else(|| {
                    // The `on_error` of the stage applies to a refused record.
                    StageError::new(ErrorKind::Record, "`weekly_hours` is not a number")
                        .hint("put this transform before the transform that changes the field")
                })?
            }
        };
        let is_long = hours >= self.hours;
        out.count("long", u64::from(is_long));
        let mut edit = record.edit()?;
        edit.set(root, LONG_TASK, is_long);
        out.emit(edit.finish());
        Ok(())
    }
}
