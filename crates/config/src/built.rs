//! Built stages, with the keys that every stage has.

use taskferry_pipeline::{BuiltSink, BuiltSource, BuiltTransform, OnError, StageId};
use taskferry_sdk::KeyPath;

#[derive(Debug)]
pub(crate) struct CheckedStage<S> {
    pub(crate) path: KeyPath,
    pub(crate) id: StageId,
    pub(crate) type_name: &'static str,
    pub(crate) on_error: OnError,
    pub(crate) built: S,
}

pub(crate) type CheckedSource = CheckedStage<BuiltSource>;
pub(crate) type CheckedTransform = CheckedStage<BuiltTransform>;

#[derive(Debug)]
pub(crate) struct CheckedSink {
    pub(crate) stage: CheckedStage<BuiltSink>,
    pub(crate) transforms: Vec<CheckedTransform>,
}
