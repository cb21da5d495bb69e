//! Validation of requests against their JSON Schemas. Every error is reported, each with the field that it concerns.

use std::collections::BTreeMap;

use axum::http::{StatusCode, Uri};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use super::error::ApiError;
use crate::quote::{shortened, show};
use crate::settings::{SandboxSettings, status_of};
use crate::timestamp;

/// A response lists at most this many errors of the same kind.
const MAX_ERRORS_PER_KIND: usize = 5;

/// The errors that have been found in a request.
pub(super) struct RequestErrors<'a> {
    settings: &'a SandboxSettings,
    schemas: &'a Value,
    found: Vec<(StatusCode, String)>,
}

impl<'a> RequestErrors<'a> {
    pub(super) fn new(settings: &'a SandboxSettings, schemas: &'a Value) -> Self {
        Self { settings, schemas, found: Vec::new() }
    }

    /// Reads the query of a request. The result is `None` if it has errors.
    pub(super) fn read_query<T: DeserializeOwned + JsonSchema>(&mut self, uri: &Uri) -> Option<T> {
        let schema = &self.schemas[&*T::schema_name()];
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let query = uri.query().unwrap_or_default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            values.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        let mut parameters = Map::new();
        let before = self.found.len();
        for (name, mut values) in values {
            let kind = &schema["properties"][&name]["type"];
            if kind == "array" {
                parameters.insert(name, values.into());
                continue;
            }
            if values.len() > 1 && !kind.is_null() {
                let description = format!("`{name}` occurs more than once in the query");
                self.invalid(description);
            }
            let text = values.pop().unwrap_or_default();
            let is_number = kind == "integer" && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<u64>().ok().filter(|_| is_number);
            parameters.insert(name, number.map_or_else(|| text.into(), Value::from));
        }
        self.check_object(&parameters, schema, "", " parameter in the query");
        self.deserialize(before, parameters)
    }

