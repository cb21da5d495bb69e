//! Merges the layers of a pipeline. figment merges tables key by key and replaces all other values. figment cannot
//! address the entries of a list. If an override does, the tree inserts this override and all later ones.

use std::collections::BTreeMap;
use std::iter;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};
use taskferry_sdk::{KeyPath, Segment};

use crate::document::Document;
use crate::layers::{Layers, Override};
use crate::stage_names;
use crate::toml_values;
use crate::tree::{Kind, Layer, Node};

/// A layer as figment reads it. Its name in figment is its number.
struct NumberedLayer {
    number: usize,
    values: Dict,
}

impl Provider for NumberedLayer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.number.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// Merges all layers, the weakest first. The second value lists the overrides that could not be inserted, with the reason.
pub(crate) fn merge(layers: &Layers, documents: &[Document<'_>]) -> (Node, Vec<(usize, String)>) {
    let given = &layers.overrides;
    let misnamed = |given: &Override| stage_names::failure(&given.path, documents);
    let by_key = given.iter().position(|given| addresses_list(given) || misnamed(given).is_some());
    let by_key = by_key.unwrap_or(given.len());
    let default = Dict::from([("name".to_owned(), Value::from(layers.default_name.clone()))]);
    let files = documents.iter().enumerate();
    let files = files.map(|(index, file)| (Layer::File(index), toml_values::table(file.table())));
    let keyed = given.iter().enumerate().take(by_key);
    let keyed = keyed.map(|(index, given)| (Layer::Override(index), nested(given)));
    let (order, values): (Vec<Layer>, Vec<Dict>) =
        iter::once((Layer::Default, default)).chain(files).chain(keyed).unzip();
    let figment =
        values.into_iter().enumerate().fold(Figment::new(), |figment, (number, values)| {
            figment.merge(NumberedLayer { number, values })
        });
    // These providers never fail, so the merge never fails.
    let merged = figment.data().ok().and_then(|profiles| profiles.into_values().next());
    let layer = |tag: Tag| {
        let number = figment.get_metadata(tag).and_then(|layer| layer.name.parse::<usize>().ok());
        number.and_then(|number| order.get(number).copied()).unwrap_or(Layer::Default)
    };
    let mut tree = Node::from_figment(merged.unwrap_or_default().into(), &layer);
    let mut failed = Vec::new();
    for (index, given) in given.iter().enumerate().skip(by_key) {
        if let Some(reason) = misnamed(given) {
            failed.push((index, reason));
            continue;
        }
        let value = toml_values::parse(given.value());
        let value = Node::from_figment(value, &|_| Layer::Override(index));
        if let Err(reason) = tree.insert(given.path.segments(), value) {
            failed.push((index, reason));
        }
    }
    (tree, failed)
}

fn addresses_list(given: &Override) -> bool {
    given.path.segments().iter().any(|segment| matches!(segment, Segment::Index(_)))
}

/// The value of an override in the tables of its path.
fn nested(given: &Override) -> Dict {
    let value = toml_values::parse(given.value());
    let Some((first, rest)) = given.path.segments().split_first() else { return Dict::new() };
    let value = rest
        .iter()
        .rev()
        .fold(value, |value, segment| Value::from(Dict::from([(key_of(segment), value)])));
    Dict::from([(key_of(first), value)])
}

fn key_of(segment: &Segment) -> String {
    match segment {
        Segment::Key(key) => key.clone(),
        Segment::Index(index) => index.to_string(),
    }
}

impl Node {
    fn merge(&mut self, value: Self) {
        match (&mut self.kind, value.kind) {
            (Kind::Table(fields), Kind::Table(new)) => {
                for (key, node) in new {
                    match fields.get_mut(&key) {
                        Some(old) => old.merge(node),
                        None => _ = fields.insert(key, node),
                    }
                }
            }
            (kind, new) => (*kind, self.layer) = (new, value.layer),
        }
    }

    /// Merges `value` into the node at `path` and creates the tables above it. A position of a list must exist, or be the
    /// next one.
    pub(crate) fn insert(&mut self, path: &[Segment], value: Self) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else {
            self.merge(value);
            return Ok(());
        };
        let empty = Self::new(value.layer, Kind::Table(BTreeMap::new()));
        match (&mut self.kind, first) {
            (Kind::List(items), Segment::Index(index)) => {
                let count = items.len();
                // Only a whole table, or its `type`, adds an entry.
                let adds = match rest {
                    [] => true,
                    [Segment::Key(key)] => key == "type",
                    _ => false,
                };
                if *index == count && adds {
                    items.push(empty);
                }
                let item = items.get_mut(*index).ok_or_else(|| no_position(*index, count))?;
                item.insert(rest, value)
            }
            (Kind::Table(fields), Segment::Index(index)) if fields.is_empty() => {
                if *index > 0 {
                    return Err(no_position(*index, 0));
                }
                self.kind = Kind::List(vec![empty]);
                self.insert(path, value)
            }
            (Kind::Table(fields), segment) => {
                fields.entry(key_of(segment)).or_insert(empty).insert(rest, value)
            }
            // Any other value is replaced. The checks report a table where none is expected.
            _ => {
                *self = empty;
                self.insert(path, value)
            }
        }
    }

    pub(crate) fn remove(&mut self, path: &KeyPath) {
        let table = path.parent().and_then(|above| self.get_mut(&above));
        if let Some(Self { kind: Kind::Table(fields), .. }) = table
            && let Some(Segment::Key(key)) = path.segments().last()
        {
            fields.remove(key);
        }
    }
}

fn no_position(index: usize, count: usize) -> String {
    let positions = match count {
        0 => "it is empty".to_owned(),
        1 => "it has one entry, at position 0".to_owned(),
        count => format!("its entries are at positions 0 to {}", count - 1),
    };
    format!("the list has no entry at position {index}: {positions}")
}
