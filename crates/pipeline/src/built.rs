//! Built stages, with their properties.

use std::path::PathBuf;

use taskferry_sdk::{
    AnyTransform, FieldRule, Problem, RecordFields, Sink, Source, Subject, Vocabulary,
};

/// A built stage: a [`BuiltSource`], [`BuiltTransform`] or [`BuiltSink`].
#[derive(Debug)]
pub struct Built<S> {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub stage: S,
    /// Options that are valid but probably wrong.
    pub warnings: Vec<Problem>,
}

/// A built source.
#[derive(Debug)]
pub struct BuiltSource {
    /// The source.
    pub source: Box<dyn Source>,
    /// The known fields of the records.
    pub fields: RecordFields,
    /// The vocabulary of the skill names, unless it is TechWolf's.
    pub vocabulary: Option<Vocabulary>,
    /// The kind of entity that the records describe.
    pub subject: Subject,
}

/// A built transform.
#[derive(Debug)]
pub struct BuiltTransform {
    /// The transform.
    pub transform: AnyTransform,
    /// The fields that the transform requires and emits.
    pub fields: FieldRule,
    /// The options whose effects it explains.
    pub explained_options: &'static [&'static str],
}

/// A built sink.
#[derive(Debug)]
pub struct BuiltSink {
    /// The sink.
    pub sink: Box<dyn Sink>,
    /// The identity of the output. Two sinks must not have the same output.
    pub output_id: Option<String>,
    /// The files that the sink writes. The file of the option `path` is first.
    pub files: Vec<PathBuf>,
    /// The fields in the option `columns`.
    pub columns: Vec<String>,
}
