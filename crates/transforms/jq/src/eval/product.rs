//! Expressions with several results whose parts have several: one result for each combination.

use super::single::calculated;
use super::{Machine, as_text, object_key};
use crate::env::Env;
use crate::expr::{Expr, ExprId, Kind, Part};
use crate::item::Flow;
use crate::limits::made;
use crate::value::{Map, Value, negated};

/// Takes results.
type Take<'o, 'r> = &'o mut dyn FnMut(Value<'r>) -> Flow<'r>;

impl<'r> Machine<'r> {
    /// Hands on the results of an expression that makes new values.
    pub(super) fn products(
        &self,
        id: ExprId,
        expr: &'r Expr,
        env: &Env<'r>,
        input: Value<'r>,
        take: Take<'_, 'r>,
    ) -> Flow<'r> {
        if expr.is_single {
            return take(self.value(id, env, input)?);
        }
        match &expr.kind {
            Kind::Object(members) => self.objects(members, Map::default(), env, &input, take),
            Kind::Text(format, parts) => {
                // The last part is the one that changes least often.
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
                    take(Value::from(text))
                })
            }
            Kind::Negate(id) => self.each(*id, env, input, &mut |value| take(negated(value)?)),
            Kind::And(left, right) => self.each(*left, env, input.clone(), &mut |left| {
                if !left.is_true() {
                    return take(Value::Bool(false));
                }
                self.each(*right, env, input.clone(), &mut |right| {
                    take(Value::Bool(right.is_true()))
                })
            }),
            Kind::Or(left, right) => self.each(*left, env, input.clone(), &mut |left| {
                if left.is_true() {
                    return take(Value::Bool(true));
                }
                self.each(*right, env, input.clone(), &mut |right| {
                    take(Value::Bool(right.is_true()))
                })
            }),
            Kind::Math(operator, left, right) => {
                self.each(*right, env, input.clone(), &mut |right| {
                    self.each(*left, env, input.clone(), &mut |left| {
                        take(calculated(*operator, left, right.clone())?)
                    })
                })
            }
            Kind::Compare(operator, left, right) => {
                self.each(*right, env, input.clone(), &mut |right| {
                    self.each(*left, env, input.clone(), &mut |left| {
                        take(Value::Bool(operator.run(&left, &right)))
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
                    take(made(function(input.clone(), &values)?)?)
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
        take: Take<'_, 'r>,
    ) -> Flow<'r> {
        let Some(((key, value), rest)) = members.split_first() else {
            return take(made(Value::from(begun))?);
        };
        self.each(*key, env, input.clone(), &mut |key| {
            let key = object_key(key)?;
            self.each(*value, env, input.clone(), &mut |value| {
                let mut begun = begun.clone();
                begun.insert(key.clone(), value);
                self.objects(rest, begun, env, input, take)
            })
        })
    }

    fn texts(
        &self,
        parts: &'r [Part],
        env: &Env<'r>,
        input: &Value<'r>,
        take: &mut dyn FnMut(&[Value<'r>]) -> Flow<'r>,
    ) -> Flow<'r> {
        let ids = parts.iter().filter_map(|part| match part {
            Part::Value(id) => Some(*id),
            Part::Literal(_) => None,
        });
        self.combinations(&ids.collect::<Vec<_>>(), &mut Vec::new(), env, input, take)
    }

    /// Hands on all combinations of the results of some expressions, the last of which comes first and changes least often.
    fn combinations(
        &self,
        ids: &[ExprId],
        found: &mut Vec<Value<'r>>,
        env: &Env<'r>,
        input: &Value<'r>,
        take: &mut dyn FnMut(&[Value<'r>]) -> Flow<'r>,
    ) -> Flow<'r> {
        let Some((last, rest)) = ids.split_last() else { return take(found) };
        self.each(*last, env, input.clone(), &mut |value| {
            found.push(value);
            let flow = self.combinations(rest, found, env, input, take);
            found.pop();
            flow
        })
    }
}
