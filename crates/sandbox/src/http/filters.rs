//! Reading the filters of an export. Filters narrow: what is exported passes each of them.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Map, Value};

use super::bounds::{ACTIVE, FAMILIES, MOST_FAMILIES, MOST_FILTERS, OPERATORS, UPDATED};
use super::mistakes::Mistakes;
use crate::quote::{shortened, show};
use crate::record::Subject;
use crate::settings::{DateValue, Switch, UnfilteredEmployees};
use crate::store::Conditions;
use crate::timestamp;

/// What all filters of a request come to.
pub(super) fn read_filters(
    value: Option<&Value>,
    subject: Subject,
    mistakes: &mut Mistakes<'_>,
) -> Conditions {
    let mut conditions = Conditions::default();
    let filters = filters(value, mistakes);
    let asks = |filter: &Value| filter.get("filter").is_some_and(|name| name == ACTIVE);
    if mistakes.settings.unfiltered_employees == UnfilteredEmployees::Active
        && !filters.iter().any(asks)
    {
        conditions.inactive = false;
    }
    for (index, filter) in filters.iter().enumerate() {
        if let Err(mistake) = read_filter(filter, subject, &mut conditions, index, mistakes) {
            mistakes.bad_value(format!("`filters[{index}]{mistake}"));
        }
    }
    conditions
}

fn filters<'a>(value: Option<&'a Value>, mistakes: &mut Mistakes<'_>) -> &'a [Value] {
    let Some(value) = value else { return &[] };
    let filters = value.as_array().filter(|filters| filters.len() <= MOST_FILTERS);
    if filters.is_none() {
        mistakes.bad_value(format!("`filters` must be an array of at most {MOST_FILTERS} filters"));
    }
    filters.map_or(&[], Vec::as_slice)
}

/// Narrows the conditions by one filter. A mistake goes on behind the filter's name.
fn read_filter(
    filter: &Value,
    subject: Subject,
    conditions: &mut Conditions,
    index: usize,
    mistakes: &mut Mistakes<'_>,
) -> Result<(), String> {
    let filter = filter.as_object().ok_or("` must be an object with the key `filter`")?;
    let kind =
        filter.get("filter").ok_or("` has no key `filter`, which says what it filters by")?;
    let known: &[&str] = match subject {
        Subject::Employee => &[ACTIVE],
        Subject::Job if mistakes.settings.last_updated_filter == Switch::Off => &[FAMILIES],
        Subject::Job => &[FAMILIES, UPDATED],
    };
    let name = kind.as_str().filter(|name| known.contains(name)).ok_or_else(|| {
        let verb = if known.len() == 1 { "is" } else { "are" };
        let known = known.join("` and `");
        format!(".filter`: {} is not supported here, only `{known}` {verb}", show(kind))
    })?;
    let keys: &[&str] = match name {
        FAMILIES => &["filter", "job_family_ids"],
        UPDATED => &["filter", "value", "operator"],
        _ => &["filter", ACTIVE],
    };
    if let Some(other) = filter.keys().find(|key| !keys.contains(&key.as_str())) {
        let other = shortened(other);
        mistakes.unknown_field(format!(
            "`filters[{index}].{other}`: there is no such field in `{name}`"
        ));
    }
    match name {
        FAMILIES => read_families(filter, conditions),
        UPDATED => read_updated(filter, mistakes.settings.date_value, conditions),
        _ => read_active(filter, conditions),
    }
}

fn read_families(filter: &Map<String, Value>, conditions: &mut Conditions) -> Result<(), String> {
    let ids =
        filter.get("job_family_ids").ok_or(".job_family_ids` is required: an array of ids")?;
    let families: BTreeSet<String> = ids
        .as_array()
        .filter(|ids| ids.len() <= MOST_FAMILIES)
        .and_then(|ids| ids.iter().map(|id| id.as_str().map(str::to_owned)).collect())
        .ok_or_else(|| {
            format!(".job_family_ids` must be an array of at most {MOST_FAMILIES} texts")
        })?;
    conditions.families = Some(match conditions.families.take() {
        None => families,
        Some(before) => before.intersection(&families).cloned().collect(),
    });
    Ok(())
}

fn read_updated(
    filter: &Map<String, Value>,
    date_value: DateValue,
    conditions: &mut Conditions,
) -> Result<(), String> {
    let value = filter.get("value").ok_or(".value` is required: a date or a timestamp")?;
    let Range { start, end } = value.as_str().and_then(timestamp::parse).ok_or_else(|| {
        format!(
            ".value` must be a date like 2022-01-01 or a timestamp like 2022-01-01T12:30:00Z; it is {}",
            show(value)
        )
    })?;
    let end = match date_value {
        DateValue::Day => end,
        DateValue::Midnight => start.saturating_add(1),
    };
    let operator = filter
        .get("operator")
        .ok_or_else(|| format!(".operator` is required: one of {}", OPERATORS.join(", ")))?;
    let (from, until) = match operator.as_str() {
        Some("eq") => (start, end),
        Some("lt") => (i64::MIN, start),
        Some("lte") => (i64::MIN, end),
        Some("gt") => (end, i64::MAX),
        Some("gte") => (start, i64::MAX),
        _ => {
            let known = OPERATORS.join(", ");
            return Err(format!(".operator`: {} is not one of {known}", show(operator)));
        }
    };
    conditions.updated_from = conditions.updated_from.max(from);
    conditions.updated_until = conditions.updated_until.min(until);
    Ok(())
}

fn read_active(filter: &Map<String, Value>, conditions: &mut Conditions) -> Result<(), String> {
    let value = filter.get(ACTIVE).ok_or(".is_active` is required: true or false")?;
    match value.as_bool() {
        Some(true) => conditions.inactive = false,
        Some(false) => conditions.active = false,
        None => return Err(format!(".is_active` must be true or false; it is {}", show(value))),
    }
    Ok(())
}
