//! Taking things out of values, in the order of their keys.

use std::ops::Range;
use std::sync::LazyLock;

use jaq_core::box_iter::box_once;
use jaq_core::path::Opt;
use jaq_core::{Cv, Error, ValR, ValT as _, ValXs};
use jaq_json::{Rc, Val};
use jaq_std::ValT as _;

use crate::natives::Data;

/// Gives the mark in place of no result. No jq text can spell this name.
pub(crate) const OR_REMOVED: &str = "!or_removed";
/// Takes all marks out.
pub(crate) const WITHOUT_REMOVED: &str = "!without_removed";

/// The mark of what an update removed, known by its address alone. It is an empty list, since that is what
/// makes a part of a list go away: `.[1:3] |= empty`.
static REMOVED: LazyLock<Rc<Vec<Val>>> = LazyLock::new(|| Rc::new(Vec::new()));

pub(crate) fn or_removed((mut context, input): Cv<'_, Data>) -> ValXs<'_, Val> {
    let (filter, inner) = context.pop_fun();
    let marked = context.data().marked;
    // Parts of the input may have been removed a moment ago: `.. |= (if . == [] then empty else . end)`.
    let input = if marked.get() { sweep(input) } else { input };
    if is_removed(&input) {
        return box_once(Ok(input));
    }
    let mut results = filter.run((inner, input));
    if let Some(first) = results.next() {
        return Box::new(std::iter::once(first).chain(results));
    }
    marked.set(true);
    box_once(Ok(Val::Arr(Rc::clone(&REMOVED))))
}

pub(crate) fn without_removed((context, value): Cv<'_, Data>) -> ValXs<'_, Val> {
    if is_removed(&value) {
        return Box::new(std::iter::empty());
    }
    box_once(Ok(if context.data().marked.get() { sweep(value) } else { value }))
}

fn is_removed(value: &Val) -> bool {
    matches!(value, Val::Arr(list) if Rc::ptr_eq(list, &REMOVED))
}

fn sweep(mut value: Val) -> Val {
    if holds_removed(&value) {
        take_out(&mut value);
    }
    value
}

fn holds_removed(value: &Val) -> bool {
    let found = |value: &Val| is_removed(value) || holds_removed(value);
    match value {
        Val::Arr(items) => items.iter().any(found),
        Val::Obj(members) => members.values().any(found),
        _ => false,
    }
}

fn take_out(value: &mut Val) {
    let stays = |value: &mut Val| {
        let stays = !is_removed(value);
        if stays && holds_removed(value) {
            take_out(value);
        }
        stays
    };
    match value {
        Val::Arr(items) => Rc::make_mut(items).retain_mut(stays),
        Val::Obj(members) => Rc::make_mut(members).retain(|_, value| stays(value)),
        _ => {}
    }
}

/// Deletes what stands at the paths, all at once: each path leads to where it led before anything was deleted.
pub(crate) fn delete_paths(value: Val, paths: Val) -> ValR<Val> {
    let Val::Arr(paths) = paths else {
        return Err(Error::str("Paths must be specified as an array"));
    };
    let mut paths = paths.iter().map(path).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    match paths.first() {
        None => Ok(value),
        Some([]) => Ok(Val::Null),
        Some(_) => delete(value, &paths),
    }
}

fn path(path: &Val) -> Result<&[Val], Error<Val>> {
    match path {
        Val::Arr(steps) => Ok(steps),
        _ => Err(Error::str("Path must be specified as an array")),
    }
}

/// The value without what stands at one key.
pub(crate) fn without(value: Val, key: &Val) -> ValR<Val> {
    delete_keys(value, &[key])
}

/// Deletes what lies deeper first, then the keys of this value together. The paths are sorted, and none is empty.
fn delete(mut value: Val, paths: &[&[Val]]) -> ValR<Val> {
    let mut keys = Vec::new();
    for paths in paths.chunk_by(|one, other| one.first() == other.first()) {
        let Some((key, rest)) = paths.first().and_then(|path| path.split_first()) else { continue };
        if rest.is_empty() {
            keys.push(key);
            continue;
        }
        let part = value.clone().index(key)?;
        if !matches!(part, Val::Null) {
            let deeper: Vec<&[Val]> = paths.iter().map(|path| &path[1..]).collect();
            let part = delete(part, &deeper)?;
            value = value
                .map_index(key, Opt::Essential, |_| std::iter::once(Ok(part.clone())))
                .map_err(|exception| {
                    exception.get_err().unwrap_or_else(|_| Error::str("no path"))
                })?;
        }
    }
    delete_keys(value, &keys)
}

fn delete_keys(mut value: Val, keys: &[&Val]) -> ValR<Val> {
    if keys.is_empty() {
        return Ok(value);
    }
    match &mut value {
        Val::Null => {}
        Val::Obj(members) => {
            let members = Rc::make_mut(members);
            for key in keys {
                if !matches!(key, Val::TStr(_)) {
                    return Err(Error::index(value, (*key).clone()));
                }
                members.shift_remove(*key);
            }
        }
        Val::Arr(items) => {
            let ranges = keys.iter().map(|key| range(key, items.len()).ok_or(*key));
            match ranges.collect::<Result<Vec<_>, _>>() {
                Ok(ranges) => {
                    let mut place = 0..;
                    Rc::make_mut(items).retain(|_| {
                        let place = place.next();
                        !ranges
                            .iter()
                            .any(|range| place.is_some_and(|place| range.contains(&place)))
                    });
                }
                Err(key) => return Err(Error::index(value, key.clone())),
            }
        }
        _ => return Err(Error::index(value, keys[0].clone())),
    }
    Ok(value)
}

/// Where an index or a slice leads in a list of this length: negative numbers count from the end.
fn range(key: &Val, length: usize) -> Option<Range<usize>> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "what does not fit is at one end of the list or the other"
    )]
    let place = |number: f64, round: fn(f64) -> f64| {
        let number = if number < 0.0 { number + length as f64 } else { number };
        round(number).max(0.0).min(length as f64) as usize
    };
    match key {
        Val::Num(_) => {
            let number = key.as_f64()?;
            #[expect(clippy::cast_precision_loss, reason = "no list is as long")]
            let is_outside = number.is_nan() || number < -(length as f64);
            let start = if is_outside { length } else { place(number, f64::floor) };
            Some(start..start.saturating_add(1).min(length))
        }
        Val::Obj(bounds) => {
            let bound = |name: &'static str| match bounds.get(&Val::utf8_str(name)) {
                None | Some(Val::Null) => Some(None),
                Some(bound) => bound.as_f64().map(Some),
            };
            let start = bound("start")?.map_or(0, |start| place(start, f64::floor));
            let end = bound("end")?.map_or(length, |end| place(end, f64::ceil));
            Some(start..end.max(start))
        }
        _ => None,
    }
}
