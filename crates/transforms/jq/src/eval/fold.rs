//! `as`, `reduce` and `foreach`.

use super::{Evaluator, index, isolate_errors};
use crate::env::{Binding, Env};
use crate::expr::{ExprId, Fold, Pattern};
use crate::item::{Emit, Flow, Item, Next, Stop};
use crate::value::Value;

impl<'r> Evaluator<'r> {
    /// Matches the patterns in order, and runs `body` with the variables of each. Stops at the first pattern for which neither the
    /// match nor `body` fails.
    #[expect(clippy::too_many_arguments, reason = "the parts of one expression")]
    pub(super) fn bind(
        &self,
        patterns: &'r [Pattern],
        variables: usize,
        env: &Env<'r>,
        value: &Value<'r>,
        item: &Item<'r>,
        body: ExprId,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        let Some((last, others)) = patterns.split_last() else { return Ok(()) };
        for pattern in others {
            let result = isolate_errors(emit, |emit| {
                self.matched(pattern, variables, env, value, item, &mut |env| {
                    self.run(body, &env, item.clone(), emit)
                })
            })?;
            if !matches!(result, Err(Stop::Error(_))) {
                return result;
            }
        }
        self.matched(last, variables, env, value, item, &mut |env| {
            self.run(body, &env, item.clone(), emit)
        })
    }

    /// Calls `next` with the environment extended by the variables of a pattern, once for each match.
    fn matched(
        &self,
        pattern: &'r Pattern,
        variables: usize,
        env: &Env<'r>,
        value: &Value<'r>,
        item: &Item<'r>,
        next: Next<'_, 'r, Env<'r>>,
    ) -> Flow<'r> {
        let found = vec![Value::Null; variables];
        self.destructure(&[(pattern, value.clone())], found, env, item, &mut |found| {
            let bound = found.into_iter().map(Binding::Value);
            next(bound.fold(env.clone(), Env::with))
        })
    }

    /// Assigns the variables of the patterns. `found` holds their values so far.
    fn destructure(
        &self,
        patterns: &[(&'r Pattern, Value<'r>)],
        mut found: Vec<Value<'r>>,
        env: &Env<'r>,
        item: &Item<'r>,
        next: Next<'_, 'r, Vec<Value<'r>>>,
    ) -> Flow<'r> {
        let Some(((pattern, value), rest)) = patterns.split_first() else { return next(found) };
        match pattern {
            Pattern::Variable(number) => {
                if let Some(slot) = found.get_mut(*number) {
                    *slot = value.clone();
                }
                self.destructure(rest, found, env, item, next)
            }
            Pattern::All(patterns) => {
                let all = patterns.iter().map(|pattern| (pattern, value.clone()));
                let all: Vec<_> = all.chain(rest.iter().cloned()).collect();
                self.destructure(&all, found, env, item, next)
            }
            Pattern::Array(patterns) => {
                if !matches!(value, Value::Array(_) | Value::Null) {
                    index(value, &Value::from(0_i64))?;
                }
                let mut all = Vec::with_capacity(patterns.len() + rest.len());
                for (position, pattern) in patterns.iter().enumerate() {
                    all.push((pattern, index(value, &Value::from(position))?));
                }
                all.extend_from_slice(rest);
                self.destructure(&all, found, env, item, next)
            }
            Pattern::Object(members) => self.members(members, value, rest, found, env, item, next),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the state of a recursion")]
    fn members(
        &self,
        members: &'r [(ExprId, Pattern)],
        value: &Value<'r>,
        rest: &[(&'r Pattern, Value<'r>)],
        found: Vec<Value<'r>>,
        env: &Env<'r>,
        item: &Item<'r>,
        next: Next<'_, 'r, Vec<Value<'r>>>,
    ) -> Flow<'r> {
        let Some(((key, pattern), members)) = members.split_first() else {
            return self.destructure(rest, found, env, item, next);
        };
        self.each(*key, env, item.value.clone(), &mut |key| {
            if !matches!(key, Value::String(_)) {
                let key = crate::value::described(&key);
                return Err(format!("Cannot index {} with {key}", value.kind()).into());
            }
            let member = [(pattern, index(value, &key)?)];
            self.destructure(&member, found.clone(), env, item, &mut |found| {
                self.members(members, value, rest, found, env, item, next)
            })
        })
    }

    /// The last state. A step without a result sets the state to `null`.
    pub(super) fn reduced(
        &self,
        fold: &'r Fold,
        env: &Env<'r>,
        item: &Item<'r>,
        first: Item<'r>,
    ) -> Flow<'r, Item<'r>> {
        let mut state = first;
        self.steps(fold, env, item, &mut |env| {
            let before = std::mem::replace(&mut state, item.computed(Value::Null));
            if before.is_untracked() && self.expr(fold.update).is_single {
                state = Item::untracked(self.value(fold.update, &env, before.value)?);
                return Ok(());
            }
            self.run(fold.update, &env, before, &mut |after| {
                state = after;
                Ok(())
            })
        })?;
        Ok(state)
    }

    /// Emits what `extract` returns for each state after the initial one.
    pub(super) fn foreach(
        &self,
        fold: &'r Fold,
        extract: ExprId,
        env: &Env<'r>,
        item: &Item<'r>,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        self.run(fold.init, env, item.clone(), &mut |first| {
            let mut state = first;
            self.steps(fold, env, item, &mut |env| {
                let before = std::mem::replace(&mut state, item.computed(Value::Null));
                self.run(fold.update, &env, before, &mut |after| {
                    state = after.clone();
                    self.run(extract, &env, after, emit)
                })
            })
        })
    }

    /// Calls `next` with the environment of each step.
    fn steps(
        &self,
        fold: &'r Fold,
        env: &Env<'r>,
        item: &Item<'r>,
        next: Next<'_, 'r, Env<'r>>,
    ) -> Flow<'r> {
        self.each(fold.source, env, item.value.clone(), &mut |value| {
            self.limits.check_stack()?;
            match fold.pattern {
                Pattern::Variable(0) => next(env.clone().with(Binding::Value(value))),
                _ => self.matched(&fold.pattern, fold.variables, env, &value, item, next),
            }
        })
    }
}
