//! Reads a plugin's options from a table, and reports every error at its key.

mod deserializer;

use std::collections::{BTreeMap, BTreeSet};

use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::{KeyPath, MAX_PER_KIND, Part, Problem, Segment, nearest};
use deserializer::{Kind, Node, OptionError};

/// Reads options from a table.
///
/// After each error, the reader removes the wrong value and reads the rest again, so that it reports all errors. `common` lists keys
/// that every stage has. They are only suggested for mistyped keys.
///
/// ```
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Options { limit: u8, #[serde(default)] include: Vec<String> }
///
/// let table = serde_json::json!({"limit": "many", "inclde": []});
/// let problems = taskferry_sdk::read_options::<Options>(&table, &[]).unwrap_err();
/// assert_eq!(problems.len(), 2);
/// assert_eq!(problems[0].message, "expected a whole number, found a string");
/// assert_eq!(problems[1].help.as_deref(), Some("did you mean `include`?"));
/// ```
///
/// # Errors
/// One [`Problem`] for each error, with paths that start at the table.
pub fn read_options<T: DeserializeOwned + JsonSchema>(
    table: &Value,
    common: &[&str],
) -> Result<T, Vec<Problem>> {
    match read_options_partially(table, common) {
        (Some(options), problems) if problems.is_empty() => Ok(options),
        (_, problems) => Err(problems),
    }
}

/// As [`read_options`], but also returns the options without the wrong values, if they can be read. The caller can
/// check them for further errors.
///
/// ```
/// use taskferry_sdk::serde_json::json;
/// # /// Options.
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # #[serde(deny_unknown_fields)]
/// # struct Options {
/// #     /// The most records.
/// #     limit: Option<u8>,
/// #     /// The level.
/// #     level: Option<String>,
/// # }
///
/// let table = json!({"limit": "many", "level": "H1"});
/// let (options, problems) = taskferry_sdk::read_options_partially::<Options>(&table, &[]);
/// assert_eq!(options.unwrap().level.as_deref(), Some("H1"));
/// assert_eq!(problems[0].path.to_string(), "limit");
/// ```
pub fn read_options_partially<T: DeserializeOwned + JsonSchema>(
    table: &Value,
    common: &[&str],
) -> (Option<T>, Vec<Problem>) {
    let mut rest = table.clone();
    let mut removed = Removed::default();
    let mut problems = Vec::new();
    loop {
        let OptionError { mut path, kind } = match T::deserialize(Node(&rest)) {
            Ok(options) => return (Some(options), problems),
            Err(error) => error,
        };
        path.reverse();
        let original = removed.original(&path);
        let can_continue = match kind {
            Kind::MissingField(field) => {
                problems.extend(missing::<T>(table, &original, field, &mut removed));
                if path.is_empty() {
                    removed.insert_placeholder::<T>(&mut rest, field)
                } else {
                    removed.remove(&mut rest, &path)
                }
            }
            Kind::UnknownField { known, .. } => {
                let unknown = removed.remove_unknown(&mut rest, &path, known);
                problems.extend(unknown.iter().enumerate().map(|(number, field)| {
                    describe_unknown(original.key(field.clone()), field, known, common, number)
                }));
                !unknown.is_empty()
            }
            // An error in a placeholder is no error in the file.
            _ if removed.placeholders.iter().any(|key| path.first() == Some(key)) => false,
            kind => {
                let found = original.segments().iter().try_fold(table, entry);
                problems.push(describe(original.clone(), found, kind));
                match original.parent() {
                    Some(list) if removed.reaches_limit(&list) => {
                        let message = format!(
                            "`{list}` has at least {MAX_PER_KIND} errors; its other entries are not checked"
                        );
                        problems.push(Problem::at(list, "invalid-value", message));
                        removed.remove_rest(&mut rest, &path)
                    }
                    _ => removed.remove(&mut rest, &path),
                }
            }
        };
        if !can_continue {
            return (None, problems);
        }
    }
}

/// The values removed from the table, from which the original positions in lists are computed.
#[derive(Default)]
struct Removed {
    paths: BTreeSet<KeyPath>,
    /// The number of values removed from each table or list.
    counts: BTreeMap<KeyPath, usize>,
    /// Missing keys at the top, for which a placeholder was inserted.
    placeholders: Vec<Segment>,
    /// Missing keys that were reported.
    missing: BTreeSet<KeyPath>,
}

impl Removed {
    /// The path in the file of a value in the remaining table.
    fn original(&self, path: &[Segment]) -> KeyPath {
        let mut original = KeyPath::root();
        for segment in path {
            original = match segment {
                Segment::Key(key) => original.key(key.clone()),
                Segment::Index(index) => {
                    let position = |path: &KeyPath| match path.segments().split_last()? {
                        (Segment::Index(index), list) if list == original.segments() => {
                            Some(*index)
                        }
                        _ => None,
                    };
                    // Paths are sorted, and so are the positions in one list.
                    let removed = self.paths.iter().filter_map(position);
                    original.index(
                        removed
                            .fold(*index, |index, removed| index + usize::from(removed <= index)),
                    )
                }
            };
        }
        original
    }

    fn remove(&mut self, table: &mut Value, path: &[Segment]) -> bool {
        let original = self.original(path);
        let Some((last, parent)) = path.split_last() else { return false };
        let is_removed = match (value_at(table, parent), last) {
            (Some(Value::Object(fields)), Segment::Key(key)) => fields.shift_remove(key).is_some(),
            (Some(Value::Array(items)), Segment::Index(index)) if *index < items.len() => {
                items.remove(*index);
                true
            }
            _ => false,
        };
        self.paths.insert(original);
        is_removed
    }

    /// Removes a value and all later ones from a list, or all values from a table.
    fn remove_rest(&mut self, table: &mut Value, path: &[Segment]) -> bool {
        let original = self.original(path);
        let Some((last, parent)) = path.split_last() else { return false };
        match (value_at(table, parent), last) {
            (Some(Value::Object(fields)), _) => fields.clear(),
            (Some(Value::Array(items)), Segment::Index(index)) => items.truncate(*index),
            _ => return false,
        }
        self.paths.insert(original);
        true
    }

    /// Removes all unknown keys from the table at `path`, and returns them.
    fn remove_unknown(
        &mut self,
        table: &mut Value,
        path: &[Segment],
        known: &[&str],
    ) -> Vec<String> {
        let original = self.original(path);
        let mut unknown = Vec::new();
        if let Some(Value::Object(fields)) = value_at(table, path) {
            unknown.extend(fields.keys().filter(|key| !known.contains(&key.as_str())).cloned());
            fields.retain(|key, _| known.contains(&key.as_str()));
        }
        self.paths.extend(unknown.iter().map(|key| original.key(key.clone())));
        unknown
    }

    /// Counts an error in a table or list, and returns whether it is the last one to report.
    fn reaches_limit(&mut self, list: &KeyPath) -> bool {
        let count = self.counts.entry(list.clone()).or_default();
        *count += 1;
        *count == MAX_PER_KIND
    }

    /// Inserts a value that matches the schema for a missing key, so that other errors are found.
    fn insert_placeholder<T: JsonSchema>(
        &mut self,
        table: &mut Value,
        field: &'static str,
    ) -> bool {
        let key = Segment::Key(field.to_owned());
        let schema = schema_for!(T);
        let property = schema.get("properties").and_then(|all| all.get(field));
        let (Some(property), Value::Object(fields)) = (property, table) else { return false };
        let example = property.get("examples").and_then(|examples| examples.get(0));
        let value = match (example, property.get("type").and_then(Value::as_str)) {
            (Some(example), _) => example.clone(),
            (None, Some("string")) => Value::from(""),
            (None, Some("array")) => Value::Array(Vec::new()),
            (None, Some("object")) => Value::Object(Map::new()),
            (None, Some("integer" | "number")) => Value::from(1),
            (None, Some("boolean")) => Value::from(false),
            _ => return false,
        };
        if self.placeholders.contains(&key) {
            return false;
        }
        fields.insert(field.to_owned(), value);
        self.placeholders.push(key);
        true
    }
}

fn entry<'v>(value: &'v Value, segment: &Segment) -> Option<&'v Value> {
    match segment {
        Segment::Key(key) => value.get(key),
        Segment::Index(index) => value.get(index),
    }
}

