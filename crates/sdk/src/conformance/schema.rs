//! Reads a JSON Schema of options: generates values, and finds the schema of each value in a table.

use serde_json::{Map, Value, json};

use super::random::Random;
use crate::KeyPath;

/// The maximum nesting of generated values.
const MAX_DEPTH: usize = 6;
const TEXTS: [&str; 6] = ["a", "external_id", "task", "", "é 漢 \"", "1"];

/// The JSON Schema of an options struct.
#[derive(Debug)]
pub(super) struct OptionsSchema {
    root: Value,
}

/// A value in a table of options, and its schema.
#[derive(Debug, Clone)]
pub(super) struct Place<'s> {
    pub(super) path: KeyPath,
    pub(super) schema: &'s Value,
}

/// A part of the schema that users read in the reference.
#[derive(Debug)]
pub(super) struct Documentable {
    pub(super) name: String,
    pub(super) is_documented: bool,
}

impl OptionsSchema {
    pub(super) fn new(root: Value) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Value {
        self.resolved(&self.root)
    }

    /// The schema behind references.
    fn resolved<'s>(&'s self, schema: &'s Value) -> &'s Value {
        let name = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|path| path.strip_prefix("#/$defs/"));
        let target = name.and_then(|name| self.root.get("$defs")?.get(name));
        target.map_or(schema, |target| self.resolved(target))
    }

    /// The alternatives of a schema that is not an object with options; otherwise the schema itself.
    fn alternatives<'s>(&'s self, schema: &'s Value) -> Vec<&'s Value> {
        let schema = self.resolved(schema);
        let nested = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
        match nested.filter(|_| schema.get("properties").is_none()) {
            Some(nested) => nested.iter().flat_map(|one| self.alternatives(one)).collect(),
            None => vec![schema],
        }
    }

    /// Whether a schema allows values of this kind.
    fn allows(&self, schema: &Value, kind: &str) -> bool {
        self.alternatives(schema).into_iter().any(|schema| {
            if let Some(fixed) = schema.get("const") {
                return kind_of(fixed) == kind;
            }
            if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
                return choices.iter().any(|choice| kind_of(choice) == kind);
            }
            let is = |name: &Value| name == kind || kind == "integer" && name == "number";
            match schema.get("type") {
                Some(Value::Array(names)) => names.iter().any(is),
                Some(name) => is(name),
                None => true,
            }
        })
    }

    /// A value of each kind that the schema does not allow.
    pub(super) fn wrong_kinds(&self, schema: &Value) -> Vec<Value> {
        let values = [json!(true), json!(7), json!("text"), json!([]), json!({})];
        values.into_iter().filter(|value| !self.allows(schema, kind_of(value))).collect()
    }

    /// The choices, if the schema allows only certain texts.
    pub(super) fn choices<'s>(&'s self, schema: &'s Value) -> Option<Vec<&'s str>> {
        let mut choices = Vec::new();
        for one in self.alternatives(schema) {
            match (one.get("const"), one.get("enum").and_then(Value::as_array)) {
                (Some(fixed), _) => choices.push(fixed.as_str()?),
                (None, Some(names)) => choices.extend(names.iter().filter_map(Value::as_str)),
                (None, None) if one.get("type").is_some_and(|kind| kind == "null") => {}
                (None, None) => return None,
            }
        }
        Some(choices)
    }

    /// A limit of a number or length.
    pub(super) fn limit(&self, schema: &Value, keyword: &str) -> Option<i64> {
        let [schema] = self.alternatives(schema)[..] else { return None };
        schema.get(keyword).and_then(|limit| limit.as_i64().or_else(|| whole(limit.as_f64()?)))
    }

    /// The options of a table.
    pub(super) fn properties<'s>(&'s self, schema: &'s Value) -> Option<&'s Map<String, Value>> {
        let mut tables = self.alternatives(schema).into_iter();
        let properties = tables.find_map(|schema| schema.get("properties")?.as_object());
        properties.filter(|_| tables.all(|schema| schema.get("properties").is_none()))
    }

    pub(super) fn required<'s>(&'s self, schema: &'s Value) -> Vec<&'s str> {
        let schema = self.resolved(schema);
        let names = schema.get("required").and_then(Value::as_array);
        names.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The value and all values inside it whose schema is certain.
    pub(super) fn places<'s>(&'s self, value: &Value) -> Vec<Place<'s>> {
        let mut places = Vec::new();
        self.find_places(&self.root, value, &KeyPath::root(), &mut places);
        places
    }

    fn find_places<'s>(
        &'s self,
        schema: &'s Value,
        value: &Value,
        path: &KeyPath,
        places: &mut Vec<Place<'s>>,
    ) {
        places.push(Place { path: path.clone(), schema });
        match value {
            Value::Object(fields) => {
                let properties = self.properties(schema);
                let others = self.alternatives(schema).into_iter();
                let mut others = others
                    .filter_map(|one| one.get("additionalProperties"))
                    .filter(|it| it.is_object());
                let other = others.next().filter(|_| properties.is_none());
                for (key, value) in fields {
                    let known = properties.and_then(|properties| properties.get(key)).or(other);
                    if let Some(schema) = known {
                        self.find_places(schema, value, &path.key(key), places);
                    }
                }
            }
            Value::Array(items) => {
                let lists: Vec<&Value> = self
                    .alternatives(schema)
                    .into_iter()
                    .filter_map(|one| one.get("items"))
                    .collect();
                let [item] = lists[..] else { return };
                for (index, value) in items.iter().enumerate() {
                    self.find_places(item, value, &path.index(index), places);
                }
            }
            _ => {}
        }
    }

    /// A table that the schema allows. `hints` are valid options, whose values are used for some of the same keys.
    pub(super) fn generate(&self, hints: &Value, random: &mut Random) -> Value {
        Generator { schema: self, random }.value(&self.root, Some(hints), 0)
    }

    /// The struct, its options and their choices, at any depth.
    pub(super) fn documentables(&self) -> Vec<Documentable> {
        let mut found = Vec::new();
        let is_documented = is_documented(&self.root);
        found.push(Documentable { name: "the options struct".to_owned(), is_documented });
        self.find_documentables(self.root(), "", &mut found);
        found
    }

    fn find_documentables(&self, schema: &Value, inside: &str, found: &mut Vec<Documentable>) {
        if inside.matches('.').count() >= MAX_DEPTH {
            return;
        }
        for (key, property) in
            schema.get("properties").and_then(Value::as_object).into_iter().flatten()
        {
            let path = if inside.is_empty() { key.clone() } else { format!("{inside}.{key}") };
            let is_documented = is_documented(property) || is_documented(self.resolved(property));
            found.push(Documentable { name: format!("the option `{path}`"), is_documented });
            self.find_choices(property, &path, found);
            for one in self.alternatives(property) {
                self.find_documentables(one, &path, found);
                if let Some(item) = one.get("items").or(one.get("additionalProperties")) {
                    self.find_choices(item, &path, found);
                    self.alternatives(item)
                        .iter()
                        .for_each(|one| self.find_documentables(one, &path, found));
                }
            }
        }
    }

    /// Adds the choices of the enumerations to which `schema` refers.
    fn find_choices(&self, schema: &Value, path: &str, found: &mut Vec<Documentable>) {
        let named = |name: &Value| {
            format!("the choice `{}` of `{path}`", name.as_str().unwrap_or_default())
        };
        let nested = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array());
        for one in nested.into_iter().flatten() {
            self.find_choices(one, path, found);
        }
        let target = self.resolved(schema);
        if std::ptr::eq(target, schema) {
            return;
        }
        let choices = target.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        for choice in choices.filter(|choice| choice.get("const").is_some()) {
            let name = named(choice.get("const").unwrap_or(&Value::Null));
            found.push(Documentable { name, is_documented: is_documented(choice) });
        }
        let alternatives = self.alternatives(target).into_iter();
        let bare = alternatives.filter_map(|one| one.get("enum")?.as_array()).flatten();
        found.extend(bare.map(|name| Documentable { name: named(name), is_documented: false }));
    }
}

