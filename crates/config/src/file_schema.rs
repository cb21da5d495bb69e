//! The JSON Schema of pipeline files, for editors and validators.

mod definition;

use schemars::schema_for;
use serde_json::{Map, Value, json};
use taskferry_pipeline::{
    CommonKey, OnError, PluginEntry, Registry, Role, common_keys, run_tables,
};

use crate::keys::TESTS;
use definition::definition;

/// The JSON Schema (draft 2020-12) of a pipeline file that uses these plugins.
///
/// It is made of the structs that read the file, so it accepts every valid file. It describes the file as written: a string with a
/// reference such as `${NAME}` is valid wherever the value is one of several texts.
pub fn file_schema(registry: &Registry) -> Value {
    let plugins = registry.plugins();
    let mut definitions = Map::new();
    for role in [Role::Source, Role::Transform, Role::Sink] {
        let (mut choices, mut conditions) = (Vec::new(), Vec::new());
        for plugin in plugins.iter().filter(|plugin| plugin.role == role) {
            let key = format!("{role}.{}", plugin.type_name);
            choices.push(reference(&key));
            let mut table = stage(plugin);
            conditions.extend(take_condition(&mut table, plugin.type_name));
            definitions.insert(key, table);
        }
        let mut stage = json!({"oneOf": choices});
        if !conditions.is_empty() {
            let conditions = json!({"allOf": conditions, "additionalProperties": true});
            stage["dependentSchemas"] = json!({"type": conditions});
        }
        definitions.insert(role.to_string(), stage);
    }
    definitions.insert("reference".to_owned(), definition::variable_reference());

    let text = |description: &str| json!({"type": "string", "description": description});
    let stages = |role: Role, description: &str| {
        let items = reference(&role.to_string());
        json!({"type": "array", "items": items, "description": description})
    };
    let mut properties = Map::new();
    let name = "The name of the pipeline in messages, in the manifest and in `{pipeline}`. By default the file's name without \
                its extension.";
    properties.insert("name".to_owned(), text(name));
    properties.insert("description".to_owned(), text("What the pipeline is for."));
    let mut source = reference("source");
    source["description"] = "The stage that reads the records, page by page.".into();
    properties.insert("source".to_owned(), source);
    let transforms = "The stages that change records, in this order.";
    properties.insert("transform".to_owned(), stages(Role::Transform, transforms));
    let mut sinks =
        stages(Role::Sink, "The stages that deliver records. Every sink receives all of them.");
    sinks["minItems"] = 1.into();
    properties.insert("sink".to_owned(), sinks);
    for (key, schema) in run_tables() {
        let table = definition(schema.as_value());
        let is_list = key == TESTS;
        let table = if is_list { json!({"type": "array", "items": table}) } else { table };
        properties.insert(key.to_owned(), table);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "taskferry pipeline",
        "description": "A pipeline file of taskferry.",
        "type": "object",
        "properties": properties,
        "required": ["source", "sink"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

fn reference(definition: &str) -> Value {
    json!({"$ref": format!("#/$defs/{definition}")})
}

/// The table of a stage: the keys that every stage of the role has, and the plugin's options.
fn stage(plugin: &PluginEntry<'_>) -> Value {
    let mut schema = definition(plugin.schema.as_value());
    let Some(fields) = schema.as_object_mut() else { return schema };
    fields.insert("title".to_owned(), plugin.type_name.into());
    let purpose = fields.get("description").cloned().unwrap_or_default();
    let mut properties = Map::new();
    for key in common_keys(plugin.role) {
        properties.insert(key.name.to_owned(), common_key(key, plugin.type_name, &purpose));
    }
    if let Some(Value::Object(options)) = fields.remove("properties") {
        properties.extend(options);
    }
    fields.insert("properties".to_owned(), properties.into());
    schema
}

/// Moves the required keys of a plugin from its table to a condition on `type`.
///
/// Editors complete only the keys of alternatives that the table already satisfies. An unfinished table satisfies the alternative of
/// its type only if the alternative requires no key except `type`.
fn take_condition(table: &mut Value, type_name: &str) -> Option<Value> {
    let fields = table.as_object_mut()?;
    let required = ["required", "oneOf"].map(|key| fields.remove_entry(key));
    fields.insert("required".to_owned(), json!(["type"]));
    let required: Map<String, Value> = required.into_iter().flatten().collect();
    if required.is_empty() {
        return None;
    }
    let mut condition = json!({
        "if": {"properties": {"type": {"const": type_name}}, "required": ["type"]},
        "then": required,
    });
    allow_all_keys(&mut condition);
    Some(condition)
}

/// Allows additional keys in a schema and in the schemas inside it, because some editors would otherwise report the keys of other
/// alternatives as unknown.
fn allow_all_keys(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    for key in ["if", "then"] {
        if let Some(inner) = fields.get_mut(key) {
            allow_all_keys(inner);
        }
    }
    for key in ["oneOf", "anyOf"] {
        let choices = fields.get_mut(key).and_then(Value::as_array_mut);
        choices.into_iter().flatten().for_each(allow_all_keys);
    }
    fields.insert("type".to_owned(), "object".into());
    fields.insert("additionalProperties".to_owned(), true.into());
}

/// The schema of a key that every stage has. [`crate::stage`] reads the key with the same type.
fn common_key(key: &CommonKey, type_name: &str, purpose: &Value) -> Value {
    let mut schema = match key.name {
        "type" => return json!({"const": type_name, "description": purpose}),
        "name" => json!({"type": "string", "minLength": 1}),
        "on_error" => definition(schema_for!(OnError).as_value()),
        _ => json!({"type": "array", "items": reference(&Role::Transform.to_string())}),
    };
    schema["description"] = key.description.into();
    schema
}