/// The value at a path.
pub(crate) fn value_at<'v>(table: &'v mut Value, path: &[Segment]) -> Option<&'v mut Value> {
    path.iter().try_fold(table, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key),
        Segment::Index(index) => value.get_mut(index),
    })
}

/// Reports missing keys: at the top of the table, all keys that the schema requires; in an inner table, only `field`. A key whose
/// value was removed is not missing.
fn missing<T: JsonSchema>(
    table: &Value,
    path: &KeyPath,
    field: &str,
    removed: &mut Removed,
) -> Vec<Problem> {
    let mut fields = vec![field.to_owned()];
    if path.segments().is_empty() {
        let schema = schema_for!(T);
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        let names = required.filter_map(Value::as_str).filter(|name| table.get(name).is_none());
        fields.extend(names.filter(|name| *name != field).map(str::to_owned));
    }
    fields.retain(|field| {
        let path = path.key(field.clone());
        !removed.paths.contains(&path) && removed.missing.insert(path)
    });
    let missing = fields.into_iter().map(|field| {
        Problem::at(path.clone(), "missing-key", format!("the key `{field}` is missing"))
            .part(Part::Key)
            .label(format!("needs `{field}`"))
            .help(format!("add `{field} = …` to this table"))
    });
    missing.collect()
}

