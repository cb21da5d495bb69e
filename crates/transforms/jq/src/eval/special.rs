//! Functions whose arguments are run as often as it takes, or whose results stand somewhere.

use super::{Machine, index};
use crate::builtins::Special;
use crate::env::Env;
use crate::expr::ExprId;
use crate::item::{Flow, Item, Out, Stop, Trail};
use crate::limits::made;
use crate::natives::matching::substitute;
use crate::paths::get_path;
use crate::value::{Computed, Map, Number, Value, described, shortened};

impl<'r> Machine<'r> {
    pub(super) fn special(
        &self,
        special: Special,
        arguments: &'r [ExprId],
        env: &Env<'r>,
        item: Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        match (special, arguments) {
            (Special::Error, _) => Err(Stop::Error(item.value)),
            (Special::Path, [filter]) => {
                let input = item.value.clone();
                self.paths(*filter, env, input, &mut |path| {
                    out(item.computed(Value::from(path.keys())))
                })
            }
            (Special::GetPath, [path]) => {
                self.each(*path, env, item.value.clone(), &mut |path| stand_at(&item, &path, out))
            }
            (Special::First, [filter]) => match self.first(*filter, env, item)? {
                Some(first) => out(first),
                None => Ok(()),
            },
            (Special::Last, [filter]) => {
                let mut last = None;
                self.run(*filter, env, item, &mut |item| {
                    last = Some(item);
                    Ok(())
                })?;
                last.map_or(Ok(()), out)
            }
            (Special::Limit, [count, filter]) => {
                self.each(*count, env, item.value.clone(), &mut |count| {
                    self.limit(count_of("limit", &count)?, *filter, env, item.clone(), out)
                })
            }
            (Special::Skip, [count, filter]) => {
                self.each(*count, env, item.value.clone(), &mut |count| {
                    let mut left = count_of("skip", &count)?;
                    self.run(*filter, env, item.clone(), &mut |item| {
                        if left > 0.0 {
                            left -= 1.0;
                            return Ok(());
                        }
                        out(item)
                    })
                })
            }
            (Special::Range, [from, to, by]) => {
                self.each(*from, env, item.value.clone(), &mut |from| {
                    self.each(*to, env, item.value.clone(), &mut |to| {
                        self.each(*by, env, item.value.clone(), &mut |by| {
                            range(&from, &to, &by, &mut |value| out(item.computed(value)))
                        })
                    })
                })
            }
            (Special::Substitute { is_global }, [pattern, replacement, flags]) => {
                self.each(*flags, env, item.value.clone(), &mut |flags| {
                    self.each(*pattern, env, item.value.clone(), &mut |pattern| {
                        let replace = &mut |found, take: &mut dyn FnMut(Value<'r>) -> Flow<'r>| {
                            self.each(*replacement, env, found, take)
                        };
                        let texts = substitute(&item.value, &pattern, &flags, is_global, replace)?;
                        texts.into_iter().try_for_each(|text| out(item.computed(text)))
                    })
                })
            }
            (Special::Walk, [filter]) => {
                let input = item.value.clone();
                self.walk(*filter, env, input, &mut |value| out(item.computed(value)))
            }
            _ => Ok(()),
        }
    }

    /// Makes new what is in a value, then the value itself.
    fn walk(
        &self,
        filter: ExprId,
        env: &Env<'r>,
        value: Value<'r>,
        take: &mut dyn FnMut(Value<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        self.watch.call()?;
        let value = match value {
            Value::Array(array) => {
                let mut items = Vec::new();
                for item in array.into_vec() {
                    self.walk(filter, env, item, &mut |item| {
                        items.push(item);
                        Ok(())
                    })?;
                }
                made(Value::from(items))?
            }
            Value::Object(object) => {
                let mut members = Map::default();
                for (key, value) in object.iter().collect::<Vec<_>>() {
                    let mut first = None;
                    self.walk(filter, env, value, &mut |value| {
                        first.get_or_insert(value);
                        Ok(())
                    })?;
                    members.extend(first.map(|value| (key, value)));
                }
                made(Value::from(members))?
            }
            scalar => scalar,
        };
        self.each(filter, env, value, take)
    }

    /// The first result, after which nothing more is computed.
    pub(super) fn first(
        &self,
        filter: ExprId,
        env: &Env<'r>,
        item: Item<'r>,
    ) -> Result<Option<Item<'r>>, Stop<'r>> {
        let mut first = None;
        let result = self.run(filter, env, item, &mut |item| {
            first = Some(item);
            Err(Stop::Passed)
        });
        match (first, result) {
            (Some(first), _) => Ok(Some(first)),
            (None, result) => result.map(|()| None),
        }
    }

    fn limit(
        &self,
        count: f64,
        filter: ExprId,
        env: &Env<'r>,
        item: Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        let (mut left, mut is_done) = (count, false);
        if left <= 0.0 {
            return Ok(());
        }
        let result = self.run(filter, env, item, &mut |item| {
            left -= 1.0;
            out(item)?;
            is_done = left <= 0.0;
            if is_done { Err(Stop::Passed) } else { Ok(()) }
        });
        if is_done { Ok(()) } else { result }
    }
}

/// Counts from a number up or down to another, which is not reached.
fn range<'r>(
    from: &Value<'r>,
    to: &Value<'r>,
    by: &Value<'r>,
    take: &mut dyn FnMut(Value<'r>) -> Flow<'r>,
) -> Flow<'r> {
    let (Value::Number(from), Value::Number(to), Value::Number(by)) = (from, to, by) else {
        return Err("Range bounds must be numeric".to_owned().into());
    };
    let (mut here, to, by) = (from.computed(), to.computed(), by.computed());
    let (end, step) = (to.to_f64(), by.to_f64());
    loop {
        let at = here.to_f64();
        if !(step > 0.0 && at < end || step < 0.0 && at > end || step == 0.0 && at < end) {
            return Ok(());
        }
        take(Value::Number(Number::from_computed(here)))?;
        here = match (here, by) {
            (Computed::Int(here), Computed::Int(by)) => Computed::Int(here.saturating_add(by)),
            (here, by) => Computed::Float(here.to_f64() + by.to_f64()),
        };
    }
}

/// What stands at a path, with the path to it.
fn stand_at<'r>(item: &Item<'r>, path: &Value<'r>, out: Out<'_, 'r>) -> Flow<'r> {
    if item.is_unasked() {
        return out(Item::unasked(get_path(&item.value, path)?));
    }
    if matches!(item.trail, Trail::Lost) {
        let value = shortened(&item.value);
        return Err(format!("Invalid path expression with result {value}").into());
    }
    let Value::Array(keys) = path else {
        return Err("Path must be specified as an array".to_owned().into());
    };
    let mut here = item.clone();
    for key in keys.clone().into_vec() {
        // Nothing is in `null`, whatever the key.
        let value = match here.value {
            Value::Null => Value::Null,
            value => index(&value, &key)?,
        };
        here = Item { value, trail: here.trail.to(|| key)? };
    }
    out(here)
}

fn count_of<'r>(function: &str, count: &Value<'r>) -> Result<f64, Stop<'r>> {
    match count.as_f64() {
        Some(count) if count < 0.0 => {
            Err(format!("{function} doesn't support negative count").into())
        }
        Some(count) => Ok(count),
        None => Err(format!("{} is no count", described(count)).into()),
    }
}
