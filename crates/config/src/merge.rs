//! Merging the layers: figment does it and remembers where each value came from.

use std::collections::BTreeMap;

use figment::value::{Dict, Empty, Map, Num, Value as Merged};
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Number, Value};
use taskferry_sdk::Segment;

use crate::document::Document;
use crate::layers::{Layers, Override};
use crate::toml_values;
use crate::tree::{Kind, Layer, Node};

/// One layer, as figment wants it.
struct LayerProvider {
    layer: Layer,
    values: Dict,
}

impl Provider for LayerProvider {
    fn metadata(&self) -> Metadata {
        Metadata::named(label(self.layer))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.values.clone())]))
    }
}

/// The name under which figment knows a layer; [`layer_of`] reads it back.
fn label(layer: Layer) -> String {
    match layer {
        Layer::Default => "default".to_owned(),
        Layer::File(index) => format!("file {index}"),
        Layer::Override(index) => format!("override {index}"),
    }
}

fn layer_of(label: &str) -> Layer {
    match label.split_once(' ').and_then(|(kind, index)| Some((kind, index.parse().ok()?))) {
        Some(("file", index)) => Layer::File(index),
        Some(("override", index)) => Layer::Override(index),
        _ => Layer::Default,
    }
}

/// Merges all layers. figment merges by key and knows no positions, so from the first override on that
/// reaches into a list they are put in one by one.
///
/// With the tree come the overrides that found no place in it, by their number, and why.
pub(crate) fn merge(layers: &Layers, documents: &[Document]) -> (Node, Vec<(usize, String)>) {
    let name = Merged::from(layers.default_name.clone());
    let defaults =
        LayerProvider { layer: Layer::Default, values: Dict::from([("name".to_owned(), name)]) };
    let mut figment = Figment::from(defaults);
    for (index, document) in documents.iter().enumerate() {
        figment = figment
            .merge(LayerProvider { layer: Layer::File(index), values: document.values.clone() });
    }
    let reaches_into_list =
        |given: &Override| given.path.segments().iter().any(|it| matches!(it, Segment::Index(_)));
    let by_key =
        layers.overrides.iter().position(reaches_into_list).unwrap_or(layers.overrides.len());
    for (index, given) in layers.overrides.iter().enumerate().take(by_key) {
        let values = nested(given.path.segments(), toml_values::parse(given.value()));
        figment = figment.merge(LayerProvider { layer: Layer::Override(index), values });
    }
    let mut tree = Node::new(Layer::File(0), Kind::Table(BTreeMap::new()));
    // Our providers never fail, so neither does their union.
    if let Ok(data) = figment.data() {
        let values = data.into_values().next().unwrap_or_default();
        tree.kind = Kind::Table(
            values.into_iter().map(|(key, value)| (key, node(value, &figment))).collect(),
        );
    }
    let mut misplaced = Vec::new();
    for (index, given) in layers.overrides.iter().enumerate().skip(by_key) {
        let value = plain(toml_values::parse(given.value()), Layer::Override(index));
        if let Err(why) = tree.put(given.path.segments(), value) {
            misplaced.push((index, why));
        }
    }
    (tree, misplaced)
}

fn nested(path: &[Segment], value: Merged) -> Dict {
    let keys = path.iter().map(|segment| match segment {
        Segment::Key(key) => key.clone(),
        Segment::Index(index) => index.to_string(),
    });
    let mut keys: Vec<String> = keys.collect();
    let first = if keys.is_empty() { String::new() } else { keys.remove(0) };
    let inner =
        keys.into_iter().rev().fold(value, |value, key| Merged::from(Dict::from([(key, value)])));
    Dict::from([(first, inner)])
}

fn node(value: Merged, figment: &Figment) -> Node {
    let metadata = figment.get_metadata(value.tag());
    let layer = metadata.map_or(Layer::Default, |metadata| layer_of(&metadata.name));
    let kind = match value {
        Merged::Dict(_, fields) => Kind::Table(
            fields.into_iter().map(|(key, value)| (key, node(value, figment))).collect(),
        ),
        Merged::Array(_, items) => {
            Kind::List(items.into_iter().map(|item| node(item, figment)).collect())
        }
        leaf => Kind::Leaf(leaf_value(leaf)),
    };
    Node::new(layer, kind)
}

fn plain(value: Merged, layer: Layer) -> Node {
    let kind = match value {
        Merged::Dict(_, fields) => {
            Kind::Table(fields.into_iter().map(|(key, value)| (key, plain(value, layer))).collect())
        }
        Merged::Array(_, items) => {
            Kind::List(items.into_iter().map(|item| plain(item, layer)).collect())
        }
        leaf => Kind::Leaf(leaf_value(leaf)),
    };
    Node::new(layer, kind)
}

fn leaf_value(value: Merged) -> Value {
    match value {
        Merged::String(_, text) => Value::String(text),
        Merged::Char(_, letter) => Value::String(letter.to_string()),
        Merged::Bool(_, flag) => Value::Bool(flag),
        Merged::Num(_, Num::F64(fraction)) => {
            Number::from_f64(fraction).map_or(Value::Null, Value::Number)
        }
        Merged::Num(_, number) => {
            number.to_i128().and_then(Number::from_i128).map_or(Value::Null, Value::Number)
        }
        Merged::Empty(_, Empty::None | Empty::Unit) | Merged::Dict(..) | Merged::Array(..) => {
            Value::Null
        }
    }
}
