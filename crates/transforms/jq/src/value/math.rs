//! Computing with values.

pub(crate) use jaq_core::ops::Math as Operator;

use super::{Array, Computed, Number, Object, Text, Value, described};

/// As long as a string may get by being repeated.
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

fn cannot(left: &Value<'_>, right: &Value<'_>, what: &str) -> String {
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

/// A string so many times over, in whole times; `null` of less than none.
fn repeat<'r>(text: &Text<'_>, times: f64) -> Result<Value<'r>, String> {
    if times.is_nan() || times < 0.0 {
        return Ok(Value::Null);
    }
    let text = text.as_str();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "more is too much")]
    let times = times as usize;
    if text.len().saturating_mul(times) >= LONGEST_REPEAT {
        return Err("Repeat string result too long".to_owned());
    }
    Ok(Value::from(text.repeat(times)))
}

/// The members of both, and where both have an object, the members of these.
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
            let (dividend, divisor) = (dividend.computed(), divisor.computed());
            if divisor.to_f64() == 0.0 {
                return Err(cannot(left, right, "divided because the divisor is zero"));
            }
            Ok(match (dividend, divisor) {
                (Computed::Int(dividend), Computed::Int(divisor))
                    if dividend.checked_rem(divisor) == Some(0) =>
                {
                    Value::Number(Number::from_computed(Computed::Int(dividend / divisor)))
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

/// The remainder of whole numbers: fractions are cut off first, and the sign is that of the dividend.
fn remainder<'r>(left: &Value<'r>, right: &Value<'r>) -> Result<Value<'r>, String> {
    let (Value::Number(dividend), Value::Number(divisor)) = (left, right) else {
        return Err(cannot(left, right, "divided (remainder)"));
    };
    let (dividend, divisor) = (dividend.computed(), divisor.computed());
    if dividend.to_f64().is_nan() || divisor.to_f64().is_nan() {
        return Ok(Value::from(f64::NAN));
    }
    #[expect(clippy::cast_possible_truncation, reason = "what is too large is the largest")]
    let whole = |number: Computed| match number {
        Computed::Int(whole) => whole,
        Computed::Float(float) => i128::from(float as i64),
    };
    match whole(dividend).checked_rem(whole(divisor)) {
        Some(rest) => Ok(Value::Number(Number::from_computed(Computed::Int(rest)))),
        None if whole(divisor) == 0 => {
            Err(cannot(left, right, "divided (remainder) because the divisor is zero"))
        }
        None => Ok(Value::from(0_i64)),
    }
}

/// Whole numbers stay exact as long as they have room.
fn numbers<'r>(
    left: &Number<'_>,
    right: &Number<'_>,
    exact: fn(i128, i128) -> Option<i128>,
    rounded: fn(f64, f64) -> f64,
) -> Value<'r> {
    let (left, right) = (left.computed(), right.computed());
    let whole = match (left, right) {
        (Computed::Int(left), Computed::Int(right)) => exact(left, right).map(Computed::Int),
        _ => None,
    };
    let result = whole.unwrap_or_else(|| Computed::Float(rounded(left.to_f64(), right.to_f64())));
    Value::Number(Number::from_computed(result))
}

/// Whether one value is in another: a string in a string, each item in one of the items, each member in its namesake.
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

/// As [`contains`], of values that may be of different kinds.
fn is_in(whole: &Value<'_>, part: &Value<'_>) -> Result<bool, String> {
    if whole.kind() == part.kind() { contains(whole, part) } else { Ok(false) }
}

fn holds_all(whole: &Array<'_>, part: &Array<'_>) -> Result<bool, String> {
    for part in part.iter() {
        let mut found = false;
        for whole in whole.iter() {
            if is_in(&whole, &part)? {
                found = true;
                break;
            }
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}
