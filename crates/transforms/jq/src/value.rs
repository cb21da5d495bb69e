//! From JSON values to jq values and back, with the text of numbers and the order of keys.

use jaq_core::ValT as _;
use jaq_json::{Num, Rc, Val};
use serde_json::{Number, Value};

/// As deep as JSON is read elsewhere; what is deeper could not be read again.
const MAX_DEPTH: usize = 127;

/// A jq value for a JSON value.
pub(crate) fn from_json(value: Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(flag) => Val::Bool(flag),
        Value::Number(number) => from_number(&number),
        Value::String(text) => Val::utf8_str(text),
        Value::Array(items) => items.into_iter().map(from_json).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Val::obj(members.map(|(key, value)| (Val::utf8_str(key), from_json(value))).collect())
        }
    }
}

fn from_number(number: &Number) -> Val {
    let text = number.as_str();
    let known = Val::from_num(text).ok().filter(|_| text != "-0");
    known.unwrap_or_else(|| Val::Num(Num::Dec(Rc::new(text.to_owned()))))
}

/// A JSON value for a result of jq.
///
/// # Errors
/// What the result holds that JSON can't.
pub(crate) fn to_json(value: &Val) -> Result<Value, String> {
    convert(value, MAX_DEPTH)
}

fn convert(value: &Val, depth: usize) -> Result<Value, String> {
    let deeper = || {
        depth.checked_sub(1).ok_or_else(|| "the result is nested deeper than 127 levels".to_owned())
    };
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(flag) => Value::Bool(*flag),
        Val::Num(number) => Value::Number(to_number(number)?),
        Val::TStr(bytes) => Value::String(to_text(bytes)?),
        Val::BStr(_) => {
            return Err("the result holds bytes, which JSON can't; `tostring` makes text of them"
                .to_owned());
        }
        Val::Arr(items) => {
            let depth = deeper()?;
            items.iter().map(|item| convert(item, depth)).collect::<Result<_, _>>()?
        }
        Val::Obj(members) => {
            let depth = deeper()?;
            let members = members.iter().map(|(key, value)| match key {
                Val::TStr(bytes) => Ok((to_text(bytes)?, convert(value, depth)?)),
                other => Err(format!("the result has the key {other}, and keys must be texts")),
            });
            Value::Object(members.collect::<Result<_, String>>()?)
        }
    })
}

fn to_text(bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the result has text that is not UTF-8")?;
    Ok(text.to_owned())
}

fn to_number(number: &Num) -> Result<Number, String> {
    let finite = |float: f64| match Number::from_f64(float) {
        Some(number) => Ok(whole(float).unwrap_or(number)),
        None => Err(format!("the result has the number {number}, which JSON can't hold")),
    };
    match number {
        Num::Int(whole) => Ok(Number::from(*whole as i64)),
        Num::Float(float) => finite(*float),
        // The text as it stood in the record or in the expression; jq takes some that JSON does not, `00.5`.
        Num::BigInt(_) | Num::Dec(_) => {
            let text = number.to_string();
            text.parse().or_else(|_| finite(text.parse().unwrap_or(f64::NAN)))
        }
    }
}

/// What was computed and came out whole is written without a fraction, as jq does: `4 / 2` is 2.
fn whole(float: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole =
        float.fract() == 0.0 && float.abs() < EXACT && !(float == 0.0 && float.is_sign_negative());
    if whole { format!("{float:.0}").parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_keep_their_text() {
        for text in [
            "1.10",
            "-0",
            "0",
            "-7",
            "1e+5",
            "1e-7",
            "100000000000000000001",
            "-9223372036854775808",
            "1e+400",
            "0.1000000000000000055511151231257827",
        ] {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(to_json(&from_json(value)).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_json_can_not_hold_is_an_error() {
        for (value, message) in [
            (Val::from(f64::NAN), "the result has the number NaN, which JSON can't hold"),
            (Val::from(f64::INFINITY), "the result has the number Infinity, which JSON can't hold"),
            (Val::utf8_str(vec![0xff]), "the result has text that is not UTF-8"),
            (
                Val::obj(std::iter::once((Val::from(1usize), Val::Null)).collect()),
                "the result has the key 1, and keys must be texts",
            ),
            (
                (0..200).fold(Val::Null, |inner, _| std::iter::once(inner).collect()),
                "the result is nested deeper than 127 levels",
            ),
        ] {
            assert_eq!(to_json(&value).unwrap_err(), message);
        }
    }

    proptest! {
        #[test]
        fn what_was_computed_comes_back_as_the_same_number(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
            let number = to_json(&Val::from(float)).unwrap();
            let text = number.to_string();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }
}
