//! Paths: `.a[0][]`, `..`.

use super::{Machine, index};
use crate::env::Env;
use crate::expr::{Access, ExprId, Kind, Step};
use crate::item::{Flow, Item, Out, Stop, Trail};
use crate::paths::slice_key;
use crate::value::{Array, Object, Text, Value, shortened};

impl<'r> Machine<'r> {
    /// The value at a path that leads to exactly one.
    pub(super) fn value_at(
        &self,
        of: ExprId,
        steps: &'r [Step],
        env: &Env<'r>,
        input: &Value<'r>,
    ) -> Result<Value<'r>, Stop<'r>> {
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

    /// The key of a step that has exactly one.
    pub(super) fn key(
        &self,
        step: &Step,
        env: &Env<'r>,
        input: &Value<'r>,
    ) -> Result<Value<'r>, Stop<'r>> {
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

    /// Hands on all that a path leads to. Its keys see the input, not what the path begins with.
    pub(super) fn run_path(
        &self,
        of: ExprId,
        steps: &'r [Step],
        env: &Env<'r>,
        item: Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        let Some((step, before)) = steps.split_last() else {
            return self.run(of, env, item, out);
        };
        let input = item.value.clone();
        match step.access {
            Access::Iterate => self
                .run_path(of, before, env, item, &mut |item| iterate(item, step.is_optional, out)),
            Access::Index(id) => self.each(id, env, input, &mut |key| {
                self.run_path(of, before, env, item.clone(), &mut |item| {
                    access(&item, &key, step.is_optional, out)
                })
            }),
            Access::Slice(from, to) => self.bound(from, env, &input, &mut |from| {
                self.bound(to, env, &input, &mut |to| {
                    let key = slice_key(from.clone(), to);
                    self.run_path(of, before, env, item.clone(), &mut |item| {
                        access(&item, &key, step.is_optional, out)
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
        take: &mut dyn FnMut(Value<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        match bound {
            Some(id) => self.each(id, env, input.clone(), take),
            None => take(Value::Null),
        }
    }

    /// `..`: a value, then all that is in it.
    pub(super) fn recurse(&self, item: Item<'r>, out: Out<'_, 'r>) -> Flow<'r> {
        self.watch.call()?;
        out(item.clone())?;
        if matches!(item.value, Value::Array(_) | Value::Object(_)) {
            iterate(item, true, &mut |item| self.recurse(item, out))?;
        }
        Ok(())
    }
}

/// Hands on what stands at a key.
fn access<'r>(item: &Item<'r>, key: &Value<'r>, is_optional: bool, out: Out<'_, 'r>) -> Flow<'r> {
    if matches!(item.trail, Trail::Lost) {
        let (key, value) = (shortened(key), shortened(&item.value));
        let message =
            format!("Invalid path expression near attempt to access element {key} of {value}");
        return Err(message.into());
    }
    match index(&item.value, key) {
        Ok(value) => {
            let trail = item.trail.to(|| key.clone())?;
            out(Item { value, trail })
        }
        Err(_) if is_optional => Ok(()),
        Err(message) => Err(message.into()),
    }
}

/// Hands on all items or members of a value.
fn iterate<'r>(item: Item<'r>, is_optional: bool, out: Out<'_, 'r>) -> Flow<'r> {
    let Item { value, trail } = item;
    if matches!(trail, Trail::Lost) {
        let value = shortened(&value);
        let message = format!("Invalid path expression near attempt to iterate through {value}");
        return Err(message.into());
    }
    match (value, &trail) {
        (Value::Array(Array::Node(node)), _) => {
            for (place, item) in node.items().enumerate() {
                let trail = trail.to(|| Value::from(place))?;
                out(Item { value: Value::of(item), trail })?;
            }
        }
        (Value::Object(Object::Node(node)), _) => {
            for (key, value) in node.members() {
                let trail = trail.to(|| Value::String(Text::Key(key)))?;
                out(Item { value: Value::of(value), trail })?;
            }
        }
        (Value::Object(object), Trail::At(_)) => {
            let members: Vec<_> = object.iter().collect();
            for (key, value) in members {
                let trail = trail.to(|| Value::String(key))?;
                out(Item { value, trail })?;
            }
        }
        (value, _) => match value.into_values() {
            Ok(values) => {
                for (place, value) in values.into_iter().enumerate() {
                    let trail = trail.to(|| Value::from(place))?;
                    out(Item { value, trail })?;
                }
            }
            Err(_) if is_optional => {}
            Err(message) => return Err(message.into()),
        },
    }
    Ok(())
}
