//! Assembles a pipeline from merged values, and checks its stages against each other.

use std::collections::BTreeMap;

use taskferry_pipeline::{
    BuiltSink, Feed, OnError, Pipeline, Registry, SinkStage, SourceStage, TransformStage,
};
use taskferry_sdk::{KeyPath, MAX_PER_KIND, Part, Problem, Severity};

use crate::built::{CheckedSink, CheckedSource, CheckedStage, CheckedTransform};
use crate::digest;
use crate::fields::{self, FieldProblems};
use crate::files::PipelineFiles;
use crate::keys::TOP_LEVEL;
use crate::layers::Layers;
use crate::outputs::FilesInUse;
use crate::positions::StageInfo;
use crate::settings::Settings;
use crate::stage::StageBuilder;
use crate::suggestion::{did_you_mean, listed};
use crate::tree::{Node, string};

/// A pipeline that can run.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) pipeline: Pipeline,
    pub(crate) files: FilesInUse,
    /// The stages, before their positions are located.
    pub(crate) stages: Vec<StageInfo>,
    pub(crate) pages_digest: String,
    pub(crate) warnings: Vec<Problem>,
}

/// Builds every stage.
///
/// # Errors
/// All problems of the pipeline, with the warnings.
pub(crate) fn assemble(
    tree: &Node,
    layers: &Layers,
    files: &PipelineFiles,
    registry: &Registry,
) -> Result<Assembled, Vec<Problem>> {
    let nothing = BTreeMap::new();
    let top = tree.as_table().unwrap_or(&nothing);
    let mut problems = unknown_keys(top);
    let mut text = |key: &str| {
        string(top, &KeyPath::root(), key).unwrap_or_else(|problem| {
            problems.push(problem);
            None
        })
    };
    let (name, description) = (text("name").unwrap_or_default(), text("description"));

    let mut builder = StageBuilder::new(registry, files, &name, layers);
    let source = builder.source(top.get("source"));
    let transforms = builder.transforms(top.get("transform"), &KeyPath::of("transform"));
    let sinks = builder.sinks(top.get("sink"));
    problems.extend(builder.into_problems());
    let settings = Settings::read(top, layers.sandbox, &mut problems);

    if let Some(source) = &source {
        let FieldProblems { errors, warnings } = fields::check(tree, source, &transforms, &sinks);
        problems.extend(errors);
        // Only if every stage was built, because a missing stage may produce the fields.
        if only_warnings(&problems) {
            problems.extend(warnings);
        }
    }
    problems.extend(shared_outputs(&sinks));
    let in_use = FilesInUse::of(tree, layers, files, &name, &sinks, &settings);
    problems.extend(in_use.problems());
    if settings.dead_letter.is_none() && !top.contains_key("dead_letter") {
        problems.extend(missing_dead_letter(&transforms, &sinks));
    }
    let can_run = only_warnings(&problems);
    let Some(source) = source.filter(|_| can_run) else { return Err(problems) };
    let (mut transforms, mut sinks) = (transforms, sinks);
    make_unique(sinks.iter_mut().map(|sink| &mut sink.stage.id.name));
    let own = sinks.iter_mut().flat_map(|sink| &mut sink.transforms);
    make_unique(transforms.iter_mut().chain(own).map(|checked| &mut checked.id.name));
    let infos = stage_infos(&source, &transforms, &sinks);
    let source = SourceStage {
        name: source.id.name,
        type_name: source.type_name,
        digest: digest::content_digest(tree, registry),
        feed: Feed::Source(source.built.source),
    };
    let stage = |checked: CheckedTransform| TransformStage {
        name: checked.id.name,
        type_name: checked.type_name,
        digest: digest::transform_digest(tree, registry, &checked.path),
        on_error: checked.on_error,
        transform: checked.built.transform,
    };
    let transforms = transforms.into_iter().map(stage).collect();
    let sinks = sinks.into_iter().map(|CheckedSink { stage: sink, transforms }| SinkStage {
        name: sink.id.name,
        type_name: sink.type_name,
        on_error: sink.on_error,
        transforms: transforms.into_iter().map(stage).collect(),
        sink: sink.built.sink,
    });
    let sinks = sinks.collect();
    let Settings { state, expect, dead_letter } = settings;
    let pipeline = Pipeline {
        name,
        description,
        source,
        transforms,
        sinks,
        state,
        expect,
        dead_letter,
        digest: digest::digest(tree, registry, files),
        sandbox: layers.sandbox,
        listing_digest: digest::listing_digest(tree, registry),
        experiment: digest::experiment(tree, layers, registry),
    };
    let pages_digest = digest::pages_digest(tree, registry, files);
    Ok(Assembled { pipeline, files: in_use, stages: infos, pages_digest, warnings: problems })
}

