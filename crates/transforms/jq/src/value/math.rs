//! Arithmetic of values.

pub(crate) use jaq_core::ops::Math as Operator;

use super::{Array, Number, Numeric, Object, Text, Value, described};

/// The maximum length of a repeated string.
const LONGEST_REPEAT: usize = i32::MAX as usize;

/// `left + right`, `left - right`, ….
pub(crate) fn calculate<'r>(
    operator: Operator,
    left: Value<'r>,
    right: Value<'r>,
) -> Result<Value<'r>, String> {
    match operator {
        Operator::Add => add(left, right),
        Operator::Sub => subtract(left, right),
        Operator::Mul => multiply(left, right),
        Operator::Div => divide(&left, &right),
        Operator::Rem => remainder(&left, &right),
    }
}

/// `-value`
pub(crate) fn negated(value: Value<'_>) -> Result<Value<'_>, String> {
    match value {
        Value::Number(number) => Ok(Value::Number(number.negated())),
        other => Err(format!("{} cannot be negated", described(&other))),
    }
}

pub(crate) fn cannot(left: &Value<'_>, right: &Value<'_>, what: &str) -> String {
    format!("{} and {} cannot be {what}", described(left), described(right))
}

fn add<'r>(left: Value<'r>, right: Value<'r>) -> Result<Value<'r>, String> {
    Ok(match (left, right) {
        (Value::Null, other) | (other, Value::Null) => other,
        (Value::Number(left), Value::Number(right)) => {
            numbers(&left, &right, i128::checked_add, |left, right| left + right)
        }
        (Value::String(left), Value::String(right)) => Value::String(left.append(&right.as_str())),
        (Value::Array(left), Value::Array(right)) => Value::Array(left.append(&right)),
        (Value::Object(left), Value::Object(right)) => Value::Object(left.append(&right)),
        (left, right) => return Err(cannot(&left, &right, "added")),
    })
}

fn subtract<'r>(left: Value<'r>, right: Value<'r>) -> Result<Value<'r>, String> {
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            numbers(&left, &right, i128::checked_sub, |left, right| left - right)
        }
        (Value::Array(left), Value::Array(right)) => {
            let mut taken = right.into_vec();
            taken.sort_by(super::compare);
            let stays = |item: &Value<'_>| {
                taken.binary_search_by(|taken| super::compare(taken, item)).is_err()
            };
            left.into_vec().into_iter().filter(stays).collect()
        }
        (left, right) => return Err(cannot(&left, &right, "subtracted")),
    })
}

fn multiply<'r>(left: Value<'r>, right: Value<'r>) -> Result<Value<'r>, String> {
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            numbers(&left, &right, i128::checked_mul, |left, right| left * right)
        }
        (Value::String(text), Value::Number(times))
        | (Value::Number(times), Value::String(text)) => {
            return repeat(&text, times.to_f64());
        }
        (Value::Object(left), Value::Object(right)) => Value::Object(merge(left, &right)),
        (left, right) => return Err(cannot(&left, &right, "multiplied")),
    })
}

/// Repeats a string. The count is truncated; a negative count gives `null`.
fn repeat<'r>(text: &Text<'_>, times: f64) -> Result<Value<'r>, String> {
    if times.is_nan() || times < 0.0 {
        return Ok(Value::Null);
    }
    let text = text.as_str();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the length is checked below"
    )]
    let times = times as usize;
    if text.len().saturating_mul(times) >= LONGEST_REPEAT {
        return Err("Repeat string result too long".to_owned());
    }
    Ok(Value::from(text.repeat(times)))
}

/// Merges two objects, and recursively members that are objects in both.
fn merge<'r>(mut left: Object<'r>, right: &Object<'r>) -> Object<'r> {
    for (key, new) in right.iter() {
        let changed = left.change::<std::convert::Infallible>(&key, |old| {
            Ok(match (old, new) {
                (Value::Object(old), Value::Object(new)) => Value::Object(merge(old, &new)),
                (_, new) => new,
            })
        });
        let Ok(changed) = changed;
        left = changed;
    }
    left
}

