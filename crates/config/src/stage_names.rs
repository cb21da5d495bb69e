//! The lists of sinks and transforms: values from outside the files that address a stage by its name, as in
//! `--set sink.webhook.url=…`, and overlays that replace a list.

use taskferry_sdk::{KeyPath, Part, Problem, Segment};
use toml::de::{DeTable, DeValue};

use crate::document::Document;
use crate::layers::Layers;

/// The lists of stages.
const LISTS: [&str; 2] = ["sink", "transform"];

/// The layers with positions in place of names. A name that no stage has, or that several have, stays.
pub(crate) fn to_positions(layers: &Layers, documents: &[Document<'_>]) -> Layers {
    let mut layers = layers.clone();
    for given in &mut layers.overrides {
        let Some((list, name, rest)) = named(&given.path) else { continue };
        let [position] = stages(documents, list).positions(name)[..] else { continue };
        given.path = KeyPath::of(list).index(position).join(&rest.iter().cloned().collect());
    }
    layers
}

/// Why a path addresses no stage by its name, if it has the form to address one.
pub(crate) fn failure(path: &KeyPath, documents: &[Document<'_>]) -> Option<String> {
    let (list, name, _) = named(path)?;
    let stages = stages(documents, list);
    let known =
        || stages.0.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match stages.positions(name)[..] {
        _ if stages.0.is_empty() => None,
        [] => Some(format!("there is no {list} `{name}`: the {list}s are {}", known())),
        [_] => None,
        _ => Some(format!(
            "several {list}s are called `{name}`: use a position, as in `{list}.0.KEY`"
        )),
    }
}

/// Warnings about overlays that replace a list by a shorter one, which loses stages that the overlay may not mean to remove.
pub(crate) fn replaced(documents: &[Document<'_>]) -> Vec<Problem> {
    let shorter = LISTS.into_iter().filter_map(|list| {
        let lengths = documents.iter().map(|document| Some(tables(document, list)?.len()));
        let lengths: Vec<usize> = lengths.flatten().collect();
        let [.., before, after] = lengths[..] else { return None };
        if after >= before {
            return None;
        }
        let message = format!("the overlay replaces {before} {list}s by {after}");
        let help = format!(
            "repeat the {list}s that should stay, or change single options with `--set {list}.NAME.KEY=VALUE`"
        );
        let problem = Problem::at(KeyPath::of(list), "replaced-stages", message).part(Part::Key);
        Some(problem.help(help).warning())
    });
    shorter.collect()
}

/// The list, the name and the rest of a path such as `sink.webhook.url`.
fn named(path: &KeyPath) -> Option<(&'static str, &str, &[Segment])> {
    let [Segment::Key(list), Segment::Key(name), rest @ ..] = path.segments() else { return None };
    let list = LISTS.into_iter().find(|known| known == list)?;
    Some((list, name, rest))
}

/// The name of each stage of a list, and whether it is written as `name`.
struct Stages<'d>(Vec<(&'d str, bool)>);

/// The tables of a list of stages in one file.
fn tables<'d>(document: &'d Document<'_>, list: &str) -> Option<Vec<&'d DeTable<'d>>> {
    let DeValue::Array(items) = document.table().get(list)?.get_ref() else { return None };
    Some(items.iter().filter_map(|item| item.get_ref().as_table()).collect())
}

/// The stages of a list in the strongest file that has the list.
fn stages<'d>(documents: &'d [Document<'_>], list: &str) -> Stages<'d> {
    let strongest = documents.iter().rev().find_map(|document| tables(document, list));
    let text = |table: &'d DeTable<'_>, key: &str| table.get(key)?.get_ref().as_str();
    Stages(
        strongest
            .unwrap_or_default()
            .into_iter()
            .map(|table| match text(table, "name") {
                Some(name) => (name, true),
                None => (text(table, "type").unwrap_or_default(), false),
            })
            .collect(),
    )
}

impl Stages<'_> {
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
