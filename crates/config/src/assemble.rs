//! From merged values to a pipeline, and what its stages need of each other.

use std::collections::BTreeMap;

use taskferry_pipeline::{OnError, Pipeline, Registry, SinkStage, TransformStage};

use taskferry_sdk::{KeyPath, MAX_PER_KIND, Part, Problem, Severity, nearest};

use crate::built::{CheckedSink, CheckedTransform};
use crate::digest;
use crate::fields::{self, FieldProblems};
use crate::files::PipelineFiles;
use crate::keys::TOP;
use crate::layers::Layers;
use crate::outputs::FilesInUse;
use crate::settings::Settings;
use crate::stage::StageBuilder;
use crate::tree::{Node, string};

/// All that comes of the values of a pipeline that can run.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub(crate) pipeline: Pipeline,
    pub(crate) files: FilesInUse,
    pub(crate) warnings: Vec<Problem>,
}

/// Builds every stage, and collects what is wrong on the way.
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
        // What could not be built is not known to change anything.
        if problems.iter().all(|problem| problem.severity == Severity::Warning) {
            problems.extend(warnings);
        }
    }
    problems.extend(claimed_twice(&sinks));
    let in_use = FilesInUse::of(tree, layers, files, &name, &sinks, &settings);
    problems.extend(in_use.problems());
    if settings.dead_letter.is_none() && !top.contains_key("dead_letter") {
        problems.extend(nowhere_to_send(&transforms, &sinks));
    }
    let can_run = problems.iter().all(|problem| problem.severity == Severity::Warning);
    let Some(source) = source.filter(|_| can_run) else { return Err(problems) };
    let source = source.stage;
    let mut transforms = stages(transforms);
    let mut sinks: Vec<SinkStage> = sinks
        .into_iter()
        .map(|sink| SinkStage { transforms: stages(sink.transforms), ..sink.stage })
        .collect();
    number(sinks.iter_mut().map(|sink| &mut sink.name));
    let own = sinks.iter_mut().flat_map(|sink| &mut sink.transforms);
    number(transforms.iter_mut().chain(own).map(|stage| &mut stage.name));
    let Settings { state, expect, dead_letter } = settings;
    let digest = digest::digest(tree, registry, files);
    let listing_digest = digest::listing_digest(tree, registry);
    let experiment = digest::experiment(tree, layers, registry);
    let pipeline = Pipeline {
        name,
        description,
        source,
        transforms,
        sinks,
        state,
        expect,
        dead_letter,
        digest,
        sandbox: layers.sandbox,
        listing_digest,
        experiment,
    };
    Ok(Assembled { pipeline, files: in_use, warnings: problems })
}

fn unknown_keys(top: &BTreeMap<String, Node>) -> Vec<Problem> {
    let unknown = top.keys().filter(|key| !TOP.contains(&key.as_str()));
    let problems = unknown.enumerate().map(|(number, key)| {
        // Mistakes beyond this number are counted, not shown.
        let near = if number < MAX_PER_KIND { nearest(key, TOP) } else { None };
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("the keys at the top are {}", TOP.map(|key| format!("`{key}`")).join(", "))
            }
        };
        let message = format!("unknown key `{key}` at the top of the pipeline");
        Problem::at(KeyPath::of(key), "key::unknown", message).part(Part::Key).help(help)
    });
    problems.collect()
}

/// Says which stages send refused records to dead letters that have no file.
fn nowhere_to_send(transforms: &[CheckedTransform], sinks: &[CheckedSink]) -> Vec<Problem> {
    let own = sinks.iter().flat_map(|sink| &sink.transforms);
    let transforms = transforms.iter().chain(own).map(|it| (&it.path, it.stage.on_error));
    let stages = transforms.chain(sinks.iter().map(|it| (&it.path, it.stage.on_error)));
    let sending = stages.filter(|(_, on_error)| *on_error == OnError::DeadLetter);
    let problem = |(path, _): (&KeyPath, OnError)| {
        let message = "there is no file for dead letters";
        Problem::at(path.key("on_error"), "pipeline::no_dead_letter", message).help(
            "add a table `[dead_letter]` with `path = \"out/{pipeline}-{run_id}.dead.ndjson\"`",
        )
    };
    sending.map(problem).collect()
}

/// Sinks that write to the same thing that is no file: these are compared by what they are.
fn claimed_twice(sinks: &[CheckedSink]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, sink) in sinks.iter().enumerate() {
        let earlier = sinks
            .iter()
            .take(position)
            .find(|earlier| sink.files.is_empty() && earlier.output_id == sink.output_id);
        if let (Some(earlier), Some(claim)) = (earlier, &sink.output_id) {
            let message = format!("two sinks write to {claim}");
            let problem = Problem::at(sink.path.key("type"), "pipeline::claimed_twice", message)
                .help(format!(
                    "`{}` writes there already; give this one another target",
                    earlier.path
                ));
            problems.push(problem);
        }
    }
    problems
}

fn stages(checked: Vec<CheckedTransform>) -> Vec<TransformStage> {
    checked.into_iter().map(|checked| checked.stage).collect()
}

/// Tells stages of the same name apart, wherever they stand: `jq`, `jq-2`, `jq-3`.
fn number<'a>(names: impl Iterator<Item = &'a mut String>) {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        *name = free.unwrap_or_default();
        taken.push(name.clone());
    }
}
