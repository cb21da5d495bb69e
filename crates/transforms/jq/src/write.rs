//! From jq values to the text of JSON, with the text of numbers and the order of keys.

use jaq_json::{Num, Val};
use serde_json::Number;

/// As deep as JSON is read elsewhere; what is deeper could not be read again.
const MAX_DEPTH: usize = 127;

/// Appends a result of jq as JSON.
///
/// # Errors
/// What the result holds that JSON can't.
pub(crate) fn write(value: &Val, out: &mut Vec<u8>) -> Result<(), String> {
    write_within(value, out, MAX_DEPTH)
}

/// Appends what stands directly in a result.
pub(crate) fn write_member(value: &Val, out: &mut Vec<u8>) -> Result<(), String> {
    write_within(value, out, MAX_DEPTH - 1)
}

fn write_within(value: &Val, out: &mut Vec<u8>, depth: usize) -> Result<(), String> {
    let deeper = || {
        depth.checked_sub(1).ok_or_else(|| "the result is nested deeper than 127 levels".to_owned())
    };
    match value {
        Val::Null => out.extend_from_slice(b"null"),
        Val::Bool(true) => out.extend_from_slice(b"true"),
        Val::Bool(false) => out.extend_from_slice(b"false"),
        Val::Num(number) => write_number(number, out)?,
        Val::TStr(bytes) => write_text(bytes, out)?,
        Val::BStr(_) => {
            return Err("the result holds bytes, which JSON can't; `tostring` makes text of them"
                .to_owned());
        }
        Val::Arr(items) => {
            let depth = deeper()?;
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_within(item, out, depth)?;
            }
            out.push(b']');
        }
        Val::Obj(members) => {
            let depth = deeper()?;
            out.push(b'{');
            for (index, (key, value)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_key(key, out)?;
                write_within(value, out, depth)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Appends a key and its colon.
pub(crate) fn write_key(key: &Val, out: &mut Vec<u8>) -> Result<(), String> {
    match key {
        Val::TStr(bytes) => write_text(bytes, out)?,
        other => return Err(format!("the result has the key {other}, and keys must be texts")),
    }
    out.push(b':');
    Ok(())
}

fn write_text(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "the result has text that is not UTF-8")?;
    serde_json::to_writer(out, text).map_err(|error| error.to_string())
}

fn write_number(number: &Num, out: &mut Vec<u8>) -> Result<(), String> {
    let finite = |float: f64| match Number::from_f64(float) {
        Some(number) => Ok(whole(float).unwrap_or(number)),
        None => Err(format!("the result has the number {number}, which JSON can't hold")),
    };
    let number = match number {
        Num::Int(whole) => Number::from(*whole as i64),
        Num::Float(float) => finite(*float)?,
        // The text as it stood in the record or in the expression; jq takes some that JSON does not, `00.5`.
        Num::BigInt(_) | Num::Dec(_) => {
            let text = number.to_string();
            text.parse().or_else(|_| finite(text.parse().unwrap_or(f64::NAN)))?
        }
    };
    out.extend_from_slice(number.as_str().as_bytes());
    Ok(())
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
    use crate::value::from_json;
    use proptest::prelude::*;
    use serde_json::Value;

    fn written(value: &Val) -> Result<String, String> {
        let mut out = Vec::new();
        write(value, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

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
            assert_eq!(written(&from_json(value)).unwrap(), text);
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
            assert_eq!(written(&value).unwrap_err(), message);
        }
    }

    proptest! {
        #[test]
        fn what_was_computed_comes_back_as_the_same_number(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
            let text = written(&Val::from(float)).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }
}
