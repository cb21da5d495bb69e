//! The keys of a pipeline file.

use std::collections::BTreeSet;

use serde_json::Value;
use taskferry_pipeline::{Registry, Role, common_keys, properties, resolve_schema, run_tables};
use taskferry_sdk::has_secret_word;

/// The top-level keys of a pipeline file.
pub(crate) const TOP_LEVEL: [&str; 9] =
    ["name", "description", "source", "transform", "sink", "dead_letter", "state", "expect", TESTS];
/// The key of the tests, which are not part of the pipeline that runs.
pub(crate) const TESTS: &str = "test";

/// The keys of pipeline files, whatever table they belong to.
#[derive(Default)]
pub(crate) struct KnownKeys {
    /// All keys.
    pub(crate) all: BTreeSet<String>,
    /// The keys whose value is a secret, or a table with secrets, in any table.
    secret: BTreeSet<String>,
}

impl KnownKeys {
    pub(crate) fn of(registry: &Registry) -> Self {
        let mut keys =
            Self { all: option_paths(registry).into_iter().flatten().collect(), ..Self::default() };
        for plugin in registry.plugins() {
            let schema = plugin.schema.as_value();
            find_secrets(schema, schema, &mut keys.secret);
        }
        keys
    }

    /// Whether the value of this key is never a secret.
    pub(crate) fn is_public(&self, key: &str) -> bool {
        self.all.contains(key) && !self.secret.contains(key) && !has_secret_word(key)
    }
}

/// Adds the keys that lead to a secret. Returns whether the schema contains a secret.
fn find_secrets(schema: &Value, root: &Value, keys: &mut BTreeSet<String>) -> bool {
    let schema = resolve_schema(schema, root);
    let mut found = schema.get("writeOnly").and_then(Value::as_bool).unwrap_or_default();
    for inner in ["items", "additionalProperties"] {
        found |= schema.get(inner).is_some_and(|inner| find_secrets(inner, root, keys));
    }
    for (key, property) in properties(schema).into_iter().flatten() {
        if find_secrets(property, root, keys) {
            keys.insert(key.clone());
            found = true;
        }
    }
    found
}

/// The path of each option from the top of a pipeline file, without the positions of sinks and transforms.
pub(crate) fn option_paths(registry: &Registry) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> = TOP_LEVEL.iter().map(|key| vec![(*key).to_owned()]).collect();
    for (table, schema) in run_tables() {
        add(&[table.to_owned()], schema.as_value(), schema.as_value(), &mut paths);
    }
    for plugin in registry.plugins() {
        let schema = plugin.schema.as_value();
        add(&[plugin.role.to_string()], schema, schema, &mut paths);
    }
    for role in [Role::Source, Role::Transform, Role::Sink] {
        let common = common_keys(role).iter();
        paths.extend(common.map(|key| vec![role.to_string(), key.name.to_owned()]));
    }
    paths
}

fn add(above: &[String], schema: &Value, root: &Value, paths: &mut Vec<Vec<String>>) {
    let schema = resolve_schema(schema, root);
    if let Some(items) = schema.get("items") {
        add(above, items, root, paths);
    }
    for (key, property) in properties(schema).into_iter().flatten() {
        let path = [above, std::slice::from_ref(key)].concat();
        add(&path, property, root, paths);
        paths.push(path);
    }
}
