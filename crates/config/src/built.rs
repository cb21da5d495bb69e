//! Stages that were built, with the facts that the checks need.

use std::path::PathBuf;

use taskferry_pipeline::{SinkStage, SourceStage, TransformStage};
use taskferry_sdk::{FieldRule, KeyPath, RecordFields, Vocabulary};

#[derive(Debug)]
pub(crate) struct CheckedSource {
    pub(crate) stage: SourceStage,
    pub(crate) fields: RecordFields,
    pub(crate) vocabulary: Option<Vocabulary>,
}

#[derive(Debug)]
pub(crate) struct CheckedTransform {
    pub(crate) path: KeyPath,
    pub(crate) stage: TransformStage,
    pub(crate) fields: FieldRule,
    pub(crate) explained_options: &'static [&'static str],
}

/// A sink. Its own transforms are beside `stage`, not in it.
#[derive(Debug)]
pub(crate) struct CheckedSink {
    pub(crate) path: KeyPath,
    pub(crate) stage: SinkStage,
    pub(crate) transforms: Vec<CheckedTransform>,
    pub(crate) output_id: Option<String>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) columns: Vec<String>,
}
