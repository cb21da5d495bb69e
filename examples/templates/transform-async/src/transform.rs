//! The transform, and how it is built from the options.

use taskferry_lookup::{Answers, Lookup, LookupTransform, Service};
use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, Output, Plugin, Problem, Record, StageError,
    TransformPlugin, async_trait,
};

use crate::config::MyPlugin;

const JOB_TITLE: &str = "job_title";

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl TransformPlugin for MyPlugin {
    /// Messages name the option `lookup`.
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        self.lookup.transform("lookup", context, Titles)
    }

    /// The field that the transform adds, so that `taskferry check` finds mistyped fields in later stages.
    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().adds(JOB_TITLE)
    }

    /// `taskferry preview` and `why` show the answers.
    fn explained_options() -> &'static [&'static str] {
        &["lookup"]
    }
}

/// The transform. The engine processes many records at a time, and keeps their order.
#[derive(Debug)]
struct Titles;

#[async_trait]
impl LookupTransform for Titles {
    /// The maximum number of keys in one request. Without this method, each request has one key.
    fn max_batch(&self) -> usize {
        100
    }

    /// `GET URL?ids=j1,j2` returns `{"j1": "Tester"}`, without unknown jobs.
    async fn fetch(&self, service: &Service, keys: &[String]) -> Result<Answers, StageError> {
        service.get().parameter("ids", keys.join(",")).json().await
    }

    /// Emits any number of records: none to drop the record.
    async fn apply(
        &self,
        record: Record,
        lookup: &Lookup,
        out: &mut Output,
    ) -> Result<(), StageError> {
        let root = record.root()?;
        // Rows have `job_external_id`, jobs have `external_id`.
        let job = root.get("job_external_id").or(root.get("external_id"));
        let job = job.and_then(|job| job.as_str()).ok_or_else(|| {
            // The `on_error` of the stage applies to a refused record.
            StageError::new(ErrorKind::Record, "the record has no id of a job")
                .hint("put this transform before the transform that drops the id")
        })?;
        let title: Option<String> = lookup.get(&job, out).await?;
        let mut edit = record.edit()?;
        edit.set(root, JOB_TITLE, title.as_deref());
        out.emit(edit.finish());
        Ok(())
    }
}
