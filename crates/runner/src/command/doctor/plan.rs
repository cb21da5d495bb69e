//! The checks of a pipeline, in order.

use std::path::PathBuf;

use taskferry_pipeline::{Feed, Pipeline, SinkStage, SourceStage, TransformStage};
use taskferry_sdk::{AnyTransform, Check, RunContext};

use super::local;
use super::report::CheckResult;
use crate::command::arguments::DoctorArguments;
use crate::command::state_folder::StateFolder;
use crate::exit::Exit;

/// A check that is not yet made.
#[derive(Debug)]
pub(super) struct Planned {
    /// The stage, as messages name it; `None` for the pipeline itself.
    pub(super) stage: Option<String>,
    /// The exit code if the check fails: that of a run which fails for this reason.
    pub(super) exit: Exit,
    pub(super) check: Check,
}

/// All checks of a pipeline: those of the state folder, and of each stage.
pub(super) fn of(pipeline: Pipeline, arguments: &DoctorArguments) -> Vec<Planned> {
    let mut run = taskferry_engine::new_run(&pipeline.name);
    run.sandbox = pipeline.sandbox;
    let (folder, file) = (StateFolder::of(&pipeline, None), arguments.file.clone());
    let mut plan = vec![state(folder, pipeline.name, file)];
    plan.extend(of_source(pipeline.source, &run));
    plan.extend(pipeline.transforms.into_iter().flat_map(|stage| of_transform(stage, &run)));
    plan.extend(pipeline.sinks.into_iter().flat_map(|sink| of_sink(sink, &run)));
    plan
}

fn state(folder: StateFolder, pipeline: String, file: PathBuf) -> Planned {
    let check =
        Check::new("state", async move { local::state_findings(&folder, &pipeline, &file) });
    Planned { stage: None, exit: Exit::USAGE, check }
}

fn of_source(source: SourceStage, run: &RunContext) -> Vec<Planned> {
    let stage = source.id().to_string();
    let checks = match source.feed {
        Feed::Source(source) => source.checks(run),
        Feed::DeadLetters(_) => Vec::new(),
    };
    let planned = |check| Planned { stage: Some(stage.clone()), exit: Exit::SOURCE, check };
    checks.into_iter().map(planned).collect()
}

fn of_transform(transform: TransformStage, run: &RunContext) -> Vec<Planned> {
    let stage = transform.id().to_string();
    let AnyTransform::Async(transform) = transform.transform else { return Vec::new() };
    let planned = |check| Planned { stage: Some(stage.clone()), exit: Exit::TRANSFORM, check };
    transform.checks(run).into_iter().map(planned).collect()
}

fn of_sink(sink: SinkStage, run: &RunContext) -> Vec<Planned> {
    let stage = sink.id().to_string();
    let own = sink.transforms.into_iter().flat_map(|transform| of_transform(transform, run));
    let mut plan: Vec<Planned> = own.collect();
    let planned = |check| Planned { stage: Some(stage.clone()), exit: Exit::SINK, check };
    plan.extend(sink.sink.checks(run).into_iter().map(planned));
    plan
}

/// The names of the checks, each once.
pub(super) fn names(first: &CheckResult, plan: &[Planned]) -> Vec<&'static str> {
    let mut names = vec![first.check];
    for planned in plan {
        let name = planned.check.name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
