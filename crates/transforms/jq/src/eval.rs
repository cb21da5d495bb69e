//! Running expressions.
//!
//! A part of an expression that has exactly one result returns it ([`Machine::value`]). Any other hands its results to whatever
//! takes them ([`Machine::run`]), one after the other, so that `first(…)` and `limit(…)` end it by not taking more. What comes last,
//! such as the right side of a pipe, takes the place of what it stands in, so that loops take no stack.

mod call;
mod fold;
mod path;
mod product;
mod single;
mod special;
mod update;

use std::cell::Cell;

use crate::env::{Binding, Env};
use crate::expr::{Code, Expr, ExprId, Kind, Pattern};
use crate::item::{Flow, Item, Out, Stop};
use crate::limits::{End, Watch};
use crate::paths::index;
use crate::value::{Text, Value, described};

impl From<End> for Stop<'_> {
    fn from(end: End) -> Self {
        Self::End(end)
    }
}

/// Runs the expressions of a program over one record.
#[derive(Debug)]
pub(crate) struct Machine<'r> {
    pub(crate) code: &'r Code,
    pub(crate) watch: &'r Watch,
    labels: Cell<usize>,
}

impl<'r> Machine<'r> {
    pub(crate) fn new(code: &'r Code, watch: &'r Watch) -> Self {
        Self { code, watch, labels: Cell::new(0) }
    }