fn describe_unknown(
    path: KeyPath,
    field: &str,
    known: &[&str],
    common: &[&str],
    number: usize,
) -> Problem {
    let problem =
        Problem::at(path, "unknown-key", format!("unknown key `{field}`")).part(Part::Key);
    if number >= MAX_PER_KIND {
        // It is counted but not shown, so it needs no help.
        return problem;
    }
    let all = known.iter().copied().chain(common.iter().copied());
    problem.help(match nearest(field, all) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "this table has no options".to_owned(),
        None => format!("the keys are {}", list(known)),
    })
}

fn describe(path: KeyPath, value: Option<&Value>, kind: Kind) -> Problem {
    match kind {
        Kind::UnknownVariant { variant, known } => {
            let help = match nearest(&variant, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"? The choices are {}", list(known)),
                None => format!("the choices are {}", list(known)),
            };
            Problem::at(path, "unknown-choice", format!("\"{variant}\" is not one of the choices"))
                .help(help)
        }
        Kind::Type { found, expected } => {
            let help = value.and_then(|value| spelling(value, &expected));
            let message = format!("expected {expected}, found {found}");
            let problem = Problem::at(path, "wrong-type", message);
            if let Some(help) = help { problem.help(help) } else { problem }
        }
        Kind::Invalid(message) => Problem::at(path, "invalid-value", message),
        Kind::MissingField(field) => {
            Problem::at(path, "missing-key", format!("the key `{field}` is missing"))
        }
        Kind::UnknownField { field, .. } => {
            Problem::at(path, "unknown-key", format!("unknown key `{field}`"))
        }
    }
}

/// How to write a value of the wrong type as the expected one. Does not repeat the value, which may be a secret.
fn spelling(value: &Value, expected: &str) -> Option<&'static str> {
    if let (Value::String(text), "a list") = (value, expected)
        && text.contains(',')
    {
        return Some("write each item in quotes, in square brackets: `[\"…\", \"…\"]`");
    }
    match (value, expected) {
        (Value::String(text), expected) if expected.contains("number") => {
            let text = text.trim();
            match (text.parse::<f64>(), text.trim_end_matches('%').trim_end().parse::<f64>()) {
                (Ok(_), _) => Some("write the number without quotes"),
                (_, Ok(_)) => Some("write the number alone, without quotes and without `%`"),
                _ => None,
            }
        }
        (Value::String(text), "true or false")
            if ["true", "false"].contains(&text.to_lowercase().as_str()) =>
        {
            Some("write `true` or `false` without quotes")
        }
        (Value::Number(_) | Value::Bool(_), "a string") => Some("write the value in quotes"),
        (Value::String(_) | Value::Number(_), "a list") => {
            Some("write the value in square brackets, for example `[\"a\"]`")
        }
        (Value::Object(_), "a list") => Some("write the table in square brackets: `[{ … }]`"),
        (Value::Array(_), "a string") => Some("write one value, without square brackets"),
        _ => None,
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
