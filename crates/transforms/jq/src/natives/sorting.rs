//! Functions that sort, group and search.

use super::collections::argument;
use crate::builtins::{FunctionResult, FunctionTable};
use crate::value::{Value, compare, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("sort", 0, |value, _| {
        let mut items = items(value, "sorted")?;
        items.sort_by(compare);
        Ok(Value::from(items))
    }),
    ("unique", 0, |value, _| {
        let mut items = items(value, "sorted")?;
        items.sort_by(compare);
        items.dedup_by(|one, other| compare(one, other).is_eq());
        Ok(Value::from(items))
    }),
    ("_sort_by", 1, |value, arguments| {
        let pairs = keyed(value, argument(arguments, 0), "sorted")?;
        Ok(pairs.into_iter().map(|(_, item)| item).collect())
    }),
    ("_group_by", 1, |value, arguments| {
        let pairs = keyed(value, argument(arguments, 0), "grouped")?;
        let groups = pairs.chunk_by(|one, other| compare(&one.0, &other.0).is_eq());
        Ok(groups.map(|group| group.iter().map(|(_, item)| item.clone()).collect()).collect())
    }),
    ("min", 0, |value, _| {
        let items = items(value, "searched from")?;
        Ok(items.into_iter().min_by(compare).unwrap_or_default())
    }),
    ("max", 0, |value, _| {
        let items = items(value, "searched from")?;
        Ok(items.into_iter().max_by(compare).unwrap_or_default())
    }),
    ("_min_by", 1, |value, arguments| {
        let pairs = keyed(value, argument(arguments, 0), "searched from")?;
        Ok(pairs.into_iter().next().map(|(_, item)| item).unwrap_or_default())
    }),
    ("_max_by", 1, |value, arguments| {
        let mut pairs = keyed(value, argument(arguments, 0), "searched from")?;
        Ok(pairs.pop().map(|(_, item)| item).unwrap_or_default())
    }),
    ("bsearch", 1, |value, arguments| search(value, argument(arguments, 0))),
];

fn items<'r>(value: Value<'r>, what: &str) -> Result<Vec<Value<'r>>, String> {
    match value {
        Value::Array(array) => Ok(array.into_vec()),
        other => Err(format!("{} cannot be {what}, as it is not an array", described(&other))),
    }
}

/// The items with their keys, sorted by key. The sort is stable.
fn keyed<'r>(
    value: Value<'r>,
    keys: &Value<'r>,
    what: &str,
) -> Result<Vec<(Value<'r>, Value<'r>)>, String> {
    let keys = items(keys.clone(), what)?;
    let mut pairs: Vec<_> = keys.into_iter().zip(items(value, what)?).collect();
    pairs.sort_by(|(left, _), (right, _)| compare(left, right));
    Ok(pairs)
}

/// The position of a value in a sorted array. For a missing value, `-1 - position` of the place to insert the value.
fn search<'r>(value: Value<'r>, wanted: &Value<'r>) -> FunctionResult<'r> {
    let Value::Array(array) = value else {
        return Err(format!("{} cannot be searched from", described(&value)));
    };
    let found = array.into_vec().binary_search_by(|item| compare(item, wanted));
    let position = |position: usize| i64::try_from(position).unwrap_or(i64::MAX);
    Ok(Value::from(found.map_or_else(|missing| -1 - position(missing), position)))
}
