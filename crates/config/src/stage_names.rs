//! Values from outside the files can address a stage by its name: `--set sink.webhook.url=…` or
//! `--set sink.webhook.transform.jq.filter=…`. This module replaces the names by positions. It also warns about overlays that
//! replace a list of stages with a shorter list.

use taskferry_sdk::{KeyPath, Part, Problem, Segment};
use toml::de::{DeTable, DeValue};

use crate::document::Document;
use crate::layers::Layers;
use crate::suggestion::listed;

/// The lists of stages.
const LISTS: [&str; 2] = ["sink", "transform"];

/// Replaces the names of stages in the layers by positions. Unknown and ambiguous names stay.
pub(crate) fn to_positions(layers: &Layers, documents: &[Document<'_>]) -> Layers {
    let mut layers = layers.clone();
    for given in &mut layers.overrides {
        if let Some((list, name, rest)) = named(given.path.segments())
            && let [position] = stages(documents, list).positions(name)[..]
        {
            given.path = KeyPath::of(list).index(position).join(&rest.iter().cloned().collect());
        }
        if let Some((sink, name, rest)) = named_in_sink(&given.path)
            && let [position] = stages_of_sink(documents, sink).positions(name)[..]
        {
            let path = KeyPath::of("sink").index(sink).key("transform").index(position);
            given.path = path.join(&rest.iter().cloned().collect());
        }
    }
    layers
}

/// The reason why the name in a path does not identify a stage; `None` if the path contains no name.
pub(crate) fn failure(path: &KeyPath, documents: &[Document<'_>]) -> Option<String> {
    if let Some((list, name, _)) = named(path.segments()) {
        return stages(documents, list).failure(list, name, list);
    }
    let (sink, name, _) = named_in_sink(path)?;
    let prefix = format!("sink.{sink}.transform");
    stages_of_sink(documents, sink).failure("transform", name, &prefix)
}

/// Warnings about overlays that replace a list with a shorter list: they may remove stages by accident.
pub(crate) fn replaced(documents: &[Document<'_>]) -> Vec<Problem> {
    let shorter = LISTS.into_iter().filter_map(|list| {
        let lengths = documents.iter().map(|document| Some(tables(document, list)?.len()));
        let lengths: Vec<usize> = lengths.flatten().collect();
        let (after, earlier) = lengths.split_last()?;
        let before = earlier.iter().max().filter(|before| *before > after)?;
        let overlays = if earlier.len() == 1 { "the overlay replaces" } else { "the overlays replace" };
        let message = format!("{overlays} the list of {before} {list}s with a list of {after}");
        let help = format!(
            "repeat the {list}s that should stay, or change single options with `--set {list}.NAME.KEY=VALUE`"
        );
        let problem = Problem::at(KeyPath::of(list), "replaced-stages", message).part(Part::Key);
        Some(problem.help(help).warning())
    });
    shorter.collect()
}

/// The list, the name and the rest of a path such as `sink.webhook.url`.
fn named(path: &[Segment]) -> Option<(&'static str, &str, &[Segment])> {
    let [Segment::Key(list), Segment::Key(name), rest @ ..] = path else { return None };
    let list = LISTS.into_iter().find(|known| known == list)?;
    Some((list, name, rest))
}

/// The position of the sink, the name of its transform and the rest of a path such as `sink.0.transform.jq.filter`.
fn named_in_sink(path: &KeyPath) -> Option<(usize, &str, &[Segment])> {
    let [Segment::Key(list), Segment::Index(sink), inside @ ..] = path.segments() else {
        return None;
    };
    let (inner, name, rest) = named(inside)?;
    (list == "sink" && inner == "transform").then_some((*sink, name, rest))
}

/// The name of each stage of a list, and whether it is written as `name`.
struct Stages<'d>(Vec<(&'d str, bool)>);

/// The tables of a list of stages in one file.
fn tables<'d>(document: &'d Document<'_>, list: &str) -> Option<Vec<&'d DeTable<'d>>> {
    tables_in(document.table(), list)
}

fn tables_in<'d>(table: &'d DeTable<'d>, list: &str) -> Option<Vec<&'d DeTable<'d>>> {
    let DeValue::Array(items) = table.get(list)?.get_ref() else { return None };
    Some(items.iter().filter_map(|item| item.get_ref().as_table()).collect())
}

/// The stages of a list in the strongest file that has the list.
fn stages<'d>(documents: &'d [Document<'_>], list: &str) -> Stages<'d> {
    Stages::of(documents.iter().rev().find_map(|document| tables(document, list)))
}

/// The transforms of the sink at this position.
fn stages_of_sink<'d>(documents: &'d [Document<'_>], sink: usize) -> Stages<'d> {
    let sinks = documents.iter().rev().find_map(|document| tables(document, "sink"));
    let sink = sinks.and_then(|sinks| sinks.get(sink).copied());
    Stages::of(sink.and_then(|sink| tables_in(sink, "transform")))
}

impl<'d> Stages<'d> {
    fn of(tables: Option<Vec<&'d DeTable<'d>>>) -> Self {
        let text = |table: &'d DeTable<'_>, key: &str| table.get(key)?.get_ref().as_str();
        let stages =
            tables.unwrap_or_default().into_iter().map(|table| match text(table, "name") {
                Some(name) => (name, true),
                None => (text(table, "type").unwrap_or_default(), false),
            });
        Self(stages.collect())
    }

    /// Why this name does not address one stage of the list at `path`.
    fn failure(&self, list: &str, name: &str, path: &str) -> Option<String> {
        let names = || listed(self.0.iter().map(|(name, _)| name));
        match self.positions(name)[..] {
            _ if self.0.is_empty() => None,
            [] => Some(format!("there is no {list} `{name}`: the {list}s are {}", names())),
            [_] => None,
            _ => Some(format!(
                "several {list}s are called `{name}`: use a position, as in `{path}.0.KEY`"
            )),
        }
    }

    /// The positions of the stages with this name, else with this type. Case does not matter, because the keys of environment
    /// variables are in lower case.
    fn positions(&self, name: &str) -> Vec<usize> {
        let found = |written: bool| {
            let stages = self.0.iter().enumerate();
            let found = stages.filter(|(_, (known, is_name))| {
                *is_name == written && known.eq_ignore_ascii_case(name)
            });
            found.map(|(position, _)| position).collect::<Vec<usize>>()
        };
        let names = found(true);
        if names.is_empty() { found(false) } else { names }
    }
}
