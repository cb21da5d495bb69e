//! Evaluates expressions.
//!
//! An expression with exactly one result returns it ([`Evaluator::value`]). Any other expression calls a closure for each
//! result ([`Evaluator::run`]), so that `first(…)` and `limit(…)` can stop it. Tail positions, such as the right side of a
//! pipe, are evaluated in a loop, so that recursion in them takes no stack.

mod call;
mod fold;
mod path;
mod single;
mod special;
mod update;

use std::cell::Cell;

use crate::clock::Clock;
use crate::env::{Binding, Env};
use crate::expr::{Code, Expr, ExprId, Kind, Pattern};
use crate::item::{Emit, Flow, Item, Next, Stop};
use crate::limits::{LimitChecker, LimitError};
use crate::paths::index;
use crate::value::Value;

impl From<LimitError> for Stop<'_> {
    fn from(error: LimitError) -> Self {
        Self::Limit(error)
    }
}

/// Evaluates the expressions of a program for one record.
#[derive(Debug)]
pub(crate) struct Evaluator<'r> {
    pub(crate) code: &'r Code,
    pub(crate) limits: &'r LimitChecker,
    clock: &'r Clock,
    labels: Cell<usize>,
}

impl<'r> Evaluator<'r> {
    pub(crate) fn new(code: &'r Code, limits: &'r LimitChecker, clock: &'r Clock) -> Self {
        Self { code, limits, clock, labels: Cell::new(0) }
    }

    #[inline]
    fn expr(&self, id: ExprId) -> &'r Expr {
        self.code.expr(id)
    }

    /// Calls `emit` for each result of an expression.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    pub(crate) fn run(
        &self,
        id: ExprId,
        env: &Env<'r>,
        item: Item<'r>,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        let (mut id, mut env, mut item) = (id, env.clone(), item);
        loop {
            let expr = self.expr(id);
            if expr.is_single && item.is_untracked() {
                return emit(Item::untracked(self.value(id, &env, item.value)?));
            }
            match &expr.kind {
                Kind::Id => return emit(item),
                Kind::Recurse => return self.recurse(item, emit),
                Kind::Path(of, steps) => return self.run_path(*of, steps, &env, item, emit),
                Kind::Pipe(left, right) => {
                    if !self.is_single(*left, &env) {
                        let mut rest = |item| self.run(*right, &env, item, emit);
                        return self.run(*left, &env, item, &mut rest);
                    }
                    item = self.only(*left, &env, item)?;
                    id = *right;
                }
                Kind::Comma(left, right) => {
                    self.run(*left, &env, item.clone(), emit)?;
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
                            self.bind(patterns, *variables, &env, &value, &item, *body, emit)
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
                        emit(item)
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
                            self.run(branch(&value), &env, item.clone(), emit)
                        });
                    }
                    id = branch(&self.value(*condition, &env, item.value.clone())?);
                }
                Kind::Try(body, catch) => {
                    let input = item.clone();
                    let result = isolate_errors(emit, |emit| self.run(*body, &env, item, emit))?;
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
                    return match self.run(*body, &env, item, emit) {
                        Err(Stop::Break(broken)) if broken == label => Ok(()),
                        other => other,
                    };
                }
                Kind::Break(slot) => return Err(Stop::Break(env.label(*slot))),
                Kind::Reduce(fold) => {
                    return self.run(fold.init, &env, item.clone(), &mut |first| {
                        emit(self.reduced(fold, &env, &item, first)?)
                    });
                }
                Kind::Foreach(fold, extract) => {
                    return self.foreach(fold, *extract, &env, &item, emit);
                }
                Kind::Filter(slot) => {
                    self.limits.check_stack()?;
                    (id, env) = env.filter(*slot);
                }
                Kind::Call(call) => {
                    self.limits.check_stack()?;
                    let definition = self.code.definition(call.definition);
                    if definition.has_filter_arguments || !self.has_single_arguments(call) {
                        // A filter argument keeps its environment alive. A tail call does not use the stack, so the
                        // chain of environments could grow without limit.
                        return self.call(call, &env, &item, emit);
                    }
                    env = self.env_of(call, &env, &item.value)?;
                    id = definition.body;
                }
                Kind::Special(special, arguments) => {
                    return self.special(*special, arguments, &env, item, emit);
                }
                Kind::Update(operator, paths, value) => {
                    let input = item.value.clone();
                    return self.update(*operator, *paths, *value, &env, input, &mut |value| {
                        emit(item.computed(value))
                    });
                }
                // The compiler ensures that all other kinds have exactly one result.
                _ => {
                    let value = self.value(id, &env, item.value.clone())?;
                    return emit(item.computed(value));
                }
            }
        }
    }

    /// Calls `next` for the value of each result.
    pub(crate) fn each(
        &self,
        id: ExprId,
        env: &Env<'r>,
        input: Value<'r>,
        next: Next<'_, 'r>,
    ) -> Flow<'r> {
        if self.expr(id).is_single {
            return next(self.value(id, env, input)?);
        }
        self.run(id, env, Item::untracked(input), &mut |item| next(item.value))
    }

    /// Whether an expression has exactly one result. The environment resolves filter arguments.
    fn is_single(&self, id: ExprId, env: &Env<'r>) -> bool {
        let expr = self.expr(id);
        match &expr.kind {
            Kind::Filter(slot) => {
                let (filter, env) = env.filter(*slot);
                self.is_single(filter, &env)
            }
            _ => expr.is_single,
        }
    }

    /// The only result of an expression, with its location.
    fn only(&self, id: ExprId, env: &Env<'r>, item: Item<'r>) -> Flow<'r, Item<'r>> {
        if item.is_untracked() {
            return Ok(Item::untracked(self.value(id, env, item.value)?));
        }
        let mut only = item.computed(Value::Null);
        self.run(id, env, item, &mut |item| {
            only = item;
            Ok(())
        })?;
        Ok(only)
    }
}

/// Separates errors of `run` (the inner result) from errors of `emit` (the outer result).
fn isolate_errors<'r>(
    emit: Emit<'_, 'r>,
    run: impl FnOnce(Emit<'_, 'r>) -> Flow<'r>,
) -> Result<Flow<'r>, Stop<'r>> {
    let mut emit_error = None;
    let result = run(&mut |item| {
        emit(item).map_err(|stop| {
            emit_error = Some(stop);
            Stop::Consumer
        })
    });
    match emit_error {
        Some(stop) => Err(stop),
        None => Ok(result),
    }
}
