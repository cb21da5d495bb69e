//! A plugin's options, read out of its JSON Schema.

use serde_json::{Map, Value};

use super::entry::Entry;

/// One option as a reader wants to see it.
#[derive(Debug)]
pub(super) struct OptionLine {
    /// The key; those of tables inside with their path, `retry.max_attempts`.
    pub(super) key: String,
    /// What can stand there.
    pub(super) values: String,
    /// What stands there when nothing is said; `None` when something must be said.
    pub(super) default: Option<String>,
    /// What it does, in one line.
    pub(super) description: String,
}

/// What the plugin is for: the options' doc comment, paragraph by paragraph.
pub(super) fn about(entry: &Entry) -> Vec<String> {
    let text = entry.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").map(unwrapped).collect()
}

/// All options, those that every stage of the role has first.
pub(super) fn options(entry: &Entry) -> Vec<OptionLine> {
    let common = entry.common.iter().map(|key| OptionLine {
        key: key.name.to_owned(),
        values: key.values.to_owned(),
        default: key.default.map(str::to_owned),
        description: key.description.to_owned(),
    });
    let mut lines: Vec<OptionLine> = common.collect();
    let schema = entry.schema.as_value();
    let reader = Reader { definitions: schema.get("$defs").and_then(Value::as_object) };
    reader.table(schema, "", &mut lines);
    lines
}

struct Reader<'a> {
    definitions: Option<&'a Map<String, Value>>,
}

impl Reader<'_> {
    fn table(&self, schema: &Value, prefix: &str, lines: &mut Vec<OptionLine>) {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (key, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let target = self.resolve(property);
            let text =
                |schema: &Value| schema.get("description").and_then(Value::as_str).map(unwrapped);
            let default = match property.get("default") {
                Some(Value::Null) => Some("none".to_owned()),
                Some(default) => Some(default.to_string()),
                None if required.contains(&key.as_str()) => None,
                None if optional(property) => Some("none".to_owned()),
                // There is one, but it can't be put into a schema.
                None => Some("as described".to_owned()),
            };
            let inner = target.get("properties").is_some();
            lines.push(OptionLine {
                key: format!("{prefix}{key}"),
                values: self.values(property),
                default: if inner && default.is_some() {
                    Some("see below".to_owned())
                } else {
                    default
                },
                description: text(property).or_else(|| text(target)).unwrap_or_default(),
            });
            if inner {
                self.table(target, &format!("{prefix}{key}."), lines);
            } else if let Some(items) = target.get("items").map(|items| self.resolve(items))
                && items.get("properties").is_some()
            {
                self.table(items, &format!("{prefix}{key}[]."), lines);
            }
        }
    }

    /// Past references, and past the "or null" of optional values.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let reference = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|text| text.strip_prefix("#/$defs/"));
        if let Some(definition) = reference.and_then(|name| self.definitions?.get(name)) {
            return self.resolve(definition);
        }
        let choices = schema.get("anyOf").and_then(Value::as_array);
        let chosen = choices
            .and_then(|all| all.iter().find(|one| one.get("type") != Some(&Value::from("null"))));
        chosen.map_or(schema, |chosen| self.resolve(chosen))
    }

    fn values(&self, property: &Value) -> String {
        let schema = self.resolve(property);
        if let Some(choices) = choices(schema) {
            return choices.join(" | ");
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        match types.into_iter().find(|name| *name != "null") {
            Some("array") => {
                let items = schema
                    .get("items")
                    .map_or_else(|| "any".to_owned(), |items| self.values(items));
                format!("list of {items}")
            }
            Some("object") => "table".to_owned(),
            Some("integer") => format!("number{}", range(schema)),
            Some("number") => "number".to_owned(),
            Some("boolean") => "true | false".to_owned(),
            Some("string") => example(schema)
                .map_or_else(|| "string".to_owned(), |example| format!("string like {example}")),
            _ => "any value".to_owned(),
        }
    }
}

/// Whether the option can be left open altogether.
fn optional(property: &Value) -> bool {
    let null = Value::from("null");
    let listed = |key: &str| property.get(key).and_then(Value::as_array);
    listed("type").is_some_and(|types| types.contains(&null))
        || listed("anyOf").is_some_and(|all| all.iter().any(|one| one.get("type") == Some(&null)))
}

fn choices(schema: &Value) -> Option<Vec<String>> {
    if let Some(all) = schema.get("enum").and_then(Value::as_array) {
        return Some(all.iter().filter(|choice| !choice.is_null()).map(Value::to_string).collect());
    }
    let all = schema.get("oneOf").and_then(Value::as_array)?;
    let choice = |one: &Value| {
        let several = one
            .get("enum")
            .and_then(Value::as_array)
            .map(|all| all.iter().map(Value::to_string).collect());
        several.or_else(|| one.get("const").map(|constant| vec![constant.to_string()]))
    };
    all.iter().map(choice).collect::<Option<Vec<Vec<String>>>>().map(|all| all.concat())
}

fn range(schema: &Value) -> String {
    let bound = |key: &str| schema.get(key).and_then(Value::as_u64);
    match (bound("minimum").filter(|least| *least > 0), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" from {least}"),
        _ => String::new(),
    }
}

fn example(schema: &Value) -> Option<String> {
    schema.get("examples")?.as_array()?.first().map(Value::to_string)
}

fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