fn only_warnings(problems: &[Problem]) -> bool {
    problems.iter().all(|problem| problem.severity == Severity::Warning)
}

fn unknown_keys(top: &BTreeMap<String, Node>) -> Vec<Problem> {
    let unknown = top.keys().filter(|key| !TOP_LEVEL.contains(&key.as_str()));
    let problems = unknown.enumerate().map(|(number, key)| {
        let message = format!("unknown top-level key `{key}`");
        let problem = Problem::at(KeyPath::of(key), "unknown-key", message).part(Part::Key);
        // Later problems are counted and not shown.
        if number >= MAX_PER_KIND {
            return problem;
        }
        let all = || format!("the top-level keys are {}", listed(TOP_LEVEL));
        problem.help(did_you_mean(key, &TOP_LEVEL, all))
    });
    problems.collect()
}

/// The stages that write dead letters while the pipeline has no file for them.
fn missing_dead_letter(transforms: &[CheckedTransform], sinks: &[CheckedSink]) -> Vec<Problem> {
    let own = sinks.iter().flat_map(|sink| &sink.transforms);
    let transforms = transforms.iter().chain(own).map(|it| (&it.path, it.on_error));
    let stages = transforms.chain(sinks.iter().map(|it| (&it.stage.path, it.stage.on_error)));
    let writing = stages.filter(|(_, on_error)| *on_error == OnError::DeadLetter);
    let problem = |(path, _): (&KeyPath, OnError)| {
        let message = "`on_error = \"dead_letter\"` requires the table `[dead_letter]`";
        let help = "add `[dead_letter]` with `path = \"out/{pipeline}-{run_id}.dead.ndjson\"`";
        Problem::at(path.key("on_error"), "missing-dead-letter", message).help(help)
    };
    writing.map(problem).collect()
}

/// Sinks that write to one output that is not a file. [`FilesInUse`] compares files.
fn shared_outputs(sinks: &[CheckedSink]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let sinks: Vec<_> = sinks.iter().map(|sink| &sink.stage).collect();
    for (position, sink) in sinks.iter().enumerate() {
        let is_same = |earlier: &&&CheckedStage<BuiltSink>| {
            sink.built.files.is_empty() && earlier.built.output_id == sink.built.output_id
        };
        let earlier = sinks.iter().take(position).find(is_same);
        if let (Some(earlier), Some(output)) = (earlier, &sink.built.output_id) {
            let message = format!("two sinks write to {output}");
            let problem = Problem::at(sink.path.key("type"), "duplicate-output", message);
            let other = earlier.path.key("type");
            problems.push(
                problem
                    .label("this sink")
                    .related(other, Part::Value, "the other sink")
                    .help("choose another output for one of them"),
            );
        }
    }
    problems
}

fn stage_infos(
    source: &CheckedSource,
    transforms: &[CheckedTransform],
    sinks: &[CheckedSink],
) -> Vec<StageInfo> {
    let transform = |checked: &CheckedTransform| StageInfo {
        explained_options: checked.built.explained_options,
        ..StageInfo::new(checked)
    };
    let mut infos = vec![StageInfo::new(source)];
    infos.extend(transforms.iter().map(transform));
    for sink in sinks {
        let name = Some(sink.stage.id.name.clone());
        let own = sink.transforms.iter().map(transform);
        infos.extend(own.map(|stage| StageInfo { sink: name.clone(), ..stage }));
        infos.push(StageInfo::new(&sink.stage));
    }
    infos
}

/// Makes names unique: `jq`, `jq-2`, `jq-3`.
fn make_unique<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        *name = free.unwrap_or_default();
        taken.push(name.clone());
    }
}
