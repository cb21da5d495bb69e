//! `=`, `|=`, `+=`: places are found first, then made new one after the other.

use super::Machine;
use super::single::calculated;
use crate::env::Env;
use crate::expr::{ExprId, How, Kind, Step};
use crate::item::{Flow, Item, Path, Stop, Trail};
use crate::limits::{check_places, made};
use crate::paths::{change, delete};
use crate::value::{Value, shortened};

impl<'r> Machine<'r> {
    pub(super) fn update(
        &self,
        how: How,
        places: ExprId,
        value: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        take: &mut dyn FnMut(Value<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        if how == How::Modify {
            let result = self.modify(places, value, env, input)?;
            return take(result);
        }
        let is_single = self.expr(value).is_single;
        let mut set = |value: Value<'r>, input: Value<'r>| {
            let result = self.change_all(places, env, input, &mut |old| match how {
                How::Math(operator) => calculated(operator, old, value.clone()),
                How::Alternative if old.is_true() => Ok(old),
                _ => Ok(value.clone()),
            });
            take(result?)
        };
        if is_single {
            let value = self.value(value, env, input.clone())?;
            return set(value, input);
        }
        self.each(value, env, input.clone(), &mut |value| set(value, input.clone()))
    }

    /// Puts the first result of `update` in each place, and takes out those for which there is none.
    fn modify(
        &self,
        places: ExprId,
        update: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
    ) -> Result<Value<'r>, Stop<'r>> {
        if self.is_single(update, env) {
            return self.change_all(places, env, input, &mut |old| self.value(update, env, old));
        }
        let mut gone = Vec::new();
        let mut result = input.clone();
        for keys in self.places(places, env, input)? {
            let mut is_gone = false;
            result = change(result, &keys, &mut |old| {
                let new = self.first(update, env, Item::unasked(old.clone()))?;
                is_gone = new.is_none();
                Ok(new.map_or(old, |new| new.value))
            })?;
            result = made(result)?;
            if is_gone {
                gone.push(keys);
            }
        }
        Ok(delete(result, gone)?)
    }

    /// The value with all places made new by `new`.
    fn change_all(
        &self,
        places: ExprId,
        env: &Env<'r>,
        mut input: Value<'r>,
        new: &mut dyn FnMut(Value<'r>) -> Result<Value<'r>, Stop<'r>>,
    ) -> Result<Value<'r>, Stop<'r>> {
        for keys in self.places(places, env, input.clone())? {
            self.watch.call()?;
            input = made(change(input, &keys, new)?)?;
        }
        Ok(input)
    }

    /// The keys that lead to each place.
    fn places(
        &self,
        places: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
    ) -> Result<Vec<Vec<Value<'r>>>, Stop<'r>> {
        if let Kind::Path(of, steps) = &self.expr(places).kind
            && matches!(self.expr(*of).kind, Kind::Id)
            && self.expr(places).is_single
        {
            // What can't be followed is found out when the place is made new.
            let keys = steps.iter().map(|step: &Step| self.key(step, env, &input));
            return Ok(vec![keys.collect::<Result<_, _>>()?]);
        }
        let mut paths = Vec::new();
        self.paths(places, env, input, &mut |path| {
            check_places(paths.len())?;
            paths.push(path);
            Ok(())
        })?;
        Ok(paths.iter().map(Path::keys).collect())
    }

    /// Hands on the path to each result of an expression.
    pub(super) fn paths(
        &self,
        places: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        take: &mut dyn FnMut(Path<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        self.run(places, env, Item::outermost(input), &mut |item| match item.trail {
            Trail::At(path) => take(path),
            Trail::Unasked | Trail::Lost => {
                let value = shortened(&item.value);
                Err(format!("Invalid path expression with result {value}").into())
            }
        })
    }
}
