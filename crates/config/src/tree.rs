//! The values of a pipeline, each with the layer it comes from.

use std::collections::BTreeMap;

use figment::value::{Num, Tag, Value as Merged};
use serde_json::{Map, Number, Value};
use taskferry_sdk::{KeyPath, Problem, Segment};

/// The layer that a value comes from. Ordered from the weakest layer to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// A default.
    Default,
    /// A file: 0 is the pipeline file, the overlays follow.
    File(usize),
    /// A value from the environment or the command line.
    Override(usize),
}

/// A value, a list or a table.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) layer: Layer,
    pub(crate) interpolation: Interpolation,
    pub(crate) kind: Kind,
}

/// The result of the interpolation of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Interpolation {
    /// The string contains no reference.
    None,
    /// The inserted text may be shown.
    Public,
    /// The inserted text came from a file, or from a variable with the name of a secret.
    Secret,
    /// The text could not be read. The problem is reported.
    Failed,
    /// As `Failed`, and the end of the variable's name is unknown: the string may hold part of a secret.
    Unclosed,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar(Value),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    pub(crate) fn new(layer: Layer, kind: Kind) -> Self {
        Self { layer, interpolation: Interpolation::None, kind }
    }

    pub(crate) fn from_figment(value: Merged, layer: &impl Fn(Tag) -> Layer) -> Self {
        let own = layer(value.tag());
        let kind = match value {
            Merged::Dict(_, fields) => {
                let fields = fields.into_iter();
                Kind::Table(
                    fields.map(|(key, field)| (key, Self::from_figment(field, layer))).collect(),
                )
            }
            Merged::Array(_, items) => {
                Kind::List(items.into_iter().map(|item| Self::from_figment(item, layer)).collect())
            }
            Merged::String(_, text) => Kind::Scalar(text.into()),
            Merged::Char(_, character) => Kind::Scalar(character.to_string().into()),
            Merged::Bool(_, flag) => Kind::Scalar(flag.into()),
            Merged::Num(_, Num::F64(fraction)) => Kind::Scalar(fraction.into()),
            Merged::Num(_, number) => {
                let number = number.to_i128().and_then(Number::from_i128);
                Kind::Scalar(number.map_or(Value::Null, Value::Number))
            }
            Merged::Empty(..) => Kind::Scalar(Value::Null),
        };
        Self::new(own, kind)
    }

    pub(crate) fn get(&self, path: &KeyPath) -> Option<&Self> {
        path.segments().iter().try_fold(self, |node, segment| match (&node.kind, segment) {
            (Kind::Table(fields), Segment::Key(key)) => fields.get(key),
            (Kind::List(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    pub(crate) fn get_mut(&mut self, path: &KeyPath) -> Option<&mut Self> {
        path.segments().iter().try_fold(self, |node, segment| match (&mut node.kind, segment) {
            (Kind::Table(fields), Segment::Key(key)) => fields.get_mut(key),
            (Kind::List(items), Segment::Index(index)) => items.get_mut(*index),
            _ => None,
        })
    }

    /// The scalars at and below `path`, which is the path of this node.
    pub(crate) fn scalars(&self, path: &KeyPath) -> Vec<(KeyPath, &Self)> {
        let mut scalars = Vec::new();
        self.collect_scalars(path, &mut scalars);
        scalars
    }

    fn collect_scalars<'a>(&'a self, path: &KeyPath, scalars: &mut Vec<(KeyPath, &'a Self)>) {
        match &self.kind {
            Kind::Scalar(_) => scalars.push((path.clone(), self)),
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.collect_scalars(&path.index(index), scalars);
                }
            }
            Kind::Table(fields) => {
                for (key, field) in fields {
                    field.collect_scalars(&path.key(key), scalars);
                }
            }
        }
    }

    /// Whether a problem follows from a failed interpolation: it concerns that value, or reports a missing key in the
    /// table of the same stage. A missing key is included, because the value may determine whether the stage needs the key.
    pub(crate) fn follows_from_interpolation(&self, problem: &Problem) -> bool {
        let failed = |node: &Self| node.interpolation >= Interpolation::Failed;
        let Some(node) = self.get(&problem.path) else { return false };
        let is_stage = matches!(
            problem.path.segments(),
            [Segment::Key(_)] | [Segment::Key(_), Segment::Index(_)]
        );
        let has_failed = node.as_table().is_some_and(|fields| fields.values().any(failed));
        failed(node) || (problem.code == "missing-key" && is_stage && has_failed)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&BTreeMap<String, Self>> {
        match &self.kind {
            Kind::Table(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The type of the value, as messages name it.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Table(_) => "a table",
            Kind::List(_) => "a list",
            Kind::Scalar(Value::String(_)) => "a string",
            Kind::Scalar(Value::Bool(_)) => "true or false",
            Kind::Scalar(_) => "a number",
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => items.iter().map(Self::to_value).collect(),
            Kind::Table(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, node)| (key.clone(), node.to_value()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The string at `key`, if the table has that key.
pub(crate) fn string(
    fields: &BTreeMap<String, Node>,
    path: &KeyPath,
    key: &str,
) -> Result<Option<String>, Problem> {
    let Some(node) = fields.get(key) else { return Ok(None) };
    match node.as_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(wrong_type(path.key(key), "a string", node)),
    }
}

/// The problem with a value of another type than `expected`.
pub(crate) fn wrong_type(path: KeyPath, expected: &str, node: &Node) -> Problem {
    let message = format!("expected {expected}, found {}", node.type_name());
    Problem::at(path, "wrong-type", message)
}
