//! Functions that evaluate their arguments themselves, or whose results have paths.

use super::{Evaluator, index};
use crate::builtins::Special;
use crate::env::Env;
use crate::expr::ExprId;
use crate::item::{Emit, Flow, Item, Location, Next, Stop};
use crate::limits::check_depth;
use crate::natives::matching::substitute;
use crate::paths::get_path;
use crate::value::{Map, Number, Numeric, Value, described, shortened};

/// Calls `next` for each result of a filter.
type Filter<'f, 'r> = &'f dyn Fn(Value<'r>, Next<'_, 'r>) -> Flow<'r>;

impl<'r> Evaluator<'r> {
    pub(super) fn special(
        &self,
        special: Special,
        arguments: &'r [ExprId],
        env: &Env<'r>,
        item: Item<'r>,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        match (special, arguments) {
            (Special::Error, _) => Err(Stop::Error(item.value)),
            (Special::Path, [filter]) => {
                let input = item.value.clone();
                self.paths(*filter, env, input, &mut |path| {
                    emit(item.computed(Value::from(path.keys())))
                })
            }
            (Special::GetPath, [path]) => self
                .each(*path, env, item.value.clone(), &mut |path| emit_at_path(&item, &path, emit)),
            (Special::First, [filter]) => match self.first(*filter, env, item)? {
                Some(first) => emit(first),
                None => Ok(()),
            },
            (Special::Last, [filter]) => {
                let mut last = None;
                self.run(*filter, env, item, &mut |item| {
                    last = Some(item);
                    Ok(())
                })?;
                last.map_or(Ok(()), emit)
            }
            (Special::Limit, [count, filter]) => {
                self.each(*count, env, item.value.clone(), &mut |count| {
                    let count = count_of("limit", &count)?;
                    limit(count, emit, |emit| self.run(*filter, env, item.clone(), emit))
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
                        emit(item)
                    })
                })
            }
            (Special::Range, [from, to, by]) => {
                self.each(*from, env, item.value.clone(), &mut |from| {
                    self.each(*to, env, item.value.clone(), &mut |to| {
                        self.each(*by, env, item.value.clone(), &mut |by| {
                            range(&from, &to, &by, &mut |value| emit(item.computed(value)))
                        })
                    })
                })
            }
            (Special::Substitute { is_global }, [pattern, replacement, flags]) => {
                self.each(*flags, env, item.value.clone(), &mut |flags| {
                    self.each(*pattern, env, item.value.clone(), &mut |pattern| {
                        let replace = &mut |found, next: Next<'_, 'r>| {
                            self.each(*replacement, env, found, next)
                        };
                        let texts = substitute(&item.value, &pattern, &flags, is_global, replace)?;
                        texts.into_iter().try_for_each(|text| emit(item.computed(text)))
                    })
                })
            }
            (Special::Walk, [filter]) => {
                let apply = |value, next: Next<'_, 'r>| self.each(*filter, env, value, next);
                self.walk(item.value.clone(), &apply, &mut |value| emit(item.computed(value)))
            }
            _ => Ok(()),
        }
    }

    /// Applies a filter to the children of a value, then to the value itself.
    fn walk(&self, value: Value<'r>, filter: Filter<'_, 'r>, next: Next<'_, 'r>) -> Flow<'r> {
        self.limits.check_stack()?;
        let value = match value {
            Value::Array(array) => {
                let mut items = Vec::new();
                for item in array.into_vec() {
                    self.walk(item, filter, &mut |item| {
                        items.push(item);
                        Ok(())
                    })?;
                }
                check_depth(Value::from(items))?
            }
            Value::Object(object) => {
                let mut members = Map::default();
                for (key, value) in object.iter().collect::<Vec<_>>() {
                    let mut first = None;
                    self.walk(value, filter, &mut |value| {
                        first.get_or_insert(value);
                        Ok(())
                    })?;
                    members.extend(first.map(|value| (key, value)));
                }
                check_depth(Value::from(members))?
            }
            scalar => scalar,
        };
        filter(value, next)
    }

    /// The first result. The evaluation stops there.
    pub(super) fn first(
        &self,
        filter: ExprId,
        env: &Env<'r>,
        item: Item<'r>,
    ) -> Flow<'r, Option<Item<'r>>> {
        let mut first = None;
        let result = self.run(filter, env, item, &mut |item| {
            first = Some(item);
            Err(Stop::Consumer)
        });
        match (first, result) {
            (Some(first), _) => Ok(Some(first)),
            (None, result) => result.map(|()| None),
        }
    }
}

/// Emits the first `count` results of `run`, and then stops `run`.
fn limit<'r>(
    count: f64,
    emit: Emit<'_, 'r>,
    run: impl FnOnce(Emit<'_, 'r>) -> Flow<'r>,
) -> Flow<'r> {
    let (mut left, mut is_done) = (count, false);
    if left <= 0.0 {
        return Ok(());
    }
    let result = run(&mut |item| {
        left -= 1.0;
        emit(item)?;
        is_done = left <= 0.0;
        if is_done { Err(Stop::Consumer) } else { Ok(()) }
    });
    if is_done { Ok(()) } else { result }
}

/// Emits the numbers from `from` up or down to `to`, excluding `to`.
fn range<'r>(from: &Value<'r>, to: &Value<'r>, by: &Value<'r>, next: Next<'_, 'r>) -> Flow<'r> {
    let (Value::Number(from), Value::Number(to), Value::Number(by)) = (from, to, by) else {
        return Err("Range bounds must be numeric".to_owned().into());
    };
    let (mut here, to, by) = (from.numeric(), to.numeric(), by.numeric());
    let (end, step) = (to.to_f64(), by.to_f64());
    loop {
        let at = here.to_f64();
        if !(step > 0.0 && at < end || step < 0.0 && at > end || step == 0.0 && at < end) {
            return Ok(());
        }
        next(Value::Number(Number::from_numeric(here)))?;
        here = match (here, by) {
            (Numeric::Int(here), Numeric::Int(by)) => Numeric::Int(here.saturating_add(by)),
            (here, by) => Numeric::Float(here.to_f64() + by.to_f64()),
        };
    }
}

/// Emits the value at a path, with its location.
fn emit_at_path<'r>(item: &Item<'r>, path: &Value<'r>, emit: Emit<'_, 'r>) -> Flow<'r> {
    if item.is_untracked() {
        return emit(Item::untracked(get_path(&item.value, path)?));
    }
    if matches!(item.location, Location::Computed) {
        let value = shortened(&item.value);
        return Err(format!("Invalid path expression with result {value}").into());
    }
    let Value::Array(keys) = path else {
        return Err("Path must be specified as an array".to_owned().into());
    };
    let mut here = item.clone();
    for key in keys.clone().into_vec() {
        // `null` has no children, and any key of it is `null`.
        let value = match here.value {
            Value::Null => Value::Null,
            value => index(&value, &key)?,
        };
        here = Item { value, location: here.location.child(|| key)? };
    }
    emit(here)
}

fn count_of<'r>(function: &str, count: &Value<'r>) -> Flow<'r, f64> {
    match count.as_f64() {
        Some(count) if count < 0.0 => {
            Err(format!("{function} doesn't support negative count").into())
        }
        Some(count) => Ok(count),
        None => Err(format!("{} is not a count", described(count)).into()),
    }
}
