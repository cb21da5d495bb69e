//! The checks of a pipeline, in order.

use taskferry_pipeline::{Feed, Pipeline, StageId, TransformStage};
use taskferry_sdk::{AnyTransform, Check, RunContext};

use super::local::state_findings;
use super::report::CheckResult;
use crate::command::arguments::DoctorArguments;
use crate::command::state_folder::StateFolder;
use crate::exit::Exit;

/// A check that is not yet made.
#[derive(Debug)]
pub(super) struct Planned {
    /// The stage, as messages name it; `None` for the pipeline itself.
    pub(super) stage: Option<String>,
    /// The exit code if the check fails. A run that fails for the same reason has the same exit code.
    pub(super) exit: Exit,
    pub(super) check: Check,
}

/// All checks of a pipeline: the checks of the state folder, and of each stage.
pub(super) fn of(pipeline: Pipeline, arguments: &DoctorArguments) -> Vec<Planned> {
    let mut run = taskferry_engine::new_run(&pipeline.name);
    run.sandbox = pipeline.sandbox;
    let (folder, file) = (StateFolder::of(&pipeline, None), arguments.file.clone());
    let Pipeline { name, source, transforms, sinks, .. } = pipeline;
    let check = Check::new("state", async move { state_findings(&folder, &name, &file) });
    let mut plan = vec![Planned { stage: None, exit: Exit::USAGE, check }];
    let id = source.id();
    if let Feed::Source(source) = source.feed {
        plan.extend(planned(&id, Exit::SOURCE, source.checks(&run)));
    }
    plan.extend(of_transforms(transforms, &run));
    for sink in sinks {
        let id = sink.id();
        plan.extend(of_transforms(sink.transforms, &run));
        plan.extend(planned(&id, Exit::SINK, sink.sink.checks(&run)));
    }
    plan
}

fn of_transforms(stages: Vec<TransformStage>, run: &RunContext) -> impl Iterator<Item = Planned> {
    stages.into_iter().flat_map(|stage| {
        let id = stage.id();
        match stage.transform {
            AnyTransform::Async(transform) => planned(&id, Exit::TRANSFORM, transform.checks(run)),
            _ => Vec::new(),
        }
    })
}

fn planned(stage: &StageId, exit: Exit, checks: Vec<Check>) -> Vec<Planned> {
    let planned = |check| Planned { stage: Some(stage.to_string()), exit, check };
    checks.into_iter().map(planned).collect()
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
