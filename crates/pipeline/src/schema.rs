//! The JSON Schemas of a pipeline file's tables.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value};

use crate::{DeadLetterOptions, ExpectOptions, StateOptions, TestOptions};

/// The tables of a pipeline file that are not stages, by key: the tables that configure the run, and the tests.
pub fn run_tables() -> [(&'static str, Schema); 4] {
    [
        ("state", schema_for!(StateOptions)),
        ("expect", schema_for!(ExpectOptions)),
        ("dead_letter", schema_for!(DeadLetterOptions)),
        ("test", schema_for!(TestOptions)),
    ]
}

/// The properties of the schema of a table, by key.
pub fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object)
}

/// Whether a property may be absent: its schema allows `null`.
pub fn is_optional(property: &Value) -> bool {
    let list = |key: &str| property.get(key).and_then(Value::as_array).into_iter().flatten();
    let types = list("anyOf").filter_map(|choice| choice.get("type")).chain(list("type"));
    types.into_iter().any(|name| name == "null")
}

/// Follows references from `schema` within `root`, and skips the `null` of an optional value.
///
/// ```
/// use serde_json::json;
/// use taskferry_pipeline::resolve_schema;
///
/// let root = json!({"$defs": {"Size": {"type": "integer"}}});
/// let optional = json!({"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}]});
/// assert_eq!(resolve_schema(&optional, &root), &json!({"type": "integer"}));
/// ```
pub fn resolve_schema<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let reference = schema.get("$ref").and_then(Value::as_str);
    if let Some(target) =
        reference.and_then(|text| root.pointer(text.strip_prefix('#').unwrap_or(text)))
    {
        return resolve_schema(target, root);
    }
    let mut choices = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    match choices.find(|choice| choice.get("type") != Some(&Value::from("null"))) {
        Some(choice) => resolve_schema(choice, root),
        None => schema,
    }
}
