//! Evaluates operators whose operands have several results: one result for each combination.

use super::single::calculated;
use super::{Evaluator, as_text, object_key};
use crate::env::Env;
use crate::expr::{Expr, ExprId, Kind, Part};
use crate::item::{Flow, Next};
use crate::limits::check_depth;
use crate::value::{Map, Value, negated};

impl<'r> Evaluator<'r> {
    /// Calls `next` for each result of an expression that computes new values.
    pub(super) fn products(
        &self,
        id: ExprId,
        expr: &'r Expr,
        env: &Env<'r>,
        input: Value<'r>,
        next: Next<'_, 'r>,
    ) -> Flow<'r> {
        if expr.is_single {
            return next(self.value(id, env, input)?);
        }
        match &expr.kind {
            Kind::Object(members) => self.objects(members, Map::default(), env, &input, next),
            Kind::Text(format, parts) => {
                // The last part varies slowest.
                self.texts(parts, env, &input, &mut |values: &[Value<'r>]| {
                    let mut text = String::new();
                    let mut values = values.iter().rev();
                    for part in parts {
                        match part {
                            Part::Literal(literal) => text.push_str(literal),
                            Part::Value(_) => {
                                let value = values.next().cloned().unwrap_or_default();
                                text.push_str(&as_text(&format(value, &[])?));
                            }
                        }
                    }
                    next(Value::from(text))
                })
            }
            Kind::Negate(id) => self.each(*id, env, input, &mut |value| next(negated(value)?)),
            Kind::And(left, right) | Kind::Or(left, right) => {
                let short_circuit = matches!(expr.kind, Kind::Or(..));
                self.each(*left, env, input.clone(), &mut |left| {
                    if left.is_true() == short_circuit {
                        return next(Value::Bool(short_circuit));
                    }
                    self.each(*right, env, input.clone(), &mut |right| {
                        next(Value::Bool(right.is_true()))
                    })
                })
            }
            Kind::Math(_, left, right) | Kind::Compare(_, left, right) => {
                self.each(*right, env, input.clone(), &mut |right| {
                    self.each(*left, env, input.clone(), &mut |left| {
                        next(match &expr.kind {
                            Kind::Math(operator, ..) => calculated(*operator, left, right.clone())?,
                            Kind::Compare(operator, ..) => Value::Bool(operator.run(&left, &right)),
                            _ => Value::Null,
                        })
                    })
                })
            }
            Kind::Function(function, arguments) => self.combinations(
                arguments,
                &mut Vec::new(),
                env,
                &input,
                &mut |values: &[Value<'r>]| {
                    let values: Vec<_> = values.iter().rev().cloned().collect();
                    next(check_depth(function(input.clone(), &values)?)?)
                },
            ),
            _ => Ok(()),
        }
    }

    fn objects(
        &self,
        members: &'r [(ExprId, ExprId)],
        begun: Map<'r>,
        env: &Env<'r>,
        input: &Value<'r>,
        next: Next<'_, 'r>,
    ) -> Flow<'r> {
        let Some(((key, value), rest)) = members.split_first() else {
            return next(check_depth(Value::from(begun))?);
        };
        self.each(*key, env, input.clone(), &mut |key| {
            let key = object_key(key)?;
            self.each(*value, env, input.clone(), &mut |value| {
                let mut begun = begun.clone();
                begun.insert(key.clone(), value);
                self.objects(rest, begun, env, input, next)
            })
        })
    }

    fn texts(
        &self,
        parts: &'r [Part],
        env: &Env<'r>,
        input: &Value<'r>,
        next: &mut dyn FnMut(&[Value<'r>]) -> Flow<'r>,
    ) -> Flow<'r> {
        let ids = parts.iter().filter_map(|part| match part {
            Part::Value(id) => Some(*id),
            Part::Literal(_) => None,
        });
        self.combinations(&ids.collect::<Vec<_>>(), &mut Vec::new(), env, input, next)
    }

    /// Calls `next` for each combination of the results of `ids`. The last expression varies slowest, and its value comes first.
    fn combinations(
        &self,
        ids: &[ExprId],
        found: &mut Vec<Value<'r>>,
        env: &Env<'r>,
        input: &Value<'r>,
        next: &mut dyn FnMut(&[Value<'r>]) -> Flow<'r>,
    ) -> Flow<'r> {
        let Some((last, rest)) = ids.split_last() else { return next(found) };
        self.each(*last, env, input.clone(), &mut |value| {
            found.push(value);
            let flow = self.combinations(rest, found, env, input, next);
            found.pop();
            flow
        })
    }
}
