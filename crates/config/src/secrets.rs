//! Which values of a pipeline must not be shown, and what they are.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use taskferry_pipeline::{Registry, Role, common_keys};
use taskferry_sdk::{KeyPath, is_secret_name, secret_forms};

use crate::mask::stars;
use crate::schema::{StageSchema, resolve, stages};
use crate::tree::{Filled, Kind, Node};

/// The secrets of a pipeline: values whose option is a secret by its schema, whose key is named like one, or
/// that came from a file or from a variable named like one.
#[derive(Default)]
pub(crate) struct Secrets {
    paths: BTreeSet<KeyPath>,
    values: BTreeSet<String>,
    /// All texts in which a value may stand, by their beginning, the longest first.
    forms: HashMap<Vec<u8>, Vec<String>>,
}

/// With more secrets than these the forms that they may be written in would take too long; none of them is looked for but
/// as it is.
const MOST_IN_ALL_FORMS: usize = 1000;
/// What is shorter is no secret, and would be found in every second word.
const SHORTEST: usize = 3;

impl Secrets {
    /// Looks at every value of a pipeline.
    pub(crate) fn find(tree: &Node, registry: &Registry) -> Self {
        let mut secrets = Self::by_option(tree, registry);
        secrets.by_name(tree, &KeyPath::root(), false, true);
        secrets.find_forms();
        secrets
    }

    /// Those alone whose option, or its key, says that they are secrets, wherever they came from.
    pub(crate) fn by_option(tree: &Node, registry: &Registry) -> Self {
        let mut secrets = Self::default();
        for StageSchema { node, path, schema, .. } in stages(tree, registry) {
            secrets.by_schema(node, &path, &schema, &schema);
        }
        secrets.by_name(tree, &KeyPath::root(), false, false);
        secrets
    }

    /// Takes in those of another state of the same pipeline.
    pub(crate) fn extend(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.values.extend(other.values);
        self.find_forms();
    }

    /// The places of the values to be hidden.
    pub(crate) fn paths(&self) -> &BTreeSet<KeyPath> {
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
        self.replaced(text, |_| "[secret]".to_owned())
    }

    /// The text with every secret value in it hidden, byte for byte, so that columns stay the same.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        self.replaced(text, stars)
    }

    fn replaced(&self, text: &str, with: impl Fn(&str) -> String) -> String {
        let (mut replaced, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(next) = rest.chars().next() {
            let beginning = rest.as_bytes().get(..SHORTEST).unwrap_or_default();
            let form = self.forms.get(beginning).into_iter().flatten();
            if let Some(form) = form.into_iter().find(|form| rest.starts_with(form.as_str())) {
                replaced.push_str(&with(form));
                rest = rest.get(form.len()..).unwrap_or_default();
            } else {
                replaced.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or_default();
            }
        }
        replaced
    }

    fn find_forms(&mut self) {
        let in_all_forms = self.values.len() <= MOST_IN_ALL_FORMS;
        let mut forms = BTreeSet::new();
        for value in &self.values {
            // A key of many lines is also known by each of them.
            let lines = value.lines().filter(|line| line.len() >= 2 * SHORTEST);
            for text in std::iter::once(value.as_str()).chain(lines) {
                if in_all_forms {
                    forms.extend(secret_forms(text));
                } else {
                    forms.insert(text.to_owned());
                }
            }
        }
        self.forms.clear();
        for form in forms.into_iter().filter(|form| form.len() >= SHORTEST) {
            let beginning = form.as_bytes().get(..SHORTEST).unwrap_or_default().to_vec();
            self.forms.entry(beginning).or_default().push(form);
        }
        for forms in self.forms.values_mut() {
            forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
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
            Kind::Leaf(value) => {
                // A private key is one wherever it stands.
                let is_key = value.as_str().is_some_and(|text| text.contains("-----BEGIN"));
                if named
                    || is_key
                    || (filled && matches!(node.filled, Filled::Secret | Filled::Unclosed))
                {
                    self.add(node, path);
                }
            }
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
                // Where nothing could be filled in, the names of variables are all there is.
                if text.len() >= SHORTEST && node.filled != Filled::Failed {
                    self.values.insert(text);
                }
                self.paths.insert(path.clone());
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