/// Generates values that a schema allows.
struct Generator<'a> {
    schema: &'a OptionsSchema,
    random: &'a mut Random,
}

impl Generator<'_> {
    /// A value for one option.
    fn value(&mut self, schema: &Value, hint: Option<&Value>, depth: usize) -> Value {
        let mut alternatives = self.schema.alternatives(schema);
        alternatives.retain(|one| one.get("type").is_none_or(|kind| kind != "null"));
        let Some(schema) = self.random.pick(&alternatives).copied() else { return Value::Null };
        let kind = match schema.get("type") {
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).find(|name| *name != "null")
            }
            Some(name) => name.as_str(),
            None => None,
        };
        let is_table = kind == Some("object") && schema.get("properties").is_some();
        if let Some(hint) = hint.filter(|_| !is_table && self.random.one_in(2)) {
            return hint.clone();
        }
        if let Some(fixed) = schema.get("const") {
            return fixed.clone();
        }
        let listed = ["enum", "examples"].iter().find_map(|key| schema.get(key)?.as_array());
        if let Some(choice) = listed.and_then(|choices| self.random.pick(choices)) {
            return choice.clone();
        }
        match kind {
            Some("object") => self.table(schema, hint, depth),
            Some("array") => {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let count = usize::try_from(least).unwrap_or_default() + self.random.below(3);
                let item = schema.get("items").unwrap_or(&Value::Null);
                (0..count).map(|_| self.value(item, None, depth + 1)).collect()
            }
            Some("boolean") => self.random.one_in(2).into(),
            Some("integer") => self.number(schema).into(),
            Some("number") if self.random.one_in(2) => self.number(schema).into(),
            Some("number") => {
                let number = i32::try_from(self.number(schema)).unwrap_or_default();
                json!(f64::from(number) + 0.5)
            }
            Some("string") => self.random.pick(&TEXTS).copied().unwrap_or_default().into(),
            _ => super::arbitrary::json(self.random, depth),
        }
    }

    fn number(&mut self, schema: &Value) -> i64 {
        let least = self.schema.limit(schema, "minimum").unwrap_or(0);
        let most = self.schema.limit(schema, "maximum").unwrap_or(least.saturating_add(1000));
        let any = i64::try_from(self.random.below(1000)).unwrap_or_default();
        let numbers = [least, most, least.saturating_add(any).min(most)];
        self.random.pick(&numbers).copied().unwrap_or(least)
    }

    fn table(&mut self, schema: &Value, hint: Option<&Value>, depth: usize) -> Value {
        let mut table = Map::new();
        let required = self.schema.required(schema);
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
            let other = schema.get("additionalProperties").filter(|other| other.is_object());
            for number in 0..self.random.below(3) {
                let value = self.value(other.unwrap_or(&Value::Null), None, depth + 1);
                table.insert(format!("name_{number}"), value);
            }
            return table.into();
        };
        for (key, schema) in properties {
            let hint = hint.and_then(|hint| hint.get(key));
            let is_likely =
                hint.is_some() && !self.random.one_in(4) || hint.is_none() && self.random.one_in(3);
            if required.contains(&key.as_str()) || is_likely && depth < MAX_DEPTH {
                table.insert(key.clone(), self.value(schema, hint, depth + 1));
            }
        }
        table.into()
    }
}

fn is_documented(schema: &Value) -> bool {
    let text = schema.get("description").and_then(Value::as_str);
    text.is_some_and(|text| !text.trim().is_empty())
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The number as an integer, if it has no fraction.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok().filter(|_| number.fract() == 0.0)
}
