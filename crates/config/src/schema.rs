//! The stages of a pipeline file with the schemas of their options.

use serde_json::Value;
use taskferry_pipeline::{Registry, Role, properties, resolve_schema};
use taskferry_sdk::{KeyPath, Segment};

use crate::tree::{Kind, Node};

/// A stage with a registered type.
pub(crate) struct StageSchema<'a> {
    pub(crate) node: &'a Node,
    pub(crate) path: KeyPath,
    pub(crate) role: Role,
    pub(crate) type_name: &'static str,
    pub(crate) schema: &'a Value,
}

impl StageSchema<'_> {
    pub(crate) fn options(&self) -> impl Iterator<Item = (&String, &Value)> {
        properties(self.schema).into_iter().flatten()
    }

    /// Visits the values for which the plugin has a schema: a table before its values. `visit` returns whether to visit the values
    /// inside.
    pub(crate) fn visit(&self, visit: &mut impl FnMut(&Node, &KeyPath, &Value) -> bool) {
        visit_values(self.node, &self.path, (self.schema, self.schema), visit);
    }
}

fn visit_values(
    node: &Node,
    path: &KeyPath,
    (schema, root): (&Value, &Value),
    visit: &mut impl FnMut(&Node, &KeyPath, &Value) -> bool,
) {
    if !visit(node, path, schema) {
        return;
    }
    let schema = resolve_schema(schema, root);
    match &node.kind {
        Kind::Scalar(_) => {}
        Kind::List(items) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                visit_values(item, &path.index(index), (schema, root), visit);
            }
        }
        Kind::Table(fields) => {
            for (key, field) in fields {
                if let Some(schema) = schema_of_key(schema, key) {
                    visit_values(field, &path.key(key), (schema, root), visit);
                }
            }
        }
    }
}

/// The schema of a key in a table.
pub(crate) fn schema_of_key<'a>(table: &'a Value, key: &str) -> Option<&'a Value> {
    let known = properties(table).and_then(|known| known.get(key));
    known.or_else(|| table.get("additionalProperties").filter(|others| others.is_object()))
}

/// The schema of an option, or of a table of options; `None` if the plugin does not have it.
pub(crate) fn option_schema<'a>(
    stages: &'a [StageSchema<'_>],
    path: &KeyPath,
) -> Option<&'a Value> {
    let within = |stage: &KeyPath| path.segments().strip_prefix(stage.segments());
    // A transform of a sink is inside the sink.
    let stage = stages
        .iter()
        .filter(|stage| within(&stage.path).is_some())
        .max_by_key(|stage| stage.path.segments().len())?;
    let root = stage.schema;
    within(&stage.path)?.iter().try_fold(resolve_schema(root, root), |schema, segment| {
        let inner = match segment {
            Segment::Key(key) => schema_of_key(schema, key),
            Segment::Index(_) => schema.get("items"),
        };
        inner.map(|inner| resolve_schema(inner, root))
    })
}

/// The stages of a pipeline, the transforms of sinks included.
pub(crate) fn stages<'a>(tree: &'a Node, registry: &'a Registry) -> Vec<StageSchema<'a>> {
    let mut tables = Vec::new();
    find_tables(tree, &KeyPath::root(), &mut tables);
    let stage = |(node, path, role): (&'a Node, KeyPath, Role)| {
        let type_name = node.as_table()?.get("type")?.as_str()?;
        let plugin = registry.plugin(role, type_name)?;
        let schema = plugin.schema.as_value();
        Some(StageSchema { node, path, role, type_name: plugin.type_name, schema })
    };
    tables.into_iter().filter_map(stage).collect()
}

fn find_tables<'a>(node: &'a Node, path: &KeyPath, found: &mut Vec<(&'a Node, KeyPath, Role)>) {
    for role in [Role::Source, Role::Transform, Role::Sink] {
        let path = path.key(role.to_string());
        let Some(node) = node.as_table().and_then(|fields| fields.get(&role.to_string())) else {
            continue;
        };
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
