//! `taskferry replay`: processes dead letters again, starting at the stage that refused them.

mod dead_letters;

use std::sync::Arc;

use taskferry_config::StageInfo;
use taskferry_pipeline::{ExpectOptions, Feed, Pipeline, Registry, Role, SourceStage, StageId};

use super::arguments::{ReplayArguments, RunConditions};
use super::diagnostics::load;
use super::run::execute;
use crate::command_error::{CommandError, Ended};
use dead_letters::{DeadLetterFile, FileReader, is_dead_letter_file};

/// Runs the pipeline with the dead letters in place of its source. A record that is refused again becomes a dead letter in
/// another file.
pub(crate) async fn replay(registry: &Registry, arguments: ReplayArguments) -> Ended {
    let ReplayArguments { file, dead_letters, layers, options } = arguments;
    options.start_logging();
    if is_dead_letter_file(&file) {
        return Err(CommandError::usage(
            "the first argument is a dead-letter file; write `taskferry replay PIPELINE DEAD_LETTERS`",
        ));
    }
    let mut checked = load(&layers.layers(&file), registry, options.log)?;
    let stages = stages(&checked.stages);
    let pipeline = &mut checked.pipeline;
    let dead_letter_file =
        DeadLetterFile::check(&dead_letters, &pipeline.name, pipeline.sandbox, &stages)
            .map_err(|message| format!("{}: {message}", dead_letters.display()))?;
    remove_idle_sinks(pipeline, dead_letter_file.refused_at());
    // A replay of other dead letters must not resume this one.
    pipeline.digest = format!("{} {}", pipeline.digest, dead_letter_file.sha256());
    pipeline.expect = ExpectOptions::default();
    pipeline.source = SourceStage {
        name: "dead letters".to_owned(),
        type_name: "dead letters",
        digest: std::mem::take(&mut pipeline.source.digest),
        feed: Feed::DeadLetters(Box::new(FileReader::new(dead_letter_file))),
    };
    let mut context = taskferry_engine::new_run(&pipeline.name);
    context.replay = true;
    let inputs: Vec<_> = layers.files(&file).chain([dead_letters.as_path()]).collect();
    execute(checked, &options, RunConditions::default(), &inputs, &layers, Some(context)).await
}

/// Removes the sinks that no dead letter can reach, which would publish empty files.
fn remove_idle_sinks(pipeline: &mut Pipeline, refused_at: &[Arc<StageId>]) {
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

/// The stages that can refuse a record: the transforms, then the sinks.
fn stages(infos: &[StageInfo]) -> Vec<Arc<StageId>> {
    let of_role = |role| infos.iter().filter(move |info| info.id.role == role);
    let stages = of_role(Role::Transform).chain(of_role(Role::Sink));
    stages.map(|info| Arc::new(info.id.clone())).collect()
}
