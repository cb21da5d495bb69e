//! A checked pipeline: every stage built, nothing opened.

use schemars::JsonSchema;
use serde::Deserialize;

use taskferry_sdk::{AnyTransform, Sink, Source};

use crate::{DeadLetterOptions, DeadLetterReader, ExpectOptions, Role, StageId, StateOptions};

/// What happens to a record that a stage refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The run ends and names the record.
    #[default]
    Fail,
    /// The record is skipped, counted and logged.
    Skip,
    /// The record becomes a dead letter, and the exit code is 6.
    DeadLetter,
}

/// A checked pipeline. `config` builds it from a file, and `engine` runs it.
#[derive(Debug)]
pub struct Pipeline {
    /// The name: the key `name`, or by default the name of the file without its extension.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The source.
    pub source: SourceStage,
    /// The transforms, in order.
    pub transforms: Vec<TransformStage>,
    /// The sinks, at least one.
    pub sinks: Vec<SinkStage>,
    /// Where state is stored, and when runs resume.
    pub state: StateOptions,
    /// Checks of the complete export.
    pub expect: ExpectOptions,
    /// The dead-letter file; present if a stage has `on_error = "dead_letter"`.
    pub dead_letter: Option<DeadLetterOptions>,
    /// A digest of the program's version, of the values that affect the output, and of the files that options name. It does not
    /// include secrets, `[state]` and `[expect]`. Pipelines with the same digest have the same output. A run resumes only a run
    /// with the same digest.
    pub digest: String,
    /// Identifies the listing: a digest of the source's options that affect which jobs are read, without secrets. The numbers of
    /// jobs of two runs are compared only if this digest is the same.
    pub listing_digest: String,
    /// The name of the experiment, if `--set` changes the pipeline. Experiments have their own state.
    pub experiment: Option<String>,
    /// Whether `--sandbox` was given.
    pub sandbox: bool,
}

/// The source of a pipeline.
#[derive(Debug)]
pub struct SourceStage {
    /// Its name in messages and in the manifest.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// A digest of the options that affect the content of its records, without secrets. The fields of two runs are compared only if
    /// this digest is the same.
    pub digest: String,
    /// The stage itself.
    pub feed: Feed,
}

/// The input of a run.
#[derive(Debug)]
pub enum Feed {
    /// The pipeline's source.
    Source(Box<dyn Source>),
    /// A dead-letter file, in a replay.
    DeadLetters(Box<dyn DeadLetterReader>),
}

/// One transform of a pipeline, or of one of its sinks.
#[derive(Debug)]
pub struct TransformStage {
    /// Its name in messages and in the manifest.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// A digest of the options that affect its records, without secrets.
    pub digest: String,
    /// What happens to a record that it refuses.
    pub on_error: OnError,
    /// The stage itself.
    pub transform: AnyTransform,
}

/// One sink of a pipeline.
#[derive(Debug)]
pub struct SinkStage {
    /// Its name in messages and in the manifest.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// What happens to a record that it refuses.
    pub on_error: OnError,
    /// The sink's own transforms, which run after the transforms of the pipeline.
    pub transforms: Vec<TransformStage>,
    /// The stage itself.
    pub sink: Box<dyn Sink>,
}

impl Pipeline {
    /// A pipeline with these stages and default settings.
    pub fn new(
        name: impl Into<String>,
        source: SourceStage,
        transforms: Vec<TransformStage>,
        sinks: Vec<SinkStage>,
    ) -> Self {
        Self {
            name: name.into(),
            description: None,
            source,
            transforms,
            sinks,
            state: StateOptions::default(),
            expect: ExpectOptions::default(),
            dead_letter: None,
            digest: String::new(),
            listing_digest: String::new(),
            experiment: None,
            sandbox: false,
        }
    }
}

impl SourceStage {
    /// The stage's identity.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Source, name: self.name.clone() }
    }
}

impl TransformStage {
    /// The stage's identity.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Transform, name: self.name.clone() }
    }
}

impl SinkStage {
    /// The stage's identity.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Sink, name: self.name.clone() }
    }
}
