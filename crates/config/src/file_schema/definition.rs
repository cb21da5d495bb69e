//! Converts the schema of an options struct to the schema of its table in a pipeline file.

use serde_json::{Map, Value, json};
use taskferry_pipeline::resolve_schema;

/// What `${NAME}` and its variants look like in a file.
const REFERENCE: &str = r"\$\{";

/// A string that contains a reference.
pub(super) fn variable_reference() -> Value {
    let description = "A value from outside: `${NAME}` (environment variable), `${NAME:-default}` or `${file:PATH}`.";
    json!({"type": "string", "pattern": REFERENCE, "description": description})
}

/// Converts a schema of `schemars`. Replaces references by their targets. Removes keywords that only describe the Rust type, and
/// `null`, which TOML lacks. Strings with a restricted form may be references to variables.
pub(super) fn definition(root: &Value) -> Value {
    Converter { root }.schema(root)
}

#[derive(Clone, Copy)]
struct Converter<'a> {
    root: &'a Value,
}

impl Converter<'_> {
    fn schema(self, schema: &Value) -> Value {
        let target = resolve_schema(schema, self.root);
        let (Value::Object(own), Value::Object(target)) = (schema, target) else {
            return target.clone();
        };
        // The description and default of the key take precedence over the description and default of its type.
        let mut fields = target.clone();
        for key in ["description", "default", "minItems", "uniqueItems"] {
            if let Some(value) = own.get(key) {
                fields.insert(key.to_owned(), value.clone());
            }
        }
        fields.retain(|key, _| {
            !key.starts_with("x-")
                && !matches!(key.as_str(), "$schema" | "$defs" | "title" | "writeOnly")
        });
        fields.retain(|key, value| key != "default" || !value.is_null());
        if let Some(Value::String(text)) = fields.get_mut("description") {
            *text = unwrap(text);
        }
        let format = fields.remove("format");
        remove_null(&mut fields);
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = fields.get_mut(key) {
                *inner = self.schema(inner);
            }
        }
        if let Some(Value::Object(properties)) = fields.get_mut("properties") {
            for property in properties.values_mut() {
                *property = self.schema(property);
            }
        }
        let written = fields.get("pattern").or(format.as_ref()).and_then(Value::as_str);
        if let Some(form) = written.and_then(pattern_of) {
            fields.insert("pattern".to_owned(), format!("{form}|{REFERENCE}").into());
        }
        allow_references(&mut fields);
        Value::Object(fields)
    }
}

fn remove_null(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = fields.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            fields.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}

/// The pattern for the value of `pattern` or `format`; `None` if the pattern is not anchored, or if the format is not known here.
fn pattern_of(written: &str) -> Option<&str> {
    match written {
        "duration" => Some("^[^-]*[0-9][^-]*[A-Za-zµ]"),
        "bytes" => Some("^ *[0-9]+ *([KkMmGg][Ii]?)?[Bb] *$"),
        pattern => pattern.starts_with('^').then_some(pattern),
    }
}

/// Lets a reference stand in for one of several texts.
fn allow_references(fields: &mut Map<String, Value>) {
    let constants = match (fields.get("enum"), fields.get("oneOf")) {
        (Some(Value::Array(texts)), _) if texts.iter().all(Value::is_string) => {
            texts.iter().map(|text| json!({"const": text})).collect::<Vec<_>>()
        }
        (None, Some(Value::Array(variants))) => {
            let constants: Option<Vec<Vec<Value>>> = variants.iter().map(constants).collect();
            let Some(constants) = constants else { return };
            constants.concat()
        }
        _ => return,
    };
    for key in ["enum", "oneOf", "type"] {
        fields.remove(key);
    }
    let reference = json!({"$ref": "#/$defs/reference"});
    let choices = constants.into_iter().chain([reference]).collect::<Vec<_>>();
    fields.insert("anyOf".to_owned(), choices.into());
}

/// The texts of a variant of an enumeration; `None` if the schema is anything else.
fn constants(variant: &Value) -> Option<Vec<Value>> {
    let text = |text: &Value| {
        let mut choice = json!({"const": text});
        if let Some(description) = variant.get("description").and_then(Value::as_str) {
            choice["description"] = unwrap(description).into();
        }
        choice
    };
    match (variant.get("const"), variant.get("enum")) {
        (Some(one), _) if one.is_string() => Some(vec![text(one)]),
        (None, Some(Value::Array(several))) if several.iter().all(Value::is_string) => {
            Some(several.iter().map(text).collect())
        }
        _ => None,
    }
}

/// Joins the lines of each paragraph of a doc comment.
fn unwrap(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.replace('\n', " "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
