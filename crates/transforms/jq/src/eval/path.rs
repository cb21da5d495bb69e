//! Evaluates paths: `.a[0][]`, `..`.

use super::{Evaluator, index};
use crate::env::Env;
use crate::expr::{Access, ExprId, Kind, Step};
use crate::item::{Emit, Flow, Item, Location, Next};
use crate::paths::slice_key;
use crate::value::{Array, Object, Text, Value, shortened};

impl<'r> Evaluator<'r> {
    /// The value at a path with exactly one result.
    pub(super) fn value_at(
        &self,
        of: ExprId,
        steps: &'r [Step],
        env: &Env<'r>,
        input: &Value<'r>,
    ) -> Flow<'r, Value<'r>> {
        let mut steps = steps.iter();
        let mut value = match (&self.expr(of).kind, steps.next()) {
            (Kind::Id, Some(step)) => index(input, &self.key(step, env, input)?)?,
            (_, Some(step)) => {
                let value = self.value(of, env, input.clone())?;
                index(&value, &self.key(step, env, input)?)?
            }
            (_, None) => self.value(of, env, input.clone())?,
        };
        for step in steps {
            value = index(&value, &self.key(step, env, input)?)?;
        }
        Ok(value)
    }

    /// The key of a step with exactly one result.
    pub(super) fn key(&self, step: &Step, env: &Env<'r>, input: &Value<'r>) -> Flow<'r, Value<'r>> {
        let bound = |bound: Option<ExprId>| match bound {
            Some(id) => self.value(id, env, input.clone()),
            None => Ok(Value::Null),
        };
        match step.access {
            Access::Index(id) => self.value(id, env, input.clone()),
            Access::Slice(from, to) => {
                let to = bound(to)?;
                Ok(slice_key(bound(from)?, to))
            }
            Access::Iterate => Ok(Value::Null),
        }
    }

    /// Emits all values at a path. Each key is evaluated with the input, not with the value to which it is applied.
    pub(super) fn run_path(
        &self,
        of: ExprId,
        steps: &'r [Step],
        env: &Env<'r>,
        item: Item<'r>,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        let Some((step, before)) = steps.split_last() else {
            return self.run(of, env, item, emit);
        };
        let input = item.value.clone();
        match step.access {
            Access::Iterate => self
                .run_path(of, before, env, item, &mut |item| iterate(item, step.is_optional, emit)),
            Access::Index(id) => self.each(id, env, input, &mut |key| {
                self.run_path(of, before, env, item.clone(), &mut |item| {
                    access(&item, &key, step.is_optional, emit)
                })
            }),
            Access::Slice(from, to) => self.bound(from, env, &input, &mut |from| {
                self.bound(to, env, &input, &mut |to| {
                    let key = slice_key(from.clone(), to);
                    self.run_path(of, before, env, item.clone(), &mut |item| {
                        access(&item, &key, step.is_optional, emit)
                    })
                })
            }),
        }
    }

    fn bound(
        &self,
        bound: Option<ExprId>,
        env: &Env<'r>,
        input: &Value<'r>,
        next: Next<'_, 'r>,
    ) -> Flow<'r> {
        match bound {
            Some(id) => self.each(id, env, input.clone(), next),
            None => next(Value::Null),
        }
    }

    /// `..`: emits a value and all its descendants.
    pub(super) fn recurse(&self, item: Item<'r>, emit: Emit<'_, 'r>) -> Flow<'r> {
        self.limits.check_stack()?;
        emit(item.clone())?;
        if matches!(item.value, Value::Array(_) | Value::Object(_)) {
            iterate(item, true, &mut |item| self.recurse(item, emit))?;
        }
        Ok(())
    }
}

fn access<'r>(item: &Item<'r>, key: &Value<'r>, is_optional: bool, emit: Emit<'_, 'r>) -> Flow<'r> {
    if matches!(item.location, Location::Computed) {
        let (key, value) = (shortened(key), shortened(&item.value));
        let message =
            format!("Invalid path expression near attempt to access element {key} of {value}");
        return Err(message.into());
    }
    match index(&item.value, key) {
        Ok(value) => {
            let location = item.location.child(|| key.clone())?;
            emit(Item { value, location })
        }
        Err(_) if is_optional => Ok(()),
        Err(message) => Err(message.into()),
    }
}

/// Emits all children of a value.
fn iterate<'r>(item: Item<'r>, is_optional: bool, emit: Emit<'_, 'r>) -> Flow<'r> {
    let Item { value, location } = item;
    if matches!(location, Location::Computed) {
        let value = shortened(&value);
        let message = format!("Invalid path expression near attempt to iterate through {value}");
        return Err(message.into());
    }
    match (value, &location) {
        (Value::Array(Array::Node(node)), _) => {
            for (position, item) in node.items().enumerate() {
                let location = location.child(|| Value::from(position))?;
                emit(Item { value: Value::of(item), location })?;
            }
        }
        (Value::Object(Object::Node(node)), _) => {
            for (key, value) in node.members() {
                let location = location.child(|| Value::String(Text::Key(key)))?;
                emit(Item { value: Value::of(value), location })?;
            }
        }
        (Value::Object(object), Location::At(_)) => {
            let members: Vec<_> = object.iter().collect();
            for (key, value) in members {
                let location = location.child(|| Value::String(key))?;
                emit(Item { value, location })?;
            }
        }
        (value, _) => match value.into_values() {
            Ok(values) => {
                for (position, value) in values.into_iter().enumerate() {
                    let location = location.child(|| Value::from(position))?;
                    emit(Item { value, location })?;
                }
            }
            Err(_) if is_optional => {}
            Err(message) => return Err(message.into()),
        },
    }
    Ok(())
}
