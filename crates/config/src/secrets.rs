//! Which values of a pipeline must not be shown, and what they are.

use serde_json::Value;
use taskferry_core::{KeyPath, Registry, Role, common_keys, is_secret_name};

use crate::tree::{Filled, Kind, Node};

/// The secrets of a pipeline: values whose option is a secret by its schema, whose key is named like one, or
/// that came from a file or from a variable named like one.
#[derive(Default)]
pub(crate) struct Secrets {
    paths: Vec<KeyPath>,
    values: Vec<String>,
}

impl Secrets {
    /// Looks at every value of a pipeline.
    pub(crate) fn find(tree: &Node, registry: &Registry) -> Self {
        let mut secrets = Self::by_option(tree, registry);
        secrets.by_name(tree, &KeyPath::root(), false, true);
        secrets
    }

    /// Those alone whose option, or its key, says that they are secrets, wherever they came from.
    pub(crate) fn by_option(tree: &Node, registry: &Registry) -> Self {
        let mut secrets = Self::default();
        let plugins = registry.plugins();
        let mut stages = Vec::new();
        stages_of(tree, &KeyPath::root(), &mut stages);
        for (node, path, role) in stages {
            let type_name =
                node.as_table().and_then(|fields| fields.get("type")).and_then(Node::as_str);
            let entry = plugins
                .iter()
                .find(|entry| entry.role == role && Some(entry.type_name) == type_name);
            if let Some(entry) = entry {
                let schema = entry.schema.as_value();
                secrets.by_schema(node, &path, schema, schema);
            }
        }
        secrets.by_name(tree, &KeyPath::root(), false, false);
        secrets
    }

    /// The places of the values to be hidden.
    pub(crate) fn paths(&self) -> &[KeyPath] {
        &self.paths
    }

    /// Whether a value, something in it, or what it stands in is one.
    pub(crate) fn covers(&self, path: &KeyPath) -> bool {
        let within =
            |outer: &KeyPath, inner: &KeyPath| inner.segments().starts_with(outer.segments());
        self.paths.iter().any(|secret| within(secret, path) || within(path, secret))
    }

    /// The text with every secret value in it replaced.
    pub(crate) fn without(&self, text: &str) -> String {
        self.values
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value.as_str(), "[secret]"))
    }

    fn by_schema(&mut self, node: &Node, path: &KeyPath, schema: &Value, root: &Value) {
        let schema = resolve(schema, root);
        if schema.get("writeOnly") == Some(&Value::Bool(true)) {
            self.add(node, path);
            return;
        }
        match &node.kind {
            Kind::Leaf(_) if holds_secrets(schema, root) => self.add(node, path),
            Kind::Leaf(_) => {}
            Kind::List(items) => {
                let Some(schema) = schema.get("items") else { return };
                for (index, item) in items.iter().enumerate() {
                    self.by_schema(item, &path.index(index), schema, root);
                }
            }
            Kind::Table(fields) => {
                let properties = schema.get("properties").and_then(Value::as_object);
                let others = schema.get("additionalProperties").filter(|schema| schema.is_object());
                // Beside secrets, a key that nobody knows is most likely a secret's, misspelt.
                let suspicious = holds_secrets(schema, root);
                for (key, field) in fields {
                    let path = path.key(key);
                    match properties.and_then(|properties| properties.get(key)).or(others) {
                        Some(schema) => self.by_schema(field, &path, schema, root),
                        None if suspicious && !is_common(key) => self.add(field, &path),
                        None => {}
                    }
                }
            }
        }
    }

    fn by_name(&mut self, node: &Node, path: &KeyPath, named: bool, filled: bool) {
        match &node.kind {
            Kind::Leaf(_) if named || (filled && node.filled == Filled::Secret) => {
                self.add(node, path);
            }
            Kind::Leaf(_) => {}
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.by_name(item, &path.index(index), named, filled);
                }
            }
            Kind::Table(fields) => {
                for (key, field) in fields {
                    self.by_name(field, &path.key(key), named || is_secret_name(key), filled);
                }
            }
        }
    }

    fn add(&mut self, node: &Node, path: &KeyPath) {
        match &node.kind {
            Kind::Leaf(value) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                // What is shorter is no secret, and would be found in every second word.
                if text.len() >= 3 {
                    self.values.push(text);
                }
                self.paths.push(path.clone());
            }
            Kind::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.add(item, &path.index(index));
                }
            }
            Kind::Table(fields) => {
                for (key, field) in fields {
                    self.add(field, &path.key(key));
                }
            }
        }
    }
}

/// Whether a table of this schema has secrets among its own keys.
fn holds_secrets(schema: &Value, root: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    properties
        .into_iter()
        .any(|(_, property)| resolve(property, root).get("writeOnly") == Some(&Value::Bool(true)))
}

/// Whether a key belongs to every stage, whatever its plugin.
fn is_common(key: &str) -> bool {
    let roles = [Role::Source, Role::Transform, Role::Sink];
    roles.into_iter().flat_map(common_keys).any(|common| common.name == key)
}

/// The tables of all stages, those of sinks' own transforms included.
fn stages_of<'a>(node: &'a Node, path: &KeyPath, found: &mut Vec<(&'a Node, KeyPath, Role)>) {
    let tables = [("source", Role::Source), ("transform", Role::Transform), ("sink", Role::Sink)];
    for (key, role) in tables {
        let path = path.key(key);
        let Some(node) = node.as_table().and_then(|fields| fields.get(key)) else { continue };
        let items: Vec<(&Node, KeyPath)> = match node.as_list() {
            Some(items) => {
                items.iter().enumerate().map(|(index, item)| (item, path.index(index))).collect()
            }
            None => vec![(node, path)],
        };
        for (item, path) in items {
            found.push((item, path.clone(), role));
            if role == Role::Sink {
                stages_of(item, &path, found);
            }
        }
    }
}

/// Past references, and past the "or null" of optional values.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let reference =
        schema.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
    if let Some(target) = reference.and_then(|pointer| root.pointer(pointer)) {
        return resolve(target, root);
    }
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let chosen = choices
        .and_then(|all| all.iter().find(|one| one.get("type") != Some(&Value::from("null"))));
    chosen.map_or(schema, |chosen| resolve(chosen, root))
}
