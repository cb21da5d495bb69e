//! Reading an export request. Every mistake gets a description that names the field.

use std::collections::BTreeSet;

use axum::extract::Query;
use axum::http::Uri;
use serde_json::{Map, Value};

use super::error::shortened;
use crate::record::{Expansion, ResponseFormat, Shape};
use crate::store::PageQuery;

/// A request that makes sense.
#[derive(Debug)]
pub(super) struct ExportRequest {
    pub(super) query: PageQuery,
    pub(super) shape: Shape,
}

/// Vendors that the API has but this tenant has not activated.
const INACTIVE_VENDORS: [&str; 2] = ["workday", "sap_attribute_library"];
const BODY_KEYS: [&str; 4] = ["limit", "starting_after", "include", "filters"];
const LARGEST_LIMIT: u64 = 100;
const LONGEST_CURSOR: usize = 100;
const FAMILY_FILTER: &str = "job_family_id_is_in_list";
/// Filters in a request, and job families in a filter. TechWolf's bounds are unknown; these are ours.
const MOST_FILTERS: usize = 20;
const MOST_FAMILIES: usize = 1_000;

impl ExportRequest {
    /// Reads the query and the body, or says all that is wrong with them.
    pub(super) fn parse(uri: &Uri, body: &[u8]) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let format = read_query(uri, &mut mistakes);
        let body: Map<String, Value> = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) if error.is_data() => {
                mistakes.push("the body must be a JSON object".to_owned());
                return Err(mistakes);
            }
            Err(error) => {
                mistakes.push(format!("the body is not JSON: {error}"));
                return Err(mistakes);
            }
        };
        let unknown = body.keys().filter(|key| !BODY_KEYS.contains(&key.as_str()));
        mistakes.extend(
            unknown.map(|key| format!("`{}`: there is no such field in the body", shortened(key))),
        );
        let query = PageQuery {
            limit: read_limit(body.get("limit"), &mut mistakes),
            starting_after: read_cursor(body.get("starting_after"), &mut mistakes),
            families: read_filters(body.get("filters"), &mut mistakes),
        };
        let include = read_include(body.get("include"), &mut mistakes);
        if mistakes.is_empty() {
            Ok(Self { query, shape: Shape { format, include } })
        } else {
            Err(mistakes)
        }
    }
}

fn read_query(uri: &Uri, mistakes: &mut Vec<String>) -> ResponseFormat {
    let mut format = ResponseFormat::default();
    let Ok(Query(parameters)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
        mistakes.push("the query can't be read: send `name=value` pairs".to_owned());
        return format;
    };
    let mut seen = BTreeSet::new();
    for (name, value) in &parameters {
        let shown = shortened(value);
        match (name.as_str(), value.as_str()) {
            ("external_vendor", "techwolf") | ("response_format", "list") => {}
            ("response_format", "hierarchy") => format = ResponseFormat::Hierarchy,
            ("external_vendor", vendor) if INACTIVE_VENDORS.contains(&vendor) => mistakes
                .push(format!("`external_vendor`: `{vendor}` is not activated on this tenant, only `techwolf` is")),
            ("external_vendor", _) => mistakes.push(format!(
                "`external_vendor`: `{shown}` is not one of techwolf, workday, sap_attribute_library"
            )),
            ("response_format", _) => {
                mistakes.push(format!("`response_format`: `{shown}` is not one of list, hierarchy"));
            }
            (other, _) => mistakes.push(format!("`{}`: there is no such parameter in the query", shortened(other))),
        }
        if !seen.insert(name) {
            mistakes.push(format!("`{}` stands in the query more than once", shortened(name)));
        }
    }
    format
}

fn read_limit(value: Option<&Value>, mistakes: &mut Vec<String>) -> usize {
    let limit = value.and_then(Value::as_u64).filter(|limit| (1..=LARGEST_LIMIT).contains(limit));
    if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
        return limit;
    }
    mistakes.push(match value {
        None => "`limit` is required: a whole number from 1 to 100".to_owned(),
        Some(value) => {
            format!("`limit` must be a whole number from 1 to 100; it is {}", show(value))
        }
    });
    1
}

fn read_cursor(value: Option<&Value>, mistakes: &mut Vec<String>) -> Option<String> {
    let text = value?.as_str();
    let cursor = text.filter(|text| !text.is_empty() && text.chars().count() <= LONGEST_CURSOR);
    if cursor.is_none() {
        mistakes
            .push("`starting_after` must be a text of 1 to 100 characters, or left out".to_owned());
    }
    cursor.map(str::to_owned)
}

fn read_include(value: Option<&Value>, mistakes: &mut Vec<String>) -> Vec<Expansion> {
    let Some(value) = value else { return Vec::new() };
    let Some(names) = value.as_array() else {
        mistakes.push(format!("`include` must be an array; it is {}", show(value)));
        return Vec::new();
    };
    let known = |name: &Value| {
        Expansion::ALL.into_iter().find(|known| name.as_str() == Some(known.as_str()))
    };
    let unknown: BTreeSet<String> =
        names.iter().filter(|name| known(name).is_none()).map(show).collect();
    if !unknown.is_empty() {
        let known = Expansion::ALL.map(Expansion::as_str).join(", ");
        // Any number of them may stand in the body; a few make the point.
        mistakes.extend(
            unknown.iter().take(5).map(|name| format!("`include`: {name} is not one of {known}")),
        );
    }
    Expansion::ALL
        .into_iter()
        .filter(|known| names.iter().any(|name| name.as_str() == Some(known.as_str())))
        .collect()
}

/// The families that pass all filters; none if there is no filter.
fn read_filters(value: Option<&Value>, mistakes: &mut Vec<String>) -> Option<BTreeSet<String>> {
    let value = value?;
    let Some(filters) = value.as_array().filter(|filters| filters.len() <= MOST_FILTERS) else {
        mistakes.push(format!("`filters` must be an array of at most {MOST_FILTERS} filters"));
        return None;
    };
    let mut passing: Option<BTreeSet<String>> = None;
    for (index, filter) in filters.iter().enumerate() {
        match read_filter(filter) {
            Err(mistake) => mistakes.push(format!("`filters[{index}]{mistake}")),
            // Filters narrow: a job has to pass each of them.
            Ok(families) => {
                passing = Some(match passing {
                    None => families,
                    Some(before) => before.intersection(&families).cloned().collect(),
                });
            }
        }
    }
    passing
}

/// The families of one filter, or a mistake that goes on behind the filter's name.
fn read_filter(filter: &Value) -> Result<BTreeSet<String>, String> {
    let filter = filter.as_object().ok_or("` must be an object with the key `filter`")?;
    let kind =
        filter.get("filter").ok_or("` has no key `filter`, which says what it filters by")?;
    if kind.as_str() != Some(FAMILY_FILTER) {
        return Err(format!(
            ".filter`: {} is not supported, only `{FAMILY_FILTER}` is",
            show(kind)
        ));
    }
    if let Some(other) =
        filter.keys().find(|key| !["filter", "job_family_ids"].contains(&key.as_str()))
    {
        return Err(format!(".{}`: there is no such field in `{FAMILY_FILTER}`", shortened(other)));
    }
    let ids =
        filter.get("job_family_ids").ok_or(".job_family_ids` is required: an array of ids")?;
    ids.as_array()
        .filter(|ids| ids.len() <= MOST_FAMILIES)
        .and_then(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect())
        .ok_or_else(|| {
            format!(".job_family_ids` must be an array of at most {MOST_FAMILIES} texts")
        })
}

/// A value of the body as a description shows it.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shortened(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        other => format!("`{}`", shortened(&other.to_string())),
    }
}
