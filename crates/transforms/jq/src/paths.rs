//! Reads, changes and deletes the values at paths.

use std::ops::Range;

use crate::item::{Flow, MAX_PATH, Stop};
use crate::value::{Array, Map, Object, Text, Value, compare, described};

/// The maximum index at which an item can be set.
const MAX_ITEMS: f64 = 536_870_911.0;

/// `value[key]`
#[inline]
pub(crate) fn index<'r>(value: &Value<'r>, key: &Value<'r>) -> Result<Value<'r>, String> {
    Ok(match (value, key) {
        (Value::Object(object), Value::String(key)) => {
            object.get(&key.as_str()).unwrap_or_default()
        }
        (Value::Array(array), Value::Number(number)) => {
            let position = position(number.to_f64(), array);
            position.and_then(|position| array.get(position)).unwrap_or_default()
        }
        (Value::Null, Value::String(_) | Value::Number(_) | Value::Null | Value::Object(_)) => {
            Value::Null
        }
        (Value::Array(array), Value::Object(bounds)) => {
            Value::Array(array.slice(range(bounds, array.len())?))
        }
        (Value::String(text), Value::Object(bounds)) => {
            let text = text.as_str();
            let range = range(bounds, text.chars().count())?;
            Value::from(text.chars().skip(range.start).take(range.len()).collect::<String>())
        }
        (Value::Array(array), Value::Array(part)) => indices(array, part),
        _ => return Err(cannot_index(value, key)),
    })
}

fn cannot_index(value: &Value<'_>, key: &Value<'_>) -> String {
    format!("Cannot index {} with {}", value.kind(), described(key))
}

/// The positions at which `part` begins.
pub(crate) fn indices<'r>(array: &Array<'r>, part: &Array<'r>) -> Value<'r> {
    let (array, part): (Vec<_>, Vec<_>) = (array.iter().collect(), part.iter().collect());
    if part.is_empty() {
        return Value::Null;
    }
    let windows = array.windows(part.len()).enumerate();
    windows
        .filter(|(_, window)| *window == part)
        .map(|(position, _)| Value::from(position))
        .collect()
}

/// The position of an item: truncated, and counted from the end if negative. `None` for NaN, and before the start.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a position out of range is clamped"
)]
fn position(number: f64, array: &Array<'_>) -> Option<usize> {
    let number = number.trunc();
    let number = if number < 0.0 { number + array.len() as f64 } else { number };
    (number >= 0.0).then_some(number as usize)
}

pub(crate) fn slice_key<'r>(from: Value<'r>, to: Value<'r>) -> Value<'r> {
    let bounds = [("start", from), ("end", to)];
    Value::from(
        bounds.map(|(key, value)| (Text::Borrowed(key), value)).into_iter().collect::<Map<'r>>(),
    )
}

/// The range of a slice of `length` items.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a position out of range is clamped"
)]
fn range(bounds: &Object<'_>, length: usize) -> Result<Range<usize>, String> {
    let bound = |name: &str, default: usize, round: fn(f64) -> f64| {
        let number = match bounds.get(name).unwrap_or_default() {
            Value::Null => f64::NAN,
            Value::Number(number) => number.to_f64(),
            _ => return Err("Start and end indices of an array slice must be numbers".to_owned()),
        };
        let number = if number < 0.0 { number + length as f64 } else { number };
        let position = round(number).max(0.0).min(length as f64) as usize;
        Ok(if number.is_nan() { default } else { position })
    };
    let start = bound("start", 0, f64::floor)?;
    Ok(start..bound("end", length, f64::ceil)?.max(start))
}

pub(crate) fn has(value: &Value<'_>, key: &Value<'_>) -> Result<bool, String> {
    match (value, key) {
        (Value::Object(object), Value::String(key)) => Ok(object.get(&key.as_str()).is_some()),
        (Value::Array(array), Value::Number(number)) => {
            let number = number.to_f64();
            Ok(number >= 0.0
                && position(number, array).is_some_and(|position| position < array.len()))
        }
        _ => Err(format!("Cannot check whether {} has a {} key", value.kind(), key.kind())),
    }
}

fn keys<'r>(path: &Value<'r>) -> Result<Vec<Value<'r>>, String> {
    match path {
        Value::Array(keys) if keys.len() > MAX_PATH => Err("Path too deep".to_owned()),
        Value::Array(keys) => Ok(keys.clone().into_vec()),
        _ => Err("Path must be specified as an array".to_owned()),
    }
}

/// The value at a path. Any path of `null` leads to `null`.
pub(crate) fn get_path<'r>(value: &Value<'r>, path: &Value<'r>) -> Result<Value<'r>, String> {
    let mut here = value.clone();
    for key in keys(path)? {
        here = match here {
            Value::Null => return Ok(Value::Null),
            value => index(&value, &key)?,
        };
    }
    Ok(here)
}

pub(crate) fn set_path<'r>(
    value: Value<'r>,
    path: &Value<'r>,
    new: &Value<'r>,
) -> Result<Value<'r>, String> {
    change(value, &keys(path)?, &mut |_| Ok(new.clone())).map_err(message)
}

fn message(stop: Stop<'_>) -> String {
    match stop {
        Stop::Error(Value::String(text)) => text.as_str().into_owned(),
        _ => "Path can't be followed".to_owned(),
    }
}

