//! Evaluates expressions with exactly one result.

use foldhash::fast::RandomState;

use super::Evaluator;
use crate::env::{Binding, Env};
use crate::expr::{ExprId, Kind, Part};
use crate::item::{Flow, Item, Stop};
use crate::limits::check_depth;
use crate::value::{Map, Operator, Value, calculate, described, negated};

impl<'r> Evaluator<'r> {
    /// The only result of an expression.
    #[expect(clippy::too_many_lines, reason = "one arm for each kind of expression")]
    pub(crate) fn value(&self, id: ExprId, env: &Env<'r>, input: Value<'r>) -> Flow<'r, Value<'r>> {
        let expr = self.expr(id);
        Ok(match &expr.kind {
            Kind::Id => input,
            Kind::Constant(constant) => constant.value(),
            Kind::Clock(which) => self.clock.value(*which),
            Kind::Variable(slot) => env.value(*slot),
            Kind::Path(of, steps) => return self.value_at(*of, steps, env, &input),
            Kind::Pipe(left, right) => {
                let input = self.value(*left, env, input)?;
                return self.value(*right, env, input);
            }
            Kind::Object(members) => {
                let mut map = Map::with_capacity_and_hasher(members.len(), RandomState::default());
                for (key, value) in members {
                    let key = self.value(*key, env, input.clone())?;
                    let value = self.value(*value, env, input.clone())?;
                    let Value::String(key) = key else {
                        let key = described(&key);
                        return Err(format!("Object keys must be strings, not {key}").into());
                    };
                    map.insert(key, value);
                }
                check_depth(Value::from(map))?
            }
            Kind::EmptyArray => Value::from(Vec::new()),
            Kind::Array(items) => {
                let mut values = Vec::new();
                self.each(*items, env, input, &mut |value| {
                    values.push(value);
                    Ok(())
                })?;
                check_depth(Value::from(values))?
            }
            Kind::Text(format, parts) => {
                let mut text = String::new();
                for part in parts {
                    match part {
                        Part::Literal(literal) => text.push_str(literal),
                        Part::Value(id) => {
                            let value = self.value(*id, env, input.clone())?;
                            text.push_str(&format(value, &[])?.as_str().unwrap_or_default());
                        }
                    }
                }
                Value::from(text)
            }
            Kind::Alternative(left, right) => {
                let value = self.value(*left, env, input.clone())?;
                if value.is_true() { value } else { return self.value(*right, env, input) }
            }
            Kind::Math(operator, left, right) => {
                let (for_left, for_right) = self.shared(input, *left, *right);
                let right = self.value(*right, env, for_right)?;
                let left = self.value(*left, env, for_left)?;
                calculated(*operator, left, right)?
            }
            Kind::Compare(operator, left, right) => {
                let (for_left, for_right) = self.shared(input, *left, *right);
                let right = self.value(*right, env, for_right)?;
                let left = self.value(*left, env, for_left)?;
                Value::Bool(operator.run(&left, &right))
            }
            Kind::Negate(id) => negated(self.value(*id, env, input)?)?,
            Kind::If(condition, then, otherwise) => {
                let is_true = self.value(*condition, env, input.clone())?.is_true();
                return self.value(if is_true { *then } else { *otherwise }, env, input);
            }
            Kind::Try(body, Some(catch)) => match self.value(*body, env, input) {
                Err(Stop::Error(error)) => return self.value(*catch, env, error),
                other => return other,
            },
            Kind::Bind { source, body, .. } => {
                let value = self.value(*source, env, input.clone())?;
                return self.value(*body, &env.clone().with(Binding::Value(value)), input);
            }
            Kind::Function(function, arguments) => {
                let arguments = arguments.iter();
                let arguments = arguments.map(|id| self.value(*id, env, input.clone()));
                let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
                check_depth(function(input, &arguments)?)?
            }
            Kind::Filter(slot) => {
                self.limits.check_stack()?;
                let (filter, env) = env.filter(*slot);
                return self.value(filter, &env, input);
            }
            Kind::Call(call) => {
                self.limits.check_stack()?;
                let env = self.env_of(call, env, &input)?;
                return self.value(self.code.definition(call.definition).body, &env, input);
            }
            Kind::Reduce(fold) => {
                let first = self.value(fold.init, env, input.clone())?;
                self.reduced(fold, env, &Item::untracked(input), Item::untracked(first))?.value
            }
            Kind::Update(operator, paths, value) => {
                let mut result = Value::Null;
                self.update(*operator, *paths, *value, env, input, &mut |value| {
                    result = value;
                    Ok(())
                })?;
                result
            }
            // The compiler does not mark any other kind as single.
            _ => return Err(Stop::Consumer),
        })
    }

    /// The inputs of two operands. An operand that does not read its input gets `null`, so that the other operand owns the input and can
    /// change it in place.
    fn shared(&self, input: Value<'r>, left: ExprId, right: ExprId) -> (Value<'r>, Value<'r>) {
        if !self.expr(right).reads_input {
            (input, Value::Null)
        } else if self.expr(left).reads_input {
            (input.clone(), input)
        } else {
            (Value::Null, input)
        }
    }
}

pub(super) fn calculated<'r>(
    operator: Operator,
    left: Value<'r>,
    right: Value<'r>,
) -> Flow<'r, Value<'r>> {
    Ok(check_depth(calculate(operator, left, right)?)?)
}
