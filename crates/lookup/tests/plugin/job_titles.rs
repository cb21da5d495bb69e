//! A transform that adds the title of each job, from an HTTP service.

use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_lookup::{Answers, Lookup, LookupOptions, LookupTransform, Service};
use taskferry_sdk::json::Node;
use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, Output, Plugin, Problem, Record, StageError,
    TransformPlugin, async_trait,
};

/// Adds `title` to jobs, from an HTTP service.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobTitles {
    /// The service with the titles.
    lookup: LookupOptions,
}

impl Plugin for JobTitles {
    const TYPE: &'static str = "job_titles";
}

impl TransformPlugin for JobTitles {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        self.lookup.transform("lookup", context, Titles)
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().adds("title")
    }

    fn explained_options() -> &'static [&'static str] {
        &["lookup"]
    }
}

#[derive(Debug)]
struct Titles;

#[async_trait]
impl LookupTransform for Titles {
    fn max_batch(&self) -> usize {
        50
    }

    /// `GET URL?ids=j1,j2` returns `{"j1": "Tester"}`.
    async fn fetch(&self, service: &Service, keys: &[String]) -> Result<Answers, StageError> {
        service.get().parameter("ids", keys.join(",")).json().await
    }

    async fn apply(
        &self,
        record: Record,
        lookup: &Lookup,
        out: &mut Output,
    ) -> Result<(), StageError> {
        add_title(record, lookup, out).await
    }
}

pub(crate) async fn add_title(
    record: Record,
    lookup: &Lookup,
    out: &mut Output,
) -> Result<(), StageError> {
    let root = record.root()?;
    let id = root.get("external_id").and_then(Node::as_str);
    let id = id.ok_or_else(|| StageError::new(ErrorKind::Record, "the job has no id"))?;
    let title: Option<String> = lookup.get(&id, out).await?;
    let mut edit = record.edit()?;
    edit.set(root, "title", title.as_deref());
    out.emit(edit.finish());
    Ok(())
}