/// Replaces the value at a path by what `new` returns. Creates missing parents.
pub(crate) fn change<'r>(
    value: Value<'r>,
    path: &[Value<'r>],
    new: &mut dyn FnMut(Value<'r>) -> Flow<'r, Value<'r>>,
) -> Flow<'r, Value<'r>> {
    let Some((key, rest)) = path.split_first() else { return new(value) };
    let mut inner = |value| change(value, rest, new);
    match (value, key) {
        (Value::Null, Value::String(key)) => {
            Ok(Value::Object(Object::from(Map::default()).change(key, inner)?))
        }
        (Value::Object(object), Value::String(key)) => {
            Ok(Value::Object(object.change(key, inner)?))
        }
        (value @ (Value::Null | Value::Array(_)), Value::Number(number)) => {
            let array = array_of(value);
            let number = number.to_f64();
            if number.is_nan() {
                inner(Value::Null)?;
                return Err("Cannot set array element at NaN index".to_owned().into());
            }
            let Some(position) = position(number, &array) else {
                inner(Value::Null)?;
                return Err("Out of bounds negative array index".to_owned().into());
            };
            if number > MAX_ITEMS {
                return Err("Array index too large".to_owned().into());
            }
            Ok(Value::Array(array.change(position, inner)?))
        }
        (value @ (Value::Null | Value::Array(_)), Value::Object(bounds)) => {
            let is_null = matches!(value, Value::Null);
            let array = array_of(value);
            let range = range(bounds, array.len())?;
            let part = if is_null { Value::Null } else { Value::Array(array.slice(range.clone())) };
            match inner(part)? {
                Value::Array(items) => Ok(Value::Array(array.splice(range, items.into_vec()))),
                _ => {
                    Err("A slice of an array can only be assigned another array".to_owned().into())
                }
            }
        }
        (Value::String(_), Value::Object(_)) => {
            Err("Cannot update string slices".to_owned().into())
        }
        (Value::Array(_), Value::Array(_)) => {
            Err("Cannot update field at array index of array".to_owned().into())
        }
        (value, key) => Err(cannot_index(&value, key).into()),
    }
}

fn array_of(value: Value<'_>) -> Array<'_> {
    match value {
        Value::Array(array) => array,
        _ => Array::from(Vec::new()),
    }
}

/// Deletes the values at an array of paths, see [`delete`].
pub(crate) fn delete_paths<'r>(value: Value<'r>, paths: &Value<'r>) -> Result<Value<'r>, String> {
    let Value::Array(paths) = paths else {
        return Err("Paths must be specified as an array".to_owned());
    };
    delete(value, paths.iter().map(|path| keys(&path)).collect::<Result<_, _>>()?)
}

/// Deletes the values at some paths. All paths refer to the original value.
pub(crate) fn delete<'r>(
    value: Value<'r>,
    mut paths: Vec<Vec<Value<'r>>>,
) -> Result<Value<'r>, String> {
    paths.sort_by(|left, right| {
        let orders = left.iter().zip(right).map(|(left, right)| compare(left, right));
        orders
            .reduce(std::cmp::Ordering::then)
            .unwrap_or(std::cmp::Ordering::Equal)
            .then(left.len().cmp(&right.len()))
    });
    let paths: Vec<&[Value<'r>]> = paths.iter().map(Vec::as_slice).collect();
    match paths.first() {
        None => Ok(value),
        Some([]) => Ok(Value::Null),
        Some(_) => delete_sorted(value, &paths),
    }
}

/// Deletes descendants first, then all keys of this value together. The paths are sorted and not empty.
fn delete_sorted<'r>(mut value: Value<'r>, paths: &[&[Value<'r>]]) -> Result<Value<'r>, String> {
    let mut removed = Vec::new();
    for paths in paths.chunk_by(|one, other| one.first() == other.first()) {
        let Some((key, rest)) = paths.first().and_then(|path| path.split_first()) else { continue };
        if rest.is_empty() {
            removed.push(key);
            continue;
        }
        let part = index(&value, key)?;
        if !matches!(part, Value::Null) {
            let deeper: Vec<&[Value<'r>]> = paths.iter().filter_map(|path| path.get(1..)).collect();
            let part = delete_sorted(part, &deeper)?;
            let key = std::slice::from_ref(key);
            value = change(value, key, &mut |_| Ok(part.clone())).map_err(message)?;
        }
    }
    delete_keys(value, &removed)
}

fn delete_keys<'r>(value: Value<'r>, removed: &[&Value<'r>]) -> Result<Value<'r>, String> {
    match value {
        Value::Object(mut object) => {
            for key in removed {
                let Value::String(key) = key else {
                    return Err("Cannot delete field at array index of object".to_owned());
                };
                object = object.without(&key.as_str());
            }
            Ok(Value::Object(object))
        }
        Value::Array(array) if !removed.is_empty() => {
            let ranges = removed.iter().map(|key| match key {
                Value::Number(number) => {
                    let number = number.to_f64();
                    let position = position(number, &array).filter(|_| !number.is_nan());
                    Ok(position.map_or(0..0, |position| position..position.saturating_add(1)))
                }
                Value::Object(bounds) => range(bounds, array.len()),
                _ => Err("Cannot delete field at object index of array".to_owned()),
            });
            let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
            let items = array.into_vec().into_iter().enumerate();
            let stays = |position: usize| !ranges.iter().any(|range| range.contains(&position));
            Ok(items.filter(|(position, _)| stays(*position)).map(|(_, item)| item).collect())
        }
        Value::Null | Value::Array(_) => Ok(value),
        other if removed.is_empty() => Ok(other),
        other => Err(format!("Cannot delete fields from {}", other.kind())),
    }
}
