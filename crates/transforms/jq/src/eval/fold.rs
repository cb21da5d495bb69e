//! `as`, `reduce` and `foreach`.

use super::{Machine, index, taken};
use crate::env::{Binding, Env};
use crate::expr::{ExprId, Fold, Pattern};
use crate::item::{Flow, Item, Out, Stop};
use crate::value::Value;

impl<'r> Machine<'r> {
    /// Runs `body` with the variables of the first of the patterns with which it does not fail.
    #[expect(clippy::too_many_arguments, reason = "they are the parts of one expression")]
    pub(super) fn bind(
        &self,
        patterns: &'r [Pattern],
        variables: usize,
        env: &Env<'r>,
        value: &Value<'r>,
        item: &Item<'r>,
        body: ExprId,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        let Some((last, others)) = patterns.split_last() else { return Ok(()) };
        for pattern in others {
            let result = taken(out, |out| {
                self.matched(pattern, variables, env, value, item, &mut |env| {
                    self.run(body, &env, item.clone(), out)
                })
            })?;
            if !matches!(result, Err(Stop::Error(_))) {
                return result;
            }
        }
        self.matched(last, variables, env, value, item, &mut |env| {
            self.run(body, &env, item.clone(), out)
        })
    }

    /// Hands on the environment with the variables of a pattern, once for each way in which it fits.
    fn matched(
        &self,
        pattern: &'r Pattern,
        variables: usize,
        env: &Env<'r>,
        value: &Value<'r>,
        item: &Item<'r>,
        take: &mut dyn FnMut(Env<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        let found = vec![Value::Null; variables];
        self.take_apart(&[(pattern, value.clone())], found, env, item, &mut |found| {
            let bound = found.into_iter().map(Binding::Value);
            take(bound.fold(env.clone(), Env::with))
        })
    }

    /// Fills in the variables of patterns, each with its value.
    fn take_apart(
        &self,
        patterns: &[(&'r Pattern, Value<'r>)],
        mut found: Vec<Value<'r>>,
        env: &Env<'r>,
        item: &Item<'r>,
        take: &mut dyn FnMut(Vec<Value<'r>>) -> Flow<'r>,
    ) -> Flow<'r> {
        let Some(((pattern, value), rest)) = patterns.split_first() else { return take(found) };
        match pattern {
            Pattern::Variable(number) => {
                if let Some(slot) = found.get_mut(*number) {
                    *slot = value.clone();
                }
                self.take_apart(rest, found, env, item, take)
            }
            Pattern::All(patterns) => {
                let all = patterns.iter().map(|pattern| (pattern, value.clone()));
                let all: Vec<_> = all.chain(rest.iter().cloned()).collect();
                self.take_apart(&all, found, env, item, take)
            }
            Pattern::Array(patterns) => {
                if !matches!(value, Value::Array(_) | Value::Null) {
                    index(value, &Value::from(0_i64))?;
                }
                let mut all = Vec::with_capacity(patterns.len() + rest.len());
                for (place, pattern) in patterns.iter().enumerate() {
                    all.push((pattern, index(value, &Value::from(place))?));
                }
                all.extend_from_slice(rest);
                self.take_apart(&all, found, env, item, take)
            }
            Pattern::Object(members) => self.members(members, value, rest, found, env, item, take),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are handed on")]
    fn members(
        &self,
        members: &'r [(ExprId, Pattern)],
        value: &Value<'r>,
        rest: &[(&'r Pattern, Value<'r>)],
        found: Vec<Value<'r>>,
        env: &Env<'r>,
        item: &Item<'r>,
        take: &mut dyn FnMut(Vec<Value<'r>>) -> Flow<'r>,
    ) -> Flow<'r> {
        let Some(((key, pattern), members)) = members.split_first() else {
            return self.take_apart(rest, found, env, item, take);
        };
        self.each(*key, env, item.value.clone(), &mut |key| {
            if !matches!(key, Value::String(_)) {
                let key = crate::value::described(&key);
                return Err(format!("Cannot index {} with {key}", value.kind()).into());
            }
            let member = [(pattern, index(value, &key)?)];
            self.take_apart(&member, found.clone(), env, item, &mut |found| {
                self.members(members, value, rest, found, env, item, take)
            })
        })
    }

    /// The last state, once for each state to begin with.
    pub(super) fn reduce(
        &self,
        fold: &'r Fold,
        env: &Env<'r>,
        item: &Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        self.run(fold.init, env, item.clone(), &mut |first| {
            out(self.reduced(fold, env, item, first)?)
        })
    }

    /// The last state. It is `null` where a step has no result.
    pub(super) fn reduced(
        &self,
        fold: &'r Fold,
        env: &Env<'r>,
        item: &Item<'r>,
        first: Item<'r>,
    ) -> Result<Item<'r>, Stop<'r>> {
        let mut state = first;
        self.steps(fold, env, item, &mut |env| {
            let before = std::mem::replace(&mut state, item.computed(Value::Null));
            if before.is_unasked() && self.expr(fold.update).is_single {
                state = Item::unasked(self.value(fold.update, &env, before.value)?);
                return Ok(());
            }
            self.run(fold.update, &env, before, &mut |after| {
                state = after;
                Ok(())
            })
        })?;
        Ok(state)
    }

    /// What comes of all states but the first.
    pub(super) fn foreach(
        &self,
        fold: &'r Fold,
        extract: ExprId,
        env: &Env<'r>,
        item: &Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        self.run(fold.init, env, item.clone(), &mut |first| {
            let mut state = first;
            self.steps(fold, env, item, &mut |env| {
                let before = std::mem::replace(&mut state, item.computed(Value::Null));
                self.run(fold.update, &env, before, &mut |after| {
                    state = after.clone();
                    self.run(extract, &env, after, out)
                })
            })
        })
    }

    /// Hands on the environment of each step.
    fn steps(
        &self,
        fold: &'r Fold,
        env: &Env<'r>,
        item: &Item<'r>,
        take: &mut dyn FnMut(Env<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        self.each(fold.source, env, item.value.clone(), &mut |value| {
            self.watch.call()?;
            match fold.pattern {
                Pattern::Variable(0) => take(env.clone().with(Binding::Value(value))),
                _ => self.matched(&fold.pattern, fold.variables, env, &value, item, take),
            }
        })
    }
}
