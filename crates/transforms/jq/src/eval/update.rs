//! `=`, `|=`, `+=`: finds all paths first, then updates them one by one.

use super::Evaluator;
use super::single::calculated;
use crate::env::Env;
use crate::expr::{ExprId, Kind, Step, UpdateOperator};
use crate::item::{Flow, Item, Location, Next, Path};
use crate::limits::{check_depth, check_paths};
use crate::paths::{change, delete};
use crate::value::{Value, shortened};

impl<'r> Evaluator<'r> {
    pub(super) fn update(
        &self,
        operator: UpdateOperator,
        paths: ExprId,
        value: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        next: Next<'_, 'r>,
    ) -> Flow<'r> {
        if operator == UpdateOperator::Modify {
            let result = self.modify(paths, value, env, input)?;
            return next(result);
        }
        let is_single = self.expr(value).is_single;
        let mut set = |value: Value<'r>, input: Value<'r>| {
            let result = self.change_all(paths, env, input, &mut |old| match operator {
                UpdateOperator::Math(operator) => calculated(operator, old, value.clone()),
                UpdateOperator::Alternative if old.is_true() => Ok(old),
                _ => Ok(value.clone()),
            });
            next(result?)
        };
        if is_single {
            let value = self.value(value, env, input.clone())?;
            return set(value, input);
        }
        self.each(value, env, input.clone(), &mut |value| set(value, input.clone()))
    }

    /// Replaces the value at each path by the first result of `update`, and removes it if there is none.
    fn modify(
        &self,
        paths: ExprId,
        update: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
    ) -> Flow<'r, Value<'r>> {
        if self.is_single(update, env) {
            return self.change_all(paths, env, input, &mut |old| self.value(update, env, old));
        }
        let mut removed = Vec::new();
        let mut result = input.clone();
        for keys in self.key_lists(paths, env, input)? {
            let mut is_removed = false;
            result = change(result, &keys, &mut |old| {
                let new = self.first(update, env, Item::untracked(old.clone()))?;
                is_removed = new.is_none();
                Ok(new.map_or(old, |new| new.value))
            })?;
            result = check_depth(result)?;
            if is_removed {
                removed.push(keys);
            }
        }
        Ok(delete(result, removed)?)
    }

    /// Replaces the value at each path by what `new` returns.
    fn change_all(
        &self,
        paths: ExprId,
        env: &Env<'r>,
        mut input: Value<'r>,
        new: &mut dyn FnMut(Value<'r>) -> Flow<'r, Value<'r>>,
    ) -> Flow<'r, Value<'r>> {
        for keys in self.key_lists(paths, env, input.clone())? {
            self.limits.check_stack()?;
            input = check_depth(change(input, &keys, new)?)?;
        }
        Ok(input)
    }

    /// The keys of each path.
    fn key_lists(
        &self,
        paths: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
    ) -> Flow<'r, Vec<Vec<Value<'r>>>> {
        if let Kind::Path(of, steps) = &self.expr(paths).kind
            && matches!(self.expr(*of).kind, Kind::Id)
            && self.expr(paths).is_single
        {
            // A path that does not fit the value fails in `change`.
            let keys = steps.iter().map(|step: &Step| self.key(step, env, &input));
            return Ok(vec![keys.collect::<Result<_, _>>()?]);
        }
        let mut found = Vec::new();
        self.paths(paths, env, input, &mut |path| {
            check_paths(found.len())?;
            found.push(path);
            Ok(())
        })?;
        Ok(found.iter().map(Path::keys).collect())
    }

    /// Calls `next` with the path of each result of an expression.
    pub(super) fn paths(
        &self,
        paths: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        next: Next<'_, 'r, Path<'r>>,
    ) -> Flow<'r> {
        self.run(paths, env, Item::root(input), &mut |item| match item.location {
            Location::At(path) => next(path),
            Location::Untracked | Location::Computed => {
                let value = shortened(&item.value);
                Err(format!("Invalid path expression with result {value}").into())
            }
        })
    }
}
