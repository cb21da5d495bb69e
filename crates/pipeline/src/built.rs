//! Stages that were built, with what is known of them before they run.

use std::path::PathBuf;

use taskferry_sdk::{AnyTransform, FieldRule, RecordFields, Sink, Source, Subject};

/// A source that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltSource {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub source: Box<dyn Source>,
    /// What is known of the fields of its records.
    pub fields: RecordFields,
    /// The kind of entity that its records describe.
    pub subject: Subject,
}

/// A transform that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltTransform {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub transform: AnyTransform,
    /// What it needs of the fields of records, and makes of them.
    pub fields: FieldRule,
}

/// A sink that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltSink {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub sink: Box<dyn Sink>,
    /// What it writes to, if nothing else may.
    pub output_id: Option<String>,
    /// The files that it writes, that which `path` names first.
    pub files: Vec<PathBuf>,
    /// The fields that its columns name.
    pub columns: Vec<String>,
}
