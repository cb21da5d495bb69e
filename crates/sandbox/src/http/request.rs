//! Reading an export request. Every mistake gets a description that names the field.

use std::sync::Arc;

use axum::http::{StatusCode, Uri};
use serde_json::{Map, Value};

use super::bounds::{LARGEST_LIMIT, LONGEST_CURSOR};
use super::error::ApiError;
use super::filters::read_filters;
use super::mistakes::Mistakes;
use super::query::{Parameters, read_include};
use super::service::Service;
use crate::quote::{shortened, show};
use crate::record::{Expansion, Shape, Subject};
use crate::settings::MissingLimit;
use crate::store::PageQuery;

/// A request that makes sense.
#[derive(Debug)]
pub(super) struct ExportRequest {
    pub(super) query: PageQuery,
    pub(super) shape: Shape,
}

const BODY_KEYS: [&str; 4] = ["limit", "starting_after", "include", "filters"];
impl ExportRequest {
    /// Reads the query and the body, or says all that is wrong with them.
    pub(super) fn parse(
        service: &Service,
        tenant: &str,
        subject: Subject,
        uri: &Uri,
        body: &[u8],
    ) -> Result<Self, ApiError> {
        let mut mistakes = Mistakes::new(&service.settings);
        let mut parameters = Parameters::of(uri, &mut mistakes);
        let format = parameters.response_format(&mut mistakes);
        let vendor = parameters.external_vendor(service.vendors_of(tenant), &mut mistakes);
        parameters.finish(&mut mistakes);
        let Some(body) = read_object(body, &mut mistakes) else {
            return mistakes.or(None).and_then(|none| none.ok_or_else(ApiError::unreadable));
        };
        refuse_unknown_keys(&body, &BODY_KEYS, &mut mistakes);
        let query = PageQuery {
            limit: read_limit(body.get("limit"), &mut mistakes),
            starting_after: read_cursor(body.get("starting_after"), &mut mistakes),
            conditions: read_filters(body.get("filters"), subject, &mut mistakes),
        };
        let include = read_body_include(body.get("include"), subject, &mut mistakes);
        let shape = Shape {
            subject,
            format,
            include,
            vendor,
            vocabulary: Arc::clone(&service.vocabulary),
            settings: Arc::clone(&service.settings),
        };
        mistakes.or(Self { query, shape })
    }
}

/// The body as an object, or a mistake.
pub(super) fn read_object(body: &[u8], mistakes: &mut Mistakes<'_>) -> Option<Map<String, Value>> {
    match serde_json::from_slice(body) {
        Ok(body) => return Some(body),
        Err(error) if error.is_data() => mistakes.malformed("the body must be a JSON object"),
        Err(error) => mistakes.malformed(format!("the body is not JSON: {error}")),
    }
    None
}

pub(super) fn refuse_unknown_keys(
    body: &Map<String, Value>,
    known: &[&str],
    mistakes: &mut Mistakes<'_>,
) {
    // Any number of them may stand in the body; a few make the point.
    for key in body.keys().filter(|key| !known.contains(&key.as_str())).take(5) {
        let key = shortened(key);
        mistakes.unknown_field(format!("`{key}`: there is no such field in the body"));
    }
}

fn read_limit(value: Option<&Value>, mistakes: &mut Mistakes<'_>) -> usize {
    const RULE: &str = "a whole number from 1 to 100";
    let Some(value) = value else {
        let status = match mistakes.settings.missing_limit {
            MissingLimit::Ten => return 10,
            MissingLimit::BadRequest => StatusCode::BAD_REQUEST,
            MissingLimit::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        };
        mistakes.add(status, format!("`limit` is required: {RULE}"));
        return 1;
    };
    // `10.0` is a whole number as well, in JSON Schema's eyes and in most languages'.
    let number = value.as_f64();
    let limit = (1..=LARGEST_LIMIT).find(|limit| number == Some(f64::from(*limit)));
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or_else(|| {
        let text = if value.is_string() { "the text " } else { "" };
        mistakes.bad_value(format!("`limit` must be {RULE}; it is {text}{}", show(value)));
        1
    })
}

fn read_cursor(value: Option<&Value>, mistakes: &mut Mistakes<'_>) -> Option<String> {
    let text = value?.as_str();
    let cursor = text.filter(|text| !text.is_empty() && text.chars().count() <= LONGEST_CURSOR);
    if cursor.is_none() {
        mistakes.bad_value("`starting_after` must be a text of 1 to 100 characters, or left out");
    }
    cursor.map(str::to_owned)
}

fn read_body_include(
    value: Option<&Value>,
    subject: Subject,
    mistakes: &mut Mistakes<'_>,
) -> Vec<Expansion> {
    let Some(value) = value else { return Vec::new() };
    let Some(names) = value.as_array() else {
        mistakes.bad_value(format!("`include` must be an array; it is {}", show(value)));
        return Vec::new();
    };
    if let Some(other) = names.iter().find(|name| !name.is_string()) {
        mistakes.bad_value(format!("`include`: {} is no text", show(other)));
    }
    read_include(&names.iter().filter_map(Value::as_str), &Expansion::of(subject), mistakes)
}
