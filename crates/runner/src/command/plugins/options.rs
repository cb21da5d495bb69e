//! What `taskferry plugins` describes, and its options from a JSON Schema.

use schemars::Schema;
use serde_json::Value;
use taskferry_pipeline::{Role, common_keys, is_optional, properties, resolve_schema};

/// A plugin, or a table that configures the run.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The role of a plugin; `None` for a table.
    pub(super) role: Option<Role>,
    /// The type of the plugin, or the key of the table.
    pub(super) name: &'static str,
    /// The options. The description is the doc comment of their struct.
    pub(super) schema: Schema,
}

impl Entry {
    /// `source`, `transform`, `sink` or `table`.
    pub(super) fn kind(&self) -> String {
        self.role.map_or_else(|| "table".to_owned(), |role| role.to_string())
    }
}

#[derive(Debug)]
pub(super) struct OptionLine {
    /// The key. A key of an inner table includes the path of the table: `retry.max_attempts`.
    pub(super) key: String,
    /// The allowed values.
    pub(super) values: String,
    /// The default value; `None` for a required option.
    pub(super) default: Option<String>,
    pub(super) description: String,
}

/// The doc comment of the options, with one item per paragraph.
pub(super) fn paragraphs(entry: &Entry) -> Vec<String> {
    let text = entry.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").map(unwrap).collect()
}

/// The keys that all stages of a role have.
pub(super) fn common_options(role: Role) -> impl Iterator<Item = OptionLine> {
    common_keys(role).iter().map(|key| OptionLine {
        key: key.name.to_owned(),
        values: key.values.to_owned(),
        default: key.default.map(str::to_owned),
        description: key.description.to_owned(),
    })
}

/// The options of a plugin or a table, without the common keys.
pub(super) fn own_options(entry: &Entry) -> Vec<OptionLine> {
    let root = entry.schema.as_value();
    let mut lines = Vec::new();
    Reader { root }.read_table(root, "", &mut lines);
    lines
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    root: &'a Value,
}

impl<'a> Reader<'a> {
    fn read_table(self, schema: &'a Value, prefix: &str, lines: &mut Vec<OptionLine>) {
        let required = schema.get("required").and_then(Value::as_array);
        for (key, property) in properties(schema).into_iter().flatten() {
            let target = resolve_schema(property, self.root);
            let is_required =
                required.is_some_and(|required| required.iter().any(|name| name == key));
            let is_table = target.get("properties").is_some();
            let default = match property.get("default") {
                _ if is_table && !is_required => Some("see below".to_owned()),
                Some(Value::Null) => Some("none".to_owned()),
                Some(default) => Some(default.to_string()),
                None if is_required => None,
                None if is_optional(property) => Some("none".to_owned()),
                // A schema cannot express this default.
                None => Some("see the description".to_owned()),
            };
            let text =
                |schema: &Value| schema.get("description").and_then(Value::as_str).map(unwrap);
            lines.push(OptionLine {
                key: format!("{prefix}{key}"),
                values: self.values(property),
                default,
                description: text(property).or_else(|| text(target)).unwrap_or_default(),
            });
            if is_table {
                self.read_table(target, &format!("{prefix}{key}."), lines);
            } else if let Some(items) = target.get("items") {
                let items = resolve_schema(items, self.root);
                self.read_table(items, &format!("{prefix}{key}[]."), lines);
            }
        }
    }

    fn values(self, property: &Value) -> String {
        let schema = resolve_schema(property, self.root);
        if let Some(choices) = choices(schema) {
            return choices.join(" | ");
        }
        let types = match schema.get("type") {
            Some(Value::Array(several)) => several.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        match types.iter().filter_map(Value::as_str).find(|name| *name != "null") {
            Some("array") => {
                let items = schema.get("items").map(|items| self.values(items));
                format!("list of {}", items.unwrap_or_else(|| "any".to_owned()))
            }
            Some("object") => "table".to_owned(),
            Some("integer") => format!("number{}", range(schema)),
            Some("number") => "number".to_owned(),
            Some("boolean") => "true | false".to_owned(),
            Some("string") => match schema.get("examples").and_then(|examples| examples.get(0)) {
                Some(example) => format!("string like {example}"),
                None => "string".to_owned(),
            },
            _ => "any value".to_owned(),
        }
    }
}

fn choices(schema: &Value) -> Option<Vec<String>> {
    let texts = |all: &Vec<Value>| -> Vec<String> {
        all.iter().filter(|choice| !choice.is_null()).map(Value::to_string).collect()
    };
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        return Some(texts(all));
    }
    let variant = |variant: &Value| match variant.get("enum").and_then(Value::as_array) {
        Some(all) => Some(texts(all)),
        None => variant.get("const").map(|constant| vec![constant.to_string()]),
    };
    let variants = schema.get("oneOf").and_then(Value::as_array)?;
    variants.iter().map(variant).collect::<Option<Vec<_>>>().map(|all| all.concat())
}

fn range(schema: &Value) -> String {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    match (bound("minimum").filter(|least| *least > 0), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        _ => String::new(),
    }
}

fn unwrap(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
