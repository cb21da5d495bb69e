//! `taskferry replay`: dead letters once more, from the stage that refused them.

mod letters;

use std::sync::Arc;

use taskferry_pipeline::{ExpectOptions, Feed, Pipeline, Registry, Role, SourceStage, StageId};

use super::arguments::{Conditions, ReplayArguments};
use super::run::{carry_out, load};
use crate::exit::Exit;
use letters::{DeadLetters, Letters};

/// Runs the pipeline with the dead letters in the place of its source. Each goes to the stage that refused it and on from
/// there; what is refused again becomes a dead letter again, in another file.
pub(crate) async fn replay(registry: &Registry, arguments: ReplayArguments) -> Exit {
    let ReplayArguments { file, dead, layers, how } = arguments;
    how.start_logging();
    let mut checked = match load(registry, &layers, &file, how.log) {
        Ok(checked) => checked,
        Err(exit) => return exit,
    };
    let pipeline = &mut checked.pipeline;
    let letters = match Letters::check(&dead, &pipeline.name, pipeline.sandbox, &stages(pipeline)) {
        Ok(letters) => letters,
        Err(why) => {
            how.log.error(&format!("{}: {why}", dead.display()));
            return Exit::USAGE;
        }
    };
    keep_sinks_with_work(pipeline, letters.refused_at());
    // Other letters, or the same ones changed, are another replay.
    pipeline.digest = format!("{} {}", pipeline.digest, letters.sha256());
    pipeline.expect = ExpectOptions::default();
    pipeline.source = SourceStage {
        name: "dead letters".to_owned(),
        type_name: "dead letters",
        feed: Feed::DeadLetters(Box::new(DeadLetters::new(letters))),
    };
    let mut run = taskferry_engine::new_run(&pipeline.name);
    run.replay = true;
    let inputs: Vec<_> = layers.files(&file).chain([dead.as_path()]).collect();
    carry_out(checked, &how, Conditions::default(), &inputs, Some(run)).await
}

/// Sinks that no letter is on its way to are left out: they would publish files with nothing in them.
fn keep_sinks_with_work(pipeline: &mut Pipeline, refused_at: &[Arc<StageId>]) {
    let refused =
        |role, name: &str| refused_at.iter().any(|stage| stage.role == role && stage.name == name);
    if pipeline.transforms.iter().any(|stage| refused(Role::Transform, &stage.name)) {
        return;
    }
    pipeline.sinks.retain(|sink| {
        let mut own = sink.transforms.iter();
        refused(Role::Sink, &sink.name) || own.any(|stage| refused(Role::Transform, &stage.name))
    });
}

/// All stages that may have refused a record.
fn stages(pipeline: &Pipeline) -> Vec<Arc<StageId>> {
    let own = pipeline.sinks.iter().flat_map(|sink| &sink.transforms);
    let transforms =
        pipeline.transforms.iter().chain(own).map(|stage| (Role::Transform, &stage.name));
    let sinks = pipeline.sinks.iter().map(|stage| (Role::Sink, &stage.name));
    transforms
        .chain(sinks)
        .map(|(role, name)| Arc::new(StageId { role, name: name.clone() }))
        .collect()
}
