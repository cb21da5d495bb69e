//! Taking things out of values, in the order of their keys.

use std::sync::LazyLock;

use jaq_core::box_iter::box_once;
use jaq_core::{Cv, Error, ValR, ValXs};
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

/// Deletes the last paths first, so that the others still lead to where they led.
pub(crate) fn delete_paths(mut value: Val, paths: Val) -> ValR<Val> {
    let mut paths = list(paths)?.into_iter().map(list).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    paths.iter().rev().try_for_each(|path| delete(&mut value, path))?;
    Ok(value)
}

/// The value without what stands at one key.
pub(crate) fn without(mut value: Val, key: Val) -> ValR<Val> {
    delete(&mut value, &[key])?;
    Ok(value)
}

fn list(value: Val) -> Result<Vec<Val>, Error<Val>> {
    value.into_seq().map_err(|value| Error::typ(value, "array"))
}

fn delete(value: &mut Val, path: &[Val]) -> Result<(), Error<Val>> {
    let Some((step, rest)) = path.split_first() else {
        *value = Val::Null;
        return Ok(());
    };
    match (&mut *value, step) {
        (Val::Null, _) => Ok(()),
        (Val::Obj(members), key) => {
            let members = Rc::make_mut(members);
            if rest.is_empty() {
                members.shift_remove(key);
                return Ok(());
            }
            members.get_mut(key).map_or(Ok(()), |member| delete(member, rest))
        }
        (Val::Arr(items), Val::Num(_)) => {
            let items = Rc::make_mut(items);
            let index = step.as_isize().and_then(|index| position(index, items.len()));
            match index.filter(|index| *index < items.len()) {
                Some(index) if rest.is_empty() => drop(items.remove(index)),
                Some(index) => delete(&mut items[index], rest)?,
                None => {}
            }
            Ok(())
        }
        (Val::Arr(items), Val::Obj(range)) => {
            let bound = |name: &str, default| {
                let bound = range.get(&Val::from(name.to_owned())).and_then(Val::as_isize);
                bound.map_or(default, |bound| position(bound, items.len()).unwrap_or(0))
            };
            let end = bound("end", items.len()).min(items.len());
            let start = bound("start", 0).min(end);
            let items = Rc::make_mut(items);
            let mut part: Val = items.drain(start..end).collect();
            if !rest.is_empty() {
                delete(&mut part, rest)?;
                items.splice(start..start, list(part)?);
            }
            Ok(())
        }
        (value, step) => Err(Error::index(value.clone(), step.clone())),
    }
}

/// Where an index leads in a list of this length: negative ones count from the end.
fn position(index: isize, length: usize) -> Option<usize> {
    usize::try_from(index).ok().or_else(|| length.checked_sub(index.unsigned_abs()))
}
