//! A checked pipeline: every stage built, nothing opened.

use schemars::JsonSchema;
use serde::Deserialize;

use taskferry_sdk::{AnyTransform, Sink, Source};

use crate::{DeadLetterOptions, DeadLetterReader, ExpectOptions, Role, StageId, StateOptions};

/// What becomes of a record that a stage refuses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The run stops and names the record.
    #[default]
    Fail,
    /// The record is left out, counted and logged.
    Skip,
    /// The record goes to the dead letters, with the reason and its origin; the run ends with exit code 6.
    DeadLetter,
}

/// A pipeline that can be run: what `config` makes of a file and `engine` works on.
#[derive(Debug)]
pub struct Pipeline {
    /// Its name: the `name` key, else the file's name without its ending.
    pub name: String,
    /// What it is for, in the words of whoever wrote it.
    pub description: Option<String>,
    /// Where records come from.
    pub source: SourceStage,
    /// What every record goes through, in order.
    pub transforms: Vec<TransformStage>,
    /// Where records go. At least one.
    pub sinks: Vec<SinkStage>,
    /// Where state is kept, and how runs resume.
    pub state: StateOptions,
    /// What an export must look like to be believed.
    pub expect: ExpectOptions,
    /// Where refused records go. There if any stage may send records there.
    pub dead_letter: Option<DeadLetterOptions>,
    /// What tells this pipeline from one whose output could differ: a digest of the program's version and of all
    /// that the file says, secrets and what `[state]` and `[expect]` hold apart. A checkpoint of another one is of no use.
    pub digest: String,
    /// Identifies the listing that the source reads: a digest of the source's options, without secrets and without options that
    /// do not change which jobs are read. Only runs that read the same listing are compared with each other.
    pub listing_digest: String,
    /// The name of an experiment: of a pipeline that the command line changes with `--set`. Its state is kept apart from
    /// that of the pipeline as its file has it.
    pub experiment: Option<String>,
    /// Whether it is to run on made-up data, with `--sandbox`.
    pub sandbox: bool,
}

/// The source of a pipeline.
#[derive(Debug)]
pub struct SourceStage {
    /// Its name in messages and in the manifest.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage itself.
    pub feed: Feed,
}

/// Where the records of a run come from.
#[derive(Debug)]
pub enum Feed {
    /// From the source of the pipeline.
    Source(Box<dyn Source>),
    /// From a file of dead letters, in a replay.
    DeadLetters(Box<dyn DeadLetterReader>),
}

/// One transform of a pipeline, or of one of its sinks.
#[derive(Debug)]
pub struct TransformStage {
    /// Its name in messages and in the manifest.
    pub name: String,
    /// The plugin's type.
    pub type_name: &'static str,
    /// What becomes of a record that it refuses.
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
    /// What becomes of a record that it refuses.
    pub on_error: OnError,
    /// What records go through for this sink alone, after the pipeline's transforms.
    pub transforms: Vec<TransformStage>,
    /// The stage itself.
    pub sink: Box<dyn Sink>,
}

impl Pipeline {
    /// A pipeline of these stages, with the default settings for everything else.
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
    /// How errors name it.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Source, name: self.name.clone() }
    }
}

impl TransformStage {
    /// How errors name it.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Transform, name: self.name.clone() }
    }
}

impl SinkStage {
    /// How errors name it.
    pub fn id(&self) -> StageId {
        StageId { role: Role::Sink, name: self.name.clone() }
    }
}
