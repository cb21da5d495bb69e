//! The transform, and how it is built from the options.

use taskferry_sdk::serde_json::{self, Value, json};
use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, KeyPath, OrderedTransform, Output, Plugin,
    Problem, Record, StageError, TransformPlugin,
};

use crate::config::MyPlugin;

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl TransformPlugin for MyPlugin {
    /// Checks what the types of the options can't express. `taskferry check` shows the position of each error.
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        if self.field.is_empty() {
            let problem = Problem::at(KeyPath::of("field"), "empty-value", "`field` is empty");
            return Err(vec![
                problem.help("write the name of a field, for example \"number\""),
            ]);
        }
        let field = self.field.clone();
        Ok(AnyTransform::ordered(Numbering {
            field,
            job: String::new(),
            number: 0,
        }))
    }

    /// The field that the transform adds, so that `taskferry check` finds mistyped fields in later stages.
    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().adds(&self.field)
    }
}

/// The transform, with its state. The engine calls `apply` for one record at a time, in the order of the source.
#[derive(Debug)]
struct Numbering {
    field: String,
    /// The job of the last row.
    job: String,
    /// The number of the last row.
    number: u64,
}

impl OrderedTransform for Numbering {
    /// Emits any number of records: none to drop the record.
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        let job = root
            .get("job_external_id")
            .and_then(|job| job.as_str())
            .ok_or_else(|| {
                // The `on_error` of the stage applies to a refused record.
                StageError::new(ErrorKind::Record, "the record has no `job_external_id`")
                    .hint("put this transform after `flatten_hierarchy` with `into = \"rows\"`")
            })?;
        if job != self.job {
            self.job = job.into_owned();
            self.number = 0;
        }
        self.number += 1;
        let mut edit = record.edit()?;
        edit.set(root, &self.field, self.number);
        out.emit(edit.finish());
        Ok(())
    }

    /// The state for the checkpoint. `restore` receives this state when a run resumes.
    fn save(&self) -> Option<Value> {
        Some(json!({"job": self.job, "number": self.number}))
    }

    fn restore(&mut self, state: &Value) -> Result<(), StageError> {
        let defect = || StageError::new(ErrorKind::Defect, "the saved state can't be read");
        self.job = state["job"].as_str().ok_or_else(defect)?.to_owned();
        self.number = serde_json::from_value(state["number"].clone())
            .map_err(|error| defect().caused_by(error))?;
        Ok(())
    }
}
