//! All keys that a pipeline file can have.

use std::collections::BTreeSet;

use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use taskferry_pipeline::{
    DeadLetterOptions, ExpectOptions, Registry, Role, StateOptions, common_keys,
};

use crate::schema::resolve;

/// The keys at the top of a pipeline file.
pub(crate) const TOP: [&str; 8] =
    ["name", "description", "source", "transform", "sink", "dead_letter", "state", "expect"];

/// Those at the top, those of the tables about the run, and those of all plugins.
pub(crate) fn known_keys(registry: &Registry) -> BTreeSet<String> {
    let steps = option_paths(registry).into_iter().flatten();
    TOP.map(str::to_owned).into_iter().chain(steps).collect()
}

/// The way to each option, from the top of a pipeline file. Those of a sink or a transform are there without the position.
pub(crate) fn option_paths(registry: &Registry) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> = TOP.iter().map(|key| vec![(*key).to_owned()]).collect();
    let mut table = |table: &str, schema: &Value| {
        add(&[table.to_owned()], schema, schema, &mut paths);
    };
    table("state", &schema::<StateOptions>());
    table("expect", &schema::<ExpectOptions>());
    table("dead_letter", &schema::<DeadLetterOptions>());
    for plugin in registry.plugins() {
        table(&plugin.role.to_string(), plugin.schema.as_value());
    }
    for role in [Role::Source, Role::Transform, Role::Sink] {
        let common = common_keys(role).iter();
        paths.extend(common.map(|key| vec![role.to_string(), key.name.to_owned()]));
    }
    paths
}

fn schema<T: JsonSchema>() -> Value {
    schema_for!(T).to_value()
}

fn add(above: &[String], schema: &Value, root: &Value, paths: &mut Vec<Vec<String>>) {
    let schema = resolve(schema, root);
    if let Some(items) = schema.get("items") {
        add(above, items, root, paths);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        let path = [above, std::slice::from_ref(key)].concat();
        add(&path, property, root, paths);
        paths.push(path);
    }
}