    /// Reads the body of a request. The result is `None` if it has errors.
    pub(super) fn read_body<T: DeserializeOwned>(
        &mut self,
        schema: &str,
        body: &[u8],
    ) -> Option<T> {
        let mut body: Map<String, Value> = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => {
                let description = if error.is_data() {
                    "the body must be a JSON object".to_owned()
                } else {
                    format!("the body is not JSON: {error}")
                };
                self.add(StatusCode::BAD_REQUEST, description);
                return None;
            }
        };
        let before = self.found.len();
        let schema = &self.schemas[schema];
        if let Some(default) = schema["properties"]["limit"].get("default") {
            body.entry("limit").or_insert_with(|| default.clone());
        }
        self.check_object(&body, schema, "", " field in the body");
        self.deserialize(before, body)
    }

    fn deserialize<T: DeserializeOwned>(
        &mut self,
        before: usize,
        object: Map<String, Value>,
    ) -> Option<T> {
        if self.found.len() > before {
            return None;
        }
        let read = serde_json::from_value(object.into());
        read.map_err(|error| self.add(StatusCode::BAD_REQUEST, error.to_string())).ok()
    }

    /// Adds an error about a value.
    fn invalid(&mut self, description: String) {
        let status = status_of(self.settings.bad_value);
        self.add(status.unwrap_or(StatusCode::BAD_REQUEST), description);
    }

    pub(super) fn add(&mut self, status: StatusCode, description: impl Into<String>) {
        let error = (status, description.into());
        if !self.found.contains(&error) {
            self.found.push(error);
        }
    }

    /// Returns what was read, or a response with all errors. The status of the response is the lowest status of the errors.
    pub(super) fn into_result<T>(self, read: Option<T>) -> Result<T, ApiError> {
        match (self.found.iter().map(|(status, _)| *status).min(), read) {
            (None, Some(read)) => Ok(read),
            (None, None) => Err(ApiError::new(StatusCode::BAD_REQUEST, "the request is not valid")),
            (Some(status), _) => Err(ApiError::with_descriptions(
                status,
                self.found.into_iter().map(|(_, description)| description).collect(),
            )),
        }
    }

    /// `path` is empty for the top-level object. `context` is the end of the message about an unknown field.
    fn check_object(
        &mut self,
        object: &Map<String, Value>,
        schema: &Value,
        path: &str,
        context: &str,
    ) {
        let path_of = |name: &str| match path {
            "" => shortened(name),
            path => format!("{path}.{}", shortened(name)),
        };
        let properties = &schema["properties"];
        let unknown = object.keys().filter(|name| properties.get(name.as_str()).is_none());
        let is_closed = schema["additionalProperties"] == false;
        for name in unknown.filter(|_| is_closed).take(MAX_ERRORS_PER_KIND) {
            let status = status_of(self.settings.unknown_field).unwrap_or(StatusCode::BAD_REQUEST);
            self.add(status, format!("`{}`: there is no such{context}", path_of(name)));
        }
        for (name, schema) in properties.as_object().into_iter().flatten() {
            if let Some(value) = object.get(name) {
                self.check(value, schema, &path_of(name));
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if object.contains_key(name) {
                continue;
            }
            let path = path_of(name);
            let description = format!("`{path}` is required: {}", rule(&properties[name], &path));
            match status_of(self.settings.missing_limit).filter(|_| path == "limit") {
                Some(status) => self.add(status, description),
                None => self.invalid(description),
            }
        }
    }

    fn check(&mut self, value: &Value, schema: &Value, path: &str) {
        if let Some(variants) = schema["oneOf"].as_array() {
            return self.check_filter(value, variants, path);
        }
        if let Some(known) = schema["enum"].as_array() {
            if !known.contains(value) {
                self.invalid(format!("`{path}`: {} is not one of {}", show(value), names(known)));
            }
            return;
        }
        let is_within = |number: i64, least: &str, most: &str| {
            let bound = |name: &str| schema[name].as_i64();
            bound(least).is_none_or(|least| least <= number)
                && bound(most).is_none_or(|most| number <= most)
        };
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let is_valid = match (schema["type"].as_str(), value) {
            (Some("integer"), Value::Number(number)) => {
                whole_number(number).is_some_and(|number| is_within(number, "minimum", "maximum"))
            }
            (Some("string"), Value::String(text)) => {
                is_within(count(text.chars().count()), "minLength", "maxLength")
                    && (schema.get("anyOf").is_none() || timestamp::parse(text).is_some())
            }
            (Some("array"), Value::Array(items)) => {
                is_within(count(items.len()), "minItems", "maxItems")
            }
            (Some("boolean"), Value::Bool(_)) | (Some("object"), Value::Object(_)) => true,
            _ => false,
        };
        match value {
            _ if !is_valid => {
                let found = match value {
                    Value::Array(items) if schema["type"] == "array" => {
                        format!("has {}", items.len())
                    }
                    Value::String(_) if schema["type"] == "integer" => {
                        format!("is the text {}", show(value))
                    }
                    value => format!("is {}", show(value)),
                };
                self.invalid(format!("`{path}` must be {}; it {found}", rule(schema, path)));
            }
            Value::Object(object) => self.check_object(object, schema, path, " field"),
            Value::Array(items) => {
                let (before, schema) = (self.found.len(), &schema["items"]);
                for (index, item) in items.iter().enumerate() {
                    // No index for enumerations, because the message contains the value.
                    match schema.get("enum") {
                        Some(_) => self.check(item, schema, path),
                        None => self.check(item, schema, &format!("{path}[{index}]")),
                    }
                    if self.found.len() - before >= MAX_ERRORS_PER_KIND {
                        break;
                    }
                }
            }
            _ => {}
        }
    }

    /// Checks an object against the variant that its key `filter` names.
    fn check_filter<'s>(&mut self, value: &Value, variants: &'s [Value], path: &str) {
        let Some(filter) = value.as_object() else {
            return self.invalid(format!("`{path}` must be an object with the key `filter`"));
        };
        let Some(kind) = filter.get("filter") else {
            return self
                .invalid(format!("`{path}` has no key `filter`, which names the condition"));
        };
        let name_of = |variant: &'s Value| variant["properties"]["filter"]["const"].as_str();
        let variant = variants.iter().find(|variant| name_of(variant) == kind.as_str());
        if let (Some(variant), Some(name)) = (variant, kind.as_str()) {
            return self.check_object(filter, variant, path, &format!(" field in `{name}`"));
        }
        let known: Vec<_> = variants.iter().filter_map(name_of).collect();
        let (kind, known) = (show(kind), known.join("` and `"));
        self.invalid(format!(
            "`{path}.filter`: {kind} is not supported; the supported filters are `{known}`"
        ));
    }
}

/// The values that a schema allows, as they are described in messages.
fn rule(schema: &Value, path: &str) -> String {
    let bounds = |least: &str, most: &str| match (schema[least].as_u64(), schema[most].as_u64()) {
        (Some(least), Some(most)) => format!("{least} to {most} "),
        (None, Some(most)) => format!("at most {most} "),
        _ => String::new(),
    };
    if let Some(known) = schema["enum"].as_array() {
        return format!("one of {}", names(known));
    }
    match schema["type"].as_str() {
        Some("integer") => {
            format!("a whole number from {} to {}", schema["minimum"], schema["maximum"])
        }
        Some("boolean") => "true or false".to_owned(),
        Some("object") => "an object".to_owned(),
        Some("array") => match bounds("minItems", "maxItems").as_str() {
            "" => "an array".to_owned(),
            count => format!("an array of {count}{}", path.rsplit('.').next().unwrap_or_default()),
        },
        _ if schema.get("anyOf").is_some() => {
            "a date like 2022-01-01 or a timestamp like 2022-01-01T12:30:00Z".to_owned()
        }
        _ => match bounds("minLength", "maxLength").as_str() {
            "" => "a text".to_owned(),
            count => format!("a text of {count}characters"),
        },
    }
}

fn names(known: &[Value]) -> String {
    known.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// The value of a number without a fraction, such as `10` or `10.0`.
pub(super) fn whole_number(number: &Number) -> Option<i64> {
    /// The largest integer up to which `f64` represents every integer.
    const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;
    number.as_i64().or_else(|| {
        let float = number
            .as_f64()
            .filter(|float| float.fract() == 0.0 && float.abs() <= MAX_EXACT_INTEGER)?;
        format!("{float:.0}").parse().ok()
    })
}
