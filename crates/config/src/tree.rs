//! The merged values, each with the layer it came from.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use taskferry_sdk::{KeyPath, Problem, Segment};

/// Which text a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    /// What stands when nobody says otherwise.
    Default,
    /// A file, counted from the pipeline file.
    File(usize),
    /// A single value from outside, counted from the weakest.
    Override(usize),
}

/// A value, a table or a list, and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) layer: Layer,
    pub(crate) filled: Filled,
    pub(crate) kind: Kind,
}

/// Whether something was filled in for `${…}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Filled {
    /// The value stands as it was written.
    Nothing,
    /// What was filled in may be shown.
    Shown,
    /// It came from a file, or from a variable named like a secret.
    Secret,
    /// It could not be had; the problem is told.
    Failed,
    /// The same, and where the name of the variable ends is not known: it may hold part of a secret.
    Unclosed,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Leaf(Value),
    List(Vec<Node>),
    Table(BTreeMap<String, Node>),
}

impl Node {
    pub(crate) fn new(layer: Layer, kind: Kind) -> Self {
        Self { layer, filled: Filled::Nothing, kind }
    }

    pub(crate) fn get(&self, path: &KeyPath) -> Option<&Node> {
        path.segments().iter().try_fold(self, |node, segment| node.child(segment))
    }

    fn child(&self, segment: &Segment) -> Option<&Node> {
        match (&self.kind, segment) {
            (Kind::Table(fields), Segment::Key(key)) => fields.get(key),
            (Kind::List(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        }
    }

    /// Whether a problem is with a value that could not be filled in, or says that something is missing in the table of a
    /// stage that has such a value: what a stage needs may depend on it.
    pub(crate) fn follows_from_filling(&self, problem: &Problem) -> bool {
        let failed = |node: &Node| node.filled >= Filled::Failed;
        let Some(node) = self.get(&problem.path) else { return false };
        let is_stage = matches!(
            problem.path.segments(),
            [Segment::Key(_)] | [Segment::Key(_), Segment::Index(_)]
        );
        let beside = node.as_table().is_some_and(|fields| fields.values().any(failed));
        failed(node) || (problem.code == "key::missing" && is_stage && beside)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Leaf(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.kind {
            Kind::Table(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// What the value is, in a reader's words.
    pub(crate) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Table(_) => "a table",
            Kind::List(_) => "a list",
            Kind::Leaf(Value::String(_)) => "a string",
            Kind::Leaf(Value::Bool(_)) => "true or false",
            Kind::Leaf(_) => "a number",
        }
    }

    /// The value alone.
    pub(crate) fn to_value(&self) -> Value {
        match &self.kind {
            Kind::Leaf(value) => value.clone(),
            Kind::List(items) => items.iter().map(Node::to_value).collect(),
            Kind::Table(fields) => {
                let fields: Map<String, Value> =
                    fields.iter().map(|(key, node)| (key.clone(), node.to_value())).collect();
                Value::Object(fields)
            }
        }
    }

    /// Puts `value` at `path`, making tables on the way. Positions of a list must exist, or be the next.
    ///
    /// # Errors
    /// A position that is further off, in words.
    pub(crate) fn put(&mut self, path: &[Segment], value: Node) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else {
            self.merge(value);
            return Ok(());
        };
        let empty = Node::new(value.layer, Kind::Table(BTreeMap::new()));
        match (&mut self.kind, first) {
            (Kind::List(items), Segment::Index(index)) => {
                let count = items.len();
                // A new table is begun by its type, or given as a whole.
                let begins = match rest {
                    [] => true,
                    [Segment::Key(key)] => key == "type",
                    _ => false,
                };
                if *index == count && begins {
                    items.push(empty);
                }
                match items.get_mut(*index) {
                    Some(item) => item.put(rest, value),
                    None => Err(no_position(*index, count)),
                }
            }
            (Kind::Table(fields), Segment::Index(index)) if fields.is_empty() => {
                if *index > 0 {
                    return Err(no_position(*index, 0));
                }
                self.kind = Kind::List(vec![empty]);
                self.put(path, value)
            }
            (Kind::Table(fields), segment) => {
                let key = match segment {
                    Segment::Key(key) => key.clone(),
                    Segment::Index(index) => index.to_string(),
                };
                fields.entry(key).or_insert(empty).put(rest, value)
            }
            // What stands there is no table: it is replaced, and the check says what is wrong with that.
            _ => {
                *self = empty;
                self.put(path, value)
            }
        }
    }

    /// Takes out what stands at `path`, if anything does.
    pub(crate) fn take_out(&mut self, path: &KeyPath) {
        let Some((Segment::Key(key), above)) = path.segments().split_last() else { return };
        let table = above.iter().try_fold(self, |node, segment| match (&mut node.kind, segment) {
            (Kind::Table(fields), Segment::Key(key)) => fields.get_mut(key),
            (Kind::List(items), Segment::Index(index)) => items.get_mut(*index),
            _ => None,
        });
        if let Some(Node { kind: Kind::Table(fields), .. }) = table {
            fields.remove(key);
        }
    }

    fn merge(&mut self, value: Node) {
        match (&mut self.kind, value.kind) {
            (Kind::Table(fields), Kind::Table(new)) => {
                for (key, node) in new {
                    fields.entry(key).and_modify(|old| old.merge(node.clone())).or_insert(node);
                }
            }
            (kind, new) => {
                *kind = new;
                self.layer = value.layer;
            }
        }
    }
}

/// The string at `key`, if there is one.
pub(crate) fn string(
    fields: &BTreeMap<String, Node>,
    path: &KeyPath,
    key: &str,
) -> Result<Option<String>, Problem> {
    match fields.get(key).map(|node| (node, node.as_str())) {
        None => Ok(None),
        Some((_, Some(text))) => Ok(Some(text.to_owned())),
        Some((node, None)) => {
            let message = format!("expected a string, found {}", node.type_name());
            Err(Problem::at(path.key(key), "value::type", message))
        }
    }
}

fn no_position(index: usize, count: usize) -> String {
    let positions = match count {
        0 => "the list is empty".to_owned(),
        1 => "the list has one entry, at position 0".to_owned(),
        count => format!("the list has {count} entries, at positions 0 to {}", count - 1),
    };
    format!("there is no position {index}: {positions}")
}
