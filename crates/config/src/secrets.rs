//! The values of a pipeline that must not be shown.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;
use taskferry_pipeline::{Registry, Role, common_keys, properties, resolve_schema};
use taskferry_sdk::{KeyPath, Segment, has_secret_word, is_secret_name, secret_forms};

use crate::mask::asterisks;
use crate::schema::{StageSchema, option_schema, schema_of_key, stages};
use crate::tree::{Interpolation, Kind, Node};

/// The secrets of a pipeline: values whose option is a secret by its schema, whose key has the name of a secret, or that came
/// from a file or from a variable with the name of a secret. A name such as `sort_key` is considered only if no schema
/// declares the option.
#[derive(Default)]
pub(crate) struct Secrets {
    paths: BTreeSet<KeyPath>,
    values: BTreeSet<String>,
    /// The encoded forms of all values, by their first bytes, the longest first.
    forms: HashMap<Vec<u8>, Vec<String>>,
}

/// With more secrets than this, computing all encoded forms takes too long: only the values themselves are masked.
const MAX_ENCODED: usize = 1000;
/// A shorter value is not a secret, and occurs in many words.
const MIN_LENGTH: usize = 3;

impl Secrets {
    /// All secrets of a pipeline.
    pub(crate) fn find(tree: &Node, registry: &Registry) -> Self {
        let stages = stages(tree, registry);
        let mut secrets = Self::by_option(&stages);
        for (path, node) in tree.scalars(&KeyPath::root()) {
            let is_from =
                matches!(node.interpolation, Interpolation::Secret | Interpolation::Unclosed);
            let is_key = node.as_str().is_some_and(|text| text.contains("-----BEGIN"));
            if is_from || is_key || is_named(&path, &stages) {
                secrets.add(node, &path);
            }
        }
        secrets.find_forms();
        secrets
    }

    /// The values of all options that their schemas mark as secrets.
    pub(crate) fn by_option(stages: &[StageSchema<'_>]) -> Self {
        let mut secrets = Self::default();
        for stage in stages {
            stage.visit(&mut |node, path, schema| {
                let schema = resolve_schema(schema, stage.schema);
                let is_suspicious = has_secrets(schema, stage.schema);
                match &node.kind {
                    _ if is_secret(schema) => {
                        secrets.add(node, path);
                        return false;
                    }
                    Kind::Scalar(_) if is_suspicious => secrets.add(node, path),
                    // An unknown key beside secrets may be the misspelt key of a secret.
                    Kind::Table(fields) if is_suspicious => {
                        let is_unknown = |key: &str| schema_of_key(schema, key).is_none();
                        let unknown = fields.iter().filter(|(key, _)| is_unknown(key));
                        for (key, field) in unknown.filter(|(key, _)| !is_common(key)) {
                            secrets.add(field, &path.key(key));
                        }
                    }
                    _ => {}
                }
                true
            });
        }
        secrets
    }

    /// Adds the secrets of another version of the same pipeline.
    pub(crate) fn extend(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.values.extend(other.values);
        self.find_forms();
    }

    /// The paths of the values to mask.
    pub(crate) fn paths(&self) -> &BTreeSet<KeyPath> {
        &self.paths
    }

    /// Whether a value is a secret, holds one, or is part of one.
    pub(crate) fn covers(&self, path: &KeyPath) -> bool {
        let within =
            |outer: &KeyPath, inner: &KeyPath| inner.segments().starts_with(outer.segments());
        self.paths.iter().any(|secret| within(secret, path) || within(path, secret))
    }

    /// The text with `[secret]` in place of every secret.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.replace(text, |_| "[secret]".to_owned())
    }

    /// The text with every secret masked byte for byte, so that columns stay the same.
    pub(crate) fn mask(&self, text: &str) -> String {
        self.replace(text, asterisks)
    }

    fn replace(&self, text: &str, with: impl Fn(&str) -> String) -> String {
        let (mut replaced, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(next) = rest.chars().next() {
            let first = rest.as_bytes().get(..MIN_LENGTH).unwrap_or_default();
            let mut forms = self.forms.get(first).into_iter().flatten();
            let length = if let Some(form) = forms.find(|form| rest.starts_with(form.as_str())) {
                replaced.push_str(&with(form));
                form.len()
            } else {
                replaced.push(next);
                next.len_utf8()
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        replaced
    }

    fn find_forms(&mut self) {
        let encode = self.values.len() <= MAX_ENCODED;
        let mut forms = BTreeSet::new();
        for value in &self.values {
            // A message may show a single line of a key with many lines.
            let lines = value.lines().filter(|line| line.len() >= 2 * MIN_LENGTH);
            for text in std::iter::once(value.as_str()).chain(lines) {
                if encode {
                    forms.extend(secret_forms(text));
                } else {
                    forms.insert(text.to_owned());
                }
            }
        }
        self.forms.clear();
        for form in forms {
            if let Some(first) = form.as_bytes().get(..MIN_LENGTH) {
                self.forms.entry(first.to_vec()).or_default().push(form);
            }
        }
        for forms in self.forms.values_mut() {
            forms.sort_by_key(|form| Reverse(form.len()));
        }
    }

    fn add(&mut self, node: &Node, path: &KeyPath) {
        for (path, node) in node.scalars(path) {
            let Kind::Scalar(value) = &node.kind else { continue };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // A failed interpolation holds names of variables only.
            if text.len() >= MIN_LENGTH && node.interpolation != Interpolation::Failed {
                self.values.insert(text);
            }
            self.paths.insert(path);
        }
    }
}

/// Whether a key on the path has the name of a secret.
fn is_named(path: &KeyPath, stages: &[StageSchema<'_>]) -> bool {
    let mut table = KeyPath::root();
    path.segments().iter().any(|segment| match segment {
        Segment::Key(key) => {
            // A key that the user has chosen, such as an argument of an expression, has no schema of its own.
            let options = option_schema(stages, &table).and_then(properties);
            let is_declared = options.is_some_and(|known| known.contains_key(key));
            table = table.key(key);
            has_secret_word(key) || is_secret_name(key) && !is_declared
        }
        Segment::Index(index) => {
            table = table.index(*index);
            false
        }
    })
}

fn is_secret(schema: &Value) -> bool {
    schema.get("writeOnly") == Some(&Value::Bool(true))
}

/// Whether the table of this schema has an option that is a secret.
fn has_secrets(schema: &Value, root: &Value) -> bool {
    let mut properties = properties(schema).into_iter().flatten();
    properties.any(|(_, property)| is_secret(resolve_schema(property, root)))
}

/// Whether all stages of some role have this key, whatever their plugin.
fn is_common(key: &str) -> bool {
    let roles = [Role::Source, Role::Transform, Role::Sink];
    roles.into_iter().flat_map(common_keys).any(|common| common.name == key)
}
