//! Calls definitions.

use super::Evaluator;
use crate::env::{Binding, Env};
use crate::expr::{Argument, Call, ExprId, Kind};
use crate::item::{Emit, Flow, Item, Next};
use crate::value::Value;

impl<'r> Evaluator<'r> {
    pub(super) fn has_single_arguments(&self, call: &Call) -> bool {
        call.arguments.iter().all(|argument| match argument {
            Argument::Value(id) => self.expr(*id).is_single,
            Argument::Filter(_) => true,
        })
    }

    /// The environment of a call whose value arguments have one result each.
    pub(super) fn env_of(
        &self,
        call: &Call,
        env: &Env<'r>,
        input: &Value<'r>,
    ) -> Flow<'r, Env<'r>> {
        let mut inner = env.without(call.skip);
        for argument in &call.arguments {
            inner = inner.with(match argument {
                Argument::Value(id) => Binding::Value(self.value(*id, env, input.clone())?),
                Argument::Filter(id) => self.filter(*id, env),
            });
        }
        Ok(inner)
    }

    /// The binding of a filter argument. A filter argument of the caller is passed on directly.
    fn filter(&self, id: ExprId, env: &Env<'r>) -> Binding<'r> {
        match &self.expr(id).kind {
            Kind::Filter(slot) => {
                let (filter, env) = env.filter(*slot);
                Binding::Filter(filter, env)
            }
            _ => Binding::Filter(id, env.clone()),
        }
    }

    /// Calls a definition once for each combination of the values of its arguments.
    pub(super) fn call(
        &self,
        call: &Call,
        env: &Env<'r>,
        item: &Item<'r>,
        emit: Emit<'_, 'r>,
    ) -> Flow<'r> {
        let body = self.code.definition(call.definition).body;
        let inner = env.without(call.skip);
        self.call_with(&call.arguments, inner, env, item, &mut |inner| {
            self.run(body, &inner, item.clone(), emit)
        })
    }

    fn call_with(
        &self,
        arguments: &[Argument],
        inner: Env<'r>,
        env: &Env<'r>,
        item: &Item<'r>,
        call: Next<'_, 'r, Env<'r>>,
    ) -> Flow<'r> {
        match arguments.split_first() {
            None => call(inner),
            Some((Argument::Filter(id), rest)) => {
                let inner = inner.with(self.filter(*id, env));
                self.call_with(rest, inner, env, item, call)
            }
            Some((Argument::Value(id), rest)) => {
                self.each(*id, env, item.value.clone(), &mut |value| {
                    let inner = inner.clone().with(Binding::Value(value));
                    self.call_with(rest, inner, env, item, call)
                })
            }
        }
    }
}
