//! From merged values to a pipeline, and what its stages need of each other.

use std::collections::BTreeMap;

use taskferry_core::{
    KeyPath, Need, Offer, OnError, Part, Pipeline, Problem, Registry, SinkStage, TransformStage,
    nearest,
};

use crate::digest::digest;
use crate::layers::Layers;
use crate::settings::Settings;
use crate::stage::{StageBuilder, string};
use crate::tree::Node;

/// The keys at the top of a pipeline file.
pub(crate) const TOP: [&str; 8] =
    ["name", "description", "source", "transform", "sink", "dead_letter", "state", "expect"];

/// A transform that was built, with what the checks need to know of it.
#[derive(Debug)]
pub(crate) struct CheckedTransform {
    pub(crate) path: KeyPath,
    pub(crate) stage: TransformStage,
    pub(crate) needs: Vec<Need>,
    pub(crate) reshapes: bool,
}

/// A sink that was built, its own transforms beside it.
#[derive(Debug)]
pub(crate) struct CheckedSink {
    pub(crate) path: KeyPath,
    pub(crate) stage: SinkStage,
    pub(crate) transforms: Vec<CheckedTransform>,
    pub(crate) claims: Option<String>,
}

/// Builds every stage, and collects what is wrong on the way.
pub(crate) fn assemble(
    tree: &Node,
    layers: &Layers,
    registry: &Registry,
) -> Result<Pipeline, Vec<Problem>> {
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

    let files = layers.files();
    let mut builder = StageBuilder::new(registry, &files, &name, layers);
    let source = builder.source(top.get("source"));
    let transforms = builder.transforms(top.get("transform"), &KeyPath::of("transform"));
    let sinks = builder.sinks(top.get("sink"));
    problems.extend(builder.into_problems());
    let settings = Settings::read(top, &mut problems);

    if let Some((offer, _)) = &source {
        let known = check_needs(offer, &transforms, true, &mut problems);
        for sink in &sinks {
            check_needs(offer, &sink.transforms, known, &mut problems);
        }
    }
    problems.extend(claimed_twice(&sinks));
    problems.extend(settings.dead_letter.as_ref().and_then(|letters| {
        let claim = letters.path.claim(&name);
        let sink = sinks.iter().find(|sink| sink.claims.as_ref() == Some(&claim))?;
        let path = KeyPath::of("dead_letter").key("path");
        let message = format!("dead letters would go to {claim}, which `{}` writes", sink.path);
        let problem = Problem::at(path, "pipeline::claimed_twice", message);
        Some(problem.help("give them a file of their own"))
    }));
    if settings.dead_letter.is_none() && !top.contains_key("dead_letter") {
        problems.extend(nowhere_to_send(&transforms, &sinks));
    }
    let Some((_, source)) = source.filter(|_| problems.is_empty()) else { return Err(problems) };
    let mut transforms = stages(transforms);
    let mut sinks: Vec<SinkStage> = sinks
        .into_iter()
        .map(|sink| SinkStage { transforms: stages(sink.transforms), ..sink.stage })
        .collect();
    number(sinks.iter_mut().map(|sink| &mut sink.name));
    let own = sinks.iter_mut().flat_map(|sink| &mut sink.transforms);
    number(transforms.iter_mut().chain(own).map(|stage| &mut stage.name));
    let Settings { state, expect, dead_letter } = settings;
    let digest = digest(tree, registry, &files);
    Ok(Pipeline {
        name,
        description,
        source,
        transforms,
        sinks,
        state,
        expect,
        dead_letter,
        digest,
    })
}

fn unknown_keys(top: &BTreeMap<String, Node>) -> Vec<Problem> {
    let unknown = top.keys().filter(|key| !TOP.contains(&key.as_str()));
    let problems = unknown.map(|key| {
        let help = match nearest(key, TOP) {
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

/// Says which transforms work on a field that the source does not ask for. `known`: whether records still
/// have the source's shape; returned for the stages behind.
fn check_needs(
    source: &Offer,
    chain: &[CheckedTransform],
    known: bool,
    problems: &mut Vec<Problem>,
) -> bool {
    let mut known = known;
    for checked in chain {
        for need in checked.needs.iter().filter(|_| known) {
            if let Some(fix) = source.lacks(need.field) {
                let message = format!(
                    "`{}` needs `{}`, which the source does not fetch",
                    checked.stage.type_name, need.field
                );
                let problem =
                    Problem::at(checked.path.key("type"), "pipeline::missing_field", message)
                        .label(format!("without it {}", need.consequence))
                        .help(fix);
                problems.push(problem);
            }
        }
        known &= !checked.reshapes;
    }
    known
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

fn claimed_twice(sinks: &[CheckedSink]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (position, sink) in sinks.iter().enumerate() {
        let earlier = sinks
            .iter()
            .take(position)
            .find(|earlier| sink.claims.is_some() && earlier.claims == sink.claims);
        if let (Some(earlier), Some(claim)) = (earlier, &sink.claims) {
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