fn divide<'r>(left: &Value<'r>, right: &Value<'r>) -> Result<Value<'r>, String> {
    match (left, right) {
        (Value::Number(dividend), Value::Number(divisor)) => {
            let (dividend, divisor) = (dividend.numeric(), divisor.numeric());
            if divisor.to_f64() == 0.0 {
                return Err(cannot(left, right, "divided because the divisor is zero"));
            }
            Ok(match (dividend, divisor) {
                (Numeric::Int(dividend), Numeric::Int(divisor))
                    if dividend.checked_rem(divisor) == Some(0) =>
                {
                    Value::Number(Number::from_numeric(Numeric::Int(dividend / divisor)))
                }
                _ => Value::from(dividend.to_f64() / divisor.to_f64()),
            })
        }
        (Value::String(text), Value::String(separator)) => {
            Ok(split(&text.as_str(), &separator.as_str()))
        }
        _ => Err(cannot(left, right, "divided")),
    }
}

fn split<'r>(text: &str, separator: &str) -> Value<'r> {
    let part = |part: &str| Value::from(part.to_owned());
    if text.is_empty() {
        Value::from(Vec::new())
    } else if separator.is_empty() {
        text.chars().map(|letter| Value::from(letter.to_string())).collect()
    } else {
        text.split(separator).map(part).collect()
    }
}

/// The remainder of two truncated numbers, with the sign of the dividend.
fn remainder<'r>(left: &Value<'r>, right: &Value<'r>) -> Result<Value<'r>, String> {
    let (Value::Number(dividend), Value::Number(divisor)) = (left, right) else {
        return Err(cannot(left, right, "divided (remainder)"));
    };
    let (dividend, divisor) = (dividend.numeric(), divisor.numeric());
    if dividend.to_f64().is_nan() || divisor.to_f64().is_nan() {
        return Ok(Value::from(f64::NAN));
    }
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    let whole = |number: Numeric| match number {
        Numeric::Int(whole) => whole,
        Numeric::Float(float) => i128::from(float as i64),
    };
    match whole(dividend).checked_rem(whole(divisor)) {
        Some(rest) => Ok(Value::Number(Number::from_numeric(Numeric::Int(rest)))),
        None if whole(divisor) == 0 => {
            Err(cannot(left, right, "divided (remainder) because the divisor is zero"))
        }
        None => Ok(Value::from(0_i64)),
    }
}

/// Applies `exact` to integers, and `rounded` to other numbers and on overflow.
fn numbers<'r>(
    left: &Number<'_>,
    right: &Number<'_>,
    exact: fn(i128, i128) -> Option<i128>,
    rounded: fn(f64, f64) -> f64,
) -> Value<'r> {
    let (left, right) = (left.numeric(), right.numeric());
    let whole = match (left, right) {
        (Numeric::Int(left), Numeric::Int(right)) => exact(left, right).map(Numeric::Int),
        _ => None,
    };
    let result = whole.unwrap_or_else(|| Numeric::Float(rounded(left.to_f64(), right.to_f64())));
    Value::Number(Number::from_numeric(result))
}

/// Whether a string contains a string, an array contains each item, or an object contains each member.
pub(crate) fn contains(whole: &Value<'_>, part: &Value<'_>) -> Result<bool, String> {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, part) in part.iter() {
                match whole.get(&key.as_str()) {
                    Some(whole) if is_in(&whole, &part)? => {}
                    _ => return Ok(false),
                }
            }
            Ok(true)
        }
        (Value::Array(whole), Value::Array(part)) => holds_all(whole, part),
        (Value::String(whole), Value::String(part)) => Ok(whole.as_str().contains(&*part.as_str())),
        _ if whole.kind() == part.kind() => Ok(whole == part),
        _ => Err(cannot(whole, part, "have their containment checked")),
    }
}

/// As [`contains`], but `false` for values of different types.
fn is_in(whole: &Value<'_>, part: &Value<'_>) -> Result<bool, String> {
    if whole.kind() == part.kind() { contains(whole, part) } else { Ok(false) }
}

fn holds_all(whole: &Array<'_>, part: &Array<'_>) -> Result<bool, String> {
    for part in part.iter() {
        // The first item that contains the part, or the first error.
        let found =
            whole.iter().map(|whole| is_in(&whole, &part)).find(|found| *found != Ok(false));
        if !found.transpose()?.unwrap_or_default() {
            return Ok(false);
        }
    }
    Ok(true)
}
