//! What the stages of a pipeline are called, while they are at work elsewhere.

use taskferry_pipeline::{OnError, Pipeline, TransformStage};

/// The names of all stages.
#[derive(Debug, Clone)]
pub(crate) struct Outline {
    pub(crate) source: StageOutline,
    pub(crate) transforms: Vec<StageOutline>,
    pub(crate) sinks: Vec<SinkOutline>,
}

/// One stage.
#[derive(Debug, Clone)]
pub(crate) struct StageOutline {
    pub(crate) name: String,
    pub(crate) type_name: &'static str,
    pub(crate) on_error: OnError,
}

/// One sink, with its own transforms.
#[derive(Debug, Clone)]
pub(crate) struct SinkOutline {
    pub(crate) stage: StageOutline,
    pub(crate) transforms: Vec<StageOutline>,
}

impl Outline {
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let stage = |name: &str, type_name, on_error| StageOutline {
            name: name.to_owned(),
            type_name,
            on_error,
        };
        let transforms = |stages: &[TransformStage]| -> Vec<StageOutline> {
            stages.iter().map(|it| stage(&it.name, it.type_name, it.on_error)).collect()
        };
        let sinks = pipeline.sinks.iter().map(|it| SinkOutline {
            stage: stage(&it.name, it.type_name, it.on_error),
            transforms: transforms(&it.transforms),
        });
        Self {
            source: stage(&pipeline.source.name, pipeline.source.type_name, OnError::Fail),
            transforms: transforms(&pipeline.transforms),
            sinks: sinks.collect(),
        }
    }
}
