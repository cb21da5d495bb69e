//! A pipeline as a graph: a chain of stages that ends in one branch per sink.

use taskferry_pipeline::{Pipeline, Role, TransformStage};
use taskferry_sdk::printable;

use super::counts::{RunCounts, StageCounts};
use crate::command::format::{count, number};

/// The graph of a pipeline.
#[derive(Debug)]
pub(super) struct Graph {
    /// The name of the pipeline, escaped.
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// The source and the transforms of the pipeline, in order.
    pub(super) chain: Vec<Node>,
    /// For each sink its own transforms, then the sink.
    pub(super) branches: Vec<Vec<Node>>,
    /// The run that produced the counts.
    pub(super) run: Option<Run>,
}

/// A run, for captions.
#[derive(Debug)]
pub(super) struct Run {
    /// `None` for the runs of several shards.
    pub(super) id: Option<String>,
    pub(super) status: String,
    pub(super) sandbox: bool,
}

/// A stage.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) role: Role,
    /// The name, escaped.
    pub(super) name: String,
    pub(super) type_name: &'static str,
    counts: Option<StageCounts>,
}

impl Graph {
    /// For each node: the id of the previous node (empty for the first node), the id of the node, and the node.
    pub(super) fn links(&self) -> Vec<(String, String, &Node)> {
        let (mut links, mut last) = (Vec::new(), String::new());
        for (position, node) in self.chain.iter().enumerate() {
            let id = format!("stage{position}");
            links.push((std::mem::replace(&mut last, id.clone()), id, node));
        }
        for (branch, nodes) in self.branches.iter().enumerate() {
            let mut previous = last.clone();
            for (position, node) in nodes.iter().enumerate() {
                let id = format!("sink{branch}_{position}");
                links.push((std::mem::replace(&mut previous, id.clone()), id, node));
            }
        }
        links
    }

    pub(super) fn of(pipeline: &Pipeline) -> Self {
        let source = &pipeline.source;
        let mut chain = vec![Node::new(Role::Source, &source.name, source.type_name)];
        chain.extend(pipeline.transforms.iter().map(Node::transform));
        let branches = pipeline.sinks.iter().map(|stage| {
            let sink = Node::new(Role::Sink, &stage.name, stage.type_name);
            stage.transforms.iter().map(Node::transform).chain([sink]).collect()
        });
        Self {
            name: printable(&pipeline.name).into_owned(),
            description: pipeline.description.as_deref().map(|it| printable(it).into_owned()),
            chain,
            branches: branches.collect(),
            run: None,
        }
    }

    /// Adds the counts of a run.
    ///
    /// # Errors
    /// The run belongs to another pipeline, or to another version of the pipeline file. The text is the rest of a sentence about
    /// the manifest.
    pub(super) fn add(&mut self, run: RunCounts) -> Result<(), String> {
        if printable(&run.pipeline) != self.name {
            return Err(format!(
                "is the manifest of the pipeline `{}`, not of `{}`",
                run.pipeline, self.name
            ));
        }
        let (name, records_in) = (run.source.name, run.source.records);
        let source = StageCounts { name, records_in, ..StageCounts::default() };
        set(&mut self.chain, std::iter::once(source).chain(run.transforms).collect())?;
        if run.sinks.len() != self.branches.len() {
            return Err(other_version("has a different number of sinks"));
        }
        for (branch, mut sink) in self.branches.iter_mut().zip(run.sinks) {
            let mut counts = std::mem::take(&mut sink.transforms);
            counts.push(sink);
            set(branch, counts)?;
        }
        let id = run.run_id.map(|id| printable(&id).into_owned());
        let status = printable(&run.status).into_owned();
        self.run = Some(Run { id, status, sandbox: run.sandbox });
        Ok(())
    }

    /// The caption: the run, and whether the data is generated.
    pub(super) fn caption(&self) -> Option<String> {
        let run = self.run.as_ref()?;
        let generated = if run.sandbox { ", with generated data" } else { "" };
        Some(match &run.id {
            Some(id) => format!("run {id}: {}{generated}", run.status),
            None => format!("all shards: {}{generated}", run.status),
        })
    }
}

/// Sets the counts of stages that have the same names in the same order.
fn set(nodes: &mut [Node], counts: Vec<StageCounts>) -> Result<(), String> {
    if nodes.len() != counts.len() {
        return Err(other_version("has a different number of stages"));
    }
    for (node, counts) in nodes.iter_mut().zip(counts) {
        if printable(&counts.name) != node.name {
            let (role, expected, name) = (node.role, &node.name, &counts.name);
            return Err(other_version(&format!("has `{name}` instead of the {role} `{expected}`")));
        }
        node.counts = Some(counts);
    }
    Ok(())
}

fn other_version(difference: &str) -> String {
    format!("belongs to another version of the pipeline: the manifest {difference}")
}

impl Node {
    fn new(role: Role, name: &str, type_name: &'static str) -> Self {
        Self { role, name: printable(name).into_owned(), type_name, counts: None }
    }

    fn transform(stage: &TransformStage) -> Self {
        Self::new(Role::Transform, &stage.name, stage.type_name)
    }

    /// The type, if it differs from the name.
    pub(super) fn other_type(&self) -> Option<&'static str> {
        (self.name != self.type_name).then_some(self.type_name)
    }

    /// The number of records that enter the stage.
    pub(super) fn received(&self) -> Option<String> {
        self.counts.as_ref().map(|counts| number(counts.records_in))
    }

    /// What a sink has delivered.
    pub(super) fn delivered(&self) -> Option<String> {
        let counts = self.counts.as_ref().filter(|_| self.role == Role::Sink)?;
        Some(format!("{} delivered", number(counts.records)))
    }

    /// The records that end at this stage, by reason.
    pub(super) fn losses(&self) -> Vec<String> {
        let Some(counts) = &self.counts else { return Vec::new() };
        let refused = counts.failed.saturating_sub(counts.dead_letters);
        let losses = [
            (counts.filtered, format!("{} filtered", number(counts.filtered))),
            (refused, format!("{} refused", number(refused))),
            (counts.dead_letters, count(counts.dead_letters, "dead letter")),
        ];
        losses.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect()
    }

    /// The lines of a label: the name, the type if it differs from the name, and the counts of records that end here.
    pub(super) fn lines(&self) -> Vec<String> {
        let type_name = self.other_type().map(|type_name| format!("({type_name})"));
        let name = std::iter::once(self.name.clone()).chain(type_name);
        name.chain(self.delivered()).chain(self.losses()).collect()
    }

    /// The stage in one sentence.
    pub(super) fn sentence(&self) -> String {
        let mut parts = vec![format!("{} {}", self.role, self.name)];
        parts.extend(self.other_type().map(|type_name| format!("type {type_name}")));
        let verb = if self.role == Role::Source { "read" } else { "received" };
        parts.extend(self.received().map(|count| format!("{count} {verb}")));
        parts.extend(self.delivered());
        parts.extend(self.losses());
        parts.join(", ")
    }
}