    #[inline]
    fn expr(&self, id: ExprId) -> &'r Expr {
        self.code.expr(id)
    }

    /// Hands all results of an expression to `out`.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    pub(crate) fn run(
        &self,
        id: ExprId,
        env: &Env<'r>,
        item: Item<'r>,
        out: Out<'_, 'r>,
    ) -> Flow<'r> {
        let (mut id, mut env, mut item) = (id, env.clone(), item);
        loop {
            let expr = self.expr(id);
            if expr.is_single && item.is_unasked() {
                return out(Item::unasked(self.value(id, &env, item.value)?));
            }
            match &expr.kind {
                Kind::Id => return out(item),
                Kind::Recurse => return self.recurse(item, out),
                Kind::Path(of, steps) => return self.run_path(*of, steps, &env, item, out),
                Kind::Pipe(left, right) => {
                    if !self.is_single(*left, &env) {
                        let mut rest = |item| self.run(*right, &env, item, out);
                        return self.run(*left, &env, item, &mut rest);
                    }
                    item = self.only(*left, &env, item)?;
                    id = *right;
                }
                Kind::Comma(left, right) => {
                    self.run(*left, &env, item.clone(), out)?;
                    id = *right;
                }
                Kind::Bind { source, patterns, variables, body } => match &patterns[..] {
                    [Pattern::Variable(_)] if self.is_single(*source, &env) => {
                        let value = self.value(*source, &env, item.value.clone())?;
                        env = env.with(Binding::Value(value));
                        id = *body;
                    }
                    patterns => {
                        let input = item.value.clone();
                        return self.each(*source, &env, input, &mut |value| {
                            self.bind(patterns, *variables, &env, &value, &item, *body, out)
                        });
                    }
                },
                Kind::Alternative(left, right) => {
                    let mut is_found = false;
                    self.run(*left, &env, item.clone(), &mut |item| {
                        if !item.value.is_true() {
                            return Ok(());
                        }
                        is_found = true;
                        out(item)
                    })?;
                    if is_found {
                        return Ok(());
                    }
                    id = *right;
                }
                Kind::If(condition, then, otherwise) => {
                    let branch =
                        |value: &Value<'_>| if value.is_true() { *then } else { *otherwise };
                    if !self.is_single(*condition, &env) {
                        let input = item.value.clone();
                        return self.each(*condition, &env, input, &mut |value| {
                            self.run(branch(&value), &env, item.clone(), out)
                        });
                    }
                    id = branch(&self.value(*condition, &env, item.value.clone())?);
                }
                Kind::Try(body, catch) => {
                    let input = item.clone();
                    let result = taken(out, |out| self.run(*body, &env, item, out))?;
                    let (Err(Stop::Error(error)), Some(catch)) = (&result, catch) else {
                        return if let Err(Stop::Error(_)) = result { Ok(()) } else { result };
                    };
                    item = input.computed(error.clone());
                    id = *catch;
                }
                Kind::Label(body) => {
                    let label = self.labels.get();
                    self.labels.set(label + 1);
                    let env = env.with(Binding::Label(label));
                    return match self.run(*body, &env, item, out) {
                        Err(Stop::Break(broken)) if broken == label => Ok(()),
                        other => other,
                    };
                }
                Kind::Break(place) => return Err(Stop::Break(env.label(*place))),
                Kind::Reduce(fold) => return self.reduce(fold, &env, &item, out),
                Kind::Foreach(fold, extract) => {
                    return self.foreach(fold, *extract, &env, &item, out);
                }
                Kind::Filter(place) => {
                    self.watch.call()?;
                    (id, env) = env.filter(*place);
                }
                Kind::Call(call) => {
                    self.watch.call()?;
                    let definition = self.code.definition(call.definition);
                    if definition.takes_filters || !self.has_single_arguments(call) {
                        // A filter holds what was around it. A chain of them, each around the one before, must not grow
                        // unseen, as it would if this call took the place of the one that it stands in.
                        return self.call(call, &env, &item, out);
                    }
                    env = self.env_of(call, &env, &item.value)?;
                    id = definition.body;
                }
                Kind::Special(special, arguments) => {
                    return self.special(*special, arguments, &env, item, out);
                }
                Kind::Update(how, places, value) => {
                    let input = item.value.clone();
                    return self.update(*how, *places, *value, &env, input, &mut |value| {
                        out(item.computed(value))
                    });
                }
                _ => {
                    let input = item.value.clone();
                    return self
                        .products(id, expr, &env, input, &mut |value| out(item.computed(value)));
                }
            }
        }
    }

    /// Hands the values of all results to `take`.
    pub(crate) fn each(
        &self,
        id: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        take: &mut dyn FnMut(Value<'r>) -> Flow<'r>,
    ) -> Flow<'r> {
        if self.expr(id).is_single {
            return take(self.value(id, env, input)?);
        }
        self.run(id, env, Item::unasked(input), &mut |item| take(item.value))
    }

    /// Whether an expression has exactly one result here, where it is known what the filters are.
    fn is_single(&self, id: ExprId, env: &Env<'r>) -> bool {
        let expr = self.expr(id);
        match &expr.kind {
            Kind::Filter(place) => {
                let (filter, env) = env.filter(*place);
                self.is_single(filter, &env)
            }
            _ => expr.is_single,
        }
    }

    /// The only result of an expression, and where it stands.
    fn only(&self, id: ExprId, env: &Env<'r>, item: Item<'r>) -> Result<Item<'r>, Stop<'r>> {
        if item.is_unasked() {
            return Ok(Item::unasked(self.value(id, env, item.value)?));
        }
        let mut only = item.computed(Value::Null);
        self.run(id, env, item, &mut |item| {
            only = item;
            Ok(())
        })?;
        Ok(only)
    }
}

/// Runs something that hands results on, and tells errors of its own, which are returned inside, from those of `out`.
fn taken<'r>(
    out: Out<'_, 'r>,
    run: impl FnOnce(Out<'_, 'r>) -> Flow<'r>,
) -> Result<Flow<'r>, Stop<'r>> {
    let mut passed = None;
    let result = run(&mut |item| {
        out(item).map_err(|stop| {
            passed = Some(stop);
            Stop::Passed
        })
    });
    match passed {
        Some(stop) => Err(stop),
        None => Ok(result),
    }
}

/// The key of a member.
fn object_key(key: Value<'_>) -> Result<Text<'_>, String> {
    match key {
        Value::String(text) => Ok(text),
        other => Err(format!("Object keys must be strings, not {}", described(&other))),
    }
}

/// The text of a string, and nothing of what is none.
pub(crate) fn as_text<'v>(value: &'v Value<'_>) -> std::borrow::Cow<'v, str> {
    match value {
        Value::String(text) => text.as_str(),
        _ => "".into(),
    }
}
