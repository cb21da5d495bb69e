//! Stages that were built, with what the checks need to know of them.

use std::path::PathBuf;

use taskferry_pipeline::{SinkStage, SourceStage, TransformStage};

use taskferry_sdk::{FieldRule, KeyPath, RecordFields};

/// A transform that was built, with what the checks need to know of it.
#[derive(Debug)]
pub(crate) struct CheckedTransform {
    pub(crate) path: KeyPath,
    pub(crate) stage: TransformStage,
    pub(crate) fields: FieldRule,
}

/// A sink that was built, its own transforms beside it.
#[derive(Debug)]
pub(crate) struct CheckedSink {
    pub(crate) path: KeyPath,
    pub(crate) stage: SinkStage,
    pub(crate) transforms: Vec<CheckedTransform>,
    pub(crate) output_id: Option<String>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) columns: Vec<String>,
}

/// A source that was built, with what the checks need to know of it.
#[derive(Debug)]
pub(crate) struct CheckedSource {
    pub(crate) stage: SourceStage,
    pub(crate) fields: RecordFields,
}
