//! Functions of arrays and objects, and of all values.

use crate::builtins::{self, FunctionResult, FunctionTable};
use crate::paths::{delete_paths, has, index, set_path};
use crate::value::{Map, Text, Value, cannot, contains, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("type", 0, |value, _| Ok(Value::from(value.kind()))),
    ("length", 0, |value, _| value.length()),
    ("keys", 0, |value, _| keys(&value, true)),
    ("keys_unsorted", 0, |value, _| keys(&value, false)),
    ("has", 1, |value, arguments| Ok(Value::Bool(has(&value, argument(arguments, 0))?))),
    ("contains", 1, |value, arguments| Ok(Value::Bool(contains(&value, argument(arguments, 0))?))),
    ("setpath", 2, |value, arguments| {
        set_path(value, argument(arguments, 0), argument(arguments, 1))
    }),
    ("delpaths", 1, |value, arguments| delete_paths(value, argument(arguments, 0))),
    ("from_entries", 0, |value, _| from_entries(value)),
    ("join", 1, |value, arguments| join(value, argument(arguments, 0))),
    ("_flatten", 1, |value, arguments| {
        let depth = argument(arguments, 0).as_f64().unwrap_or_default();
        let mut items = Vec::new();
        flatten(value, depth, &mut items)?;
        Ok(Value::from(items))
    }),
    ("reverse", 0, |value, _| reverse(value)),
    ("_strindices", 1, |value, arguments| string_indices(&value, argument(arguments, 0))),
    ("builtins", 0, |_, _| Ok(all_builtins())),
];

/// The argument at a position. The compiler checks the number of arguments.
pub(crate) fn argument<'a, 'r>(arguments: &'a [Value<'r>], number: usize) -> &'a Value<'r> {
    arguments.get(number).unwrap_or(&Value::Null)
}

fn keys<'r>(value: &Value<'r>, are_sorted: bool) -> FunctionResult<'r> {
    match value {
        Value::Array(array) => Ok((0..array.len()).map(Value::from).collect()),
        Value::Object(object) => {
            let members = if are_sorted { object.sorted() } else { object.iter().collect() };
            Ok(members.into_iter().map(|(key, _)| Value::String(key)).collect())
        }
        other => Err(format!("{} has no keys", described(other))),
    }
}

/// Makes an object of `{key, value}` entries. The key can also be named `k`, `name`, `Name`, `K` or `Key`, and the value `v` or
/// `Value`. A key can be any value.
fn from_entries(entries: Value<'_>) -> FunctionResult<'_> {
    let mut members = Map::default();
    for entry in entries.into_values()? {
        let Value::Object(entry) = &entry else {
            return Err(index(&entry, &Value::from("key")).err().unwrap_or_default());
        };
        let named = |name: &&str| entry.get(name).filter(Value::is_true);
        let key = entry
            .get("key")
            .filter(|key| !matches!(key, Value::Null))
            .or_else(|| ["k", "name", "Name", "K", "Key"].iter().find_map(named));
        let value = ["value", "v", "Value"].iter().find_map(|name| entry.get(name));
        let key = match key.unwrap_or_default() {
            Value::String(text) => text,
            other => Text::from(other.to_string()),
        };
        members.insert(key, value.unwrap_or_default());
    }
    Ok(Value::from(members))
}

/// Joins strings, numbers and Boolean values. `null` is an empty string.
fn join<'r>(items: Value<'r>, separator: &Value<'r>) -> FunctionResult<'r> {
    let mut joined = String::new();
    for (position, item) in items.into_values()?.into_iter().enumerate() {
        if position > 0 {
            match separator {
                Value::String(separator) => joined.push_str(&separator.as_str()),
                Value::Null => {}
                other => return Err(cannot(&Value::from(joined), other, "added")),
            }
        }
        match &item {
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) => joined.push_str(&item.to_string()),
            Value::String(text) => joined.push_str(&text.as_str()),
            other => return Err(cannot(&Value::from(joined), other, "added")),
        }
    }
    Ok(Value::from(joined))
}

/// Flattens nested arrays `depth` levels deep, or completely if `depth` is negative.
fn flatten<'r>(value: Value<'r>, depth: f64, found: &mut Vec<Value<'r>>) -> Result<(), String> {
    for item in value.into_values()? {
        match item {
            Value::Array(_) if depth != 0.0 => flatten(item, depth - 1.0, found)?,
            other => found.push(other),
        }
    }
    Ok(())
}

fn reverse(value: Value<'_>) -> FunctionResult<'_> {
    match value {
        Value::Null => Ok(Value::from(Vec::new())),
        Value::String(text) => Ok(Value::from(text.as_str().chars().rev().collect::<String>())),
        Value::Array(array) => Ok(array.into_vec().into_iter().rev().collect()),
        other => Err(format!("Cannot reverse {}", described(&other))),
    }
}

/// The positions of a string in another, in characters.
fn string_indices<'r>(value: &Value<'r>, part: &Value<'r>) -> FunctionResult<'r> {
    let Value::String(text) = value else {
        let value = described(value);
        return Err(format!("{value} cannot be searched, as it is not a string"));
    };
    let Value::String(part) = part else {
        return Err(format!("{} is not a string", described(part)));
    };
    let (text, part) = (text.as_str(), part.as_str());
    if part.is_empty() {
        return Ok(Value::Null);
    }
    let positions = text.char_indices().enumerate();
    let found = positions.filter(|(_, (byte, _))| text[*byte..].starts_with(&*part));
    Ok(found.map(|(position, _)| Value::from(position)).collect())
}

fn all_builtins<'r>() -> Value<'r> {
    let names = builtins::names(&builtins::library()).into_iter();
    let names = names.filter(|(name, _)| !name.starts_with('@'));
    names.map(|(name, arity)| Value::from(format!("{name}/{arity}"))).collect()
}
