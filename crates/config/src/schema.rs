//! The stages in a pipeline file and the schemas of their options.

use serde_json::Value;
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::KeyPath;

use crate::tree::Node;

/// A stage whose type is registered.
pub(crate) struct StageSchema<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: KeyPath,
    pub(crate) role: Role,
    pub(crate) type_name: &'static str,
    pub(crate) schema: Value,
}

/// The stages of a pipeline, those of sinks' own transforms included.
pub(crate) fn stages<'a>(tree: &'a Node, registry: &Registry) -> Vec<StageSchema<'a>> {
    let mut tables = Vec::new();
    find_tables(tree, &KeyPath::root(), &mut tables);
    let plugins = registry.plugins();
    let stage = |(node, path, role): (&'a Node, KeyPath, Role)| {
        let type_name = node.as_table()?.get("type")?.as_str()?;
        let mut plugins = plugins.iter();
        let plugin = plugins.find(|one| one.role == role && one.type_name == type_name)?;
        let schema = plugin.schema.as_value().clone();
        Some(StageSchema { node, path, role, type_name: plugin.type_name, schema })
    };
    tables.into_iter().filter_map(stage).collect()
}

fn find_tables<'a>(node: &'a Node, path: &KeyPath, found: &mut Vec<(&'a Node, KeyPath, Role)>) {
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
                find_tables(item, &path, found);
            }
        }
    }
}

/// Past references, and past the "or null" of optional values.
pub(crate) fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
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
