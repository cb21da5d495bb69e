//! Plugins with options only, for pipelines that are checked and never run.

#![expect(dead_code, reason = "tests read the options through Debug")]

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::path::PathBuf;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_pipeline::Registry;
use taskferry_sdk::{
    AnyTransform, Batch, BuildContext, Delivery, FieldRule, KeyPath, Output, Page, Part,
    PathTemplate, Plugin, Plugins, Position, Problem, Record, RecordFields, Refusals, RunContext,
    Secret, Sink, SinkPlugin, SinkState, Source, SourcePlugin, StageError, Transform,
    TransformPlugin,
};

/// The registry of all test plugins.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.source::<Pages>().transform::<Keep>().transform::<Shape>().sink::<Out>();
    registry
}

/// A source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    url: String,
    limit: Option<NonZeroU8>,
    #[serde(default)]
    include: Vec<String>,
    auth: Option<Auth>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Auth {
    client_secret: Secret,
    tenant: Option<String>,
}

impl Plugin for Pages {
    const TYPE: &'static str = "pages";
}

impl SourcePlugin for Pages {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>> {
        Ok(Box::new(self.clone()))
    }

    fn fields(&self) -> RecordFields {
        let mut fields = RecordFields::default();
        if !self.include.iter().any(|included| included == "ai_impact") {
            let advice = "add \"ai_impact\" to `include` in [source]".to_owned();
            fields.tasks.remove("ai_impact", Some(advice));
        }
        fields
    }
}

#[async_trait]
impl Source for Pages {
    async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        Ok(None)
    }
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Missing {
    Drop,
    Keep,
}

/// A filter.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keep {
    levels: Vec<String>,
    missing: Option<Missing>,
    mapping: Option<std::path::PathBuf>,
}

impl Plugin for Keep {
    const TYPE: &'static str = "keep";
}

impl TransformPlugin for Keep {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        if let Some(path) = &self.mapping
            && let Err(error) = context.files().read(path)
        {
            let shown = context.files().resolve(path).display().to_string();
            let message = format!("can't read `{shown}`: {error}");
            return Err(vec![Problem::at(KeyPath::of("mapping"), "unreadable-file", message)]);
        }
        Ok(AnyTransform::stateless(self.clone()))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().requires("ai_impact", "no task has a level")
    }
}

impl Transform for Keep {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        out.emit(record);
        Ok(())
    }
}

/// A transform whose expression must not contain the word `wrong`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    filter: String,
    #[serde(default)]
    limits: Vec<Limits>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Limits {
    results: u8,
    #[schemars(extend("x-same-output" = true))]
    timeout: Option<Timeout>,
}

#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Timeout {
    seconds: u8,
}

impl Plugin for Shape {
    const TYPE: &'static str = "shape";
}

impl TransformPlugin for Shape {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        match self.filter.find("wrong") {
            Some(at) => Err(vec![
                Problem::at(KeyPath::of("filter"), "invalid-jq", "that is wrong")
                    .part(Part::Within(at..at + 5)),
            ]),
            None => Ok(AnyTransform::stateless(self.clone())),
        }
    }
}

impl Transform for Shape {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        out.emit(record);
        Ok(())
    }
}

/// A sink.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Out {
    path: Option<PathTemplate>,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
}

impl Plugin for Out {
    const TYPE: &'static str = "out";
}

impl SinkPlugin for Out {
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        Ok(Box::new(self.clone()))
    }

    fn output_id(&self, _: &BuildContext<'_>) -> Option<String> {
        self.path.as_ref().map(|path| format!("`{}`", path.as_str()))
    }

    fn files(&self, context: &BuildContext<'_>) -> Vec<PathBuf> {
        self.path.iter().map(|path| path.for_pipeline(context.pipeline())).collect()
    }
}

#[async_trait]
impl Sink for Out {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        Ok(())
    }

    async fn write(&mut self, _: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(Delivery::default())
    }
}
