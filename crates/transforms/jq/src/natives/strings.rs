//! Functions of strings.

use super::collections::argument;
use crate::builtins::{FunctionResult, FunctionTable};
use crate::value::{Text, Value, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("utf8bytelength", 0, |value, _| match &value {
        Value::String(text) => Ok(Value::from(text.as_str().len())),
        other => Err(format!("{} only strings have UTF-8 byte length", described(other))),
    }),
    ("startswith", 1, |value, arguments| {
        let (text, start) = both(&value, argument(arguments, 0), "startswith")?;
        Ok(Value::Bool(text.as_str().starts_with(&*start.as_str())))
    }),
    ("endswith", 1, |value, arguments| {
        let (text, end) = both(&value, argument(arguments, 0), "endswith")?;
        Ok(Value::Bool(text.as_str().ends_with(&*end.as_str())))
    }),
    ("ascii_downcase", 0, |value, _| {
        Ok(Value::from(text_of(&value, "ascii_downcase")?.as_str().to_ascii_lowercase()))
    }),
    ("ascii_upcase", 0, |value, _| {
        Ok(Value::from(text_of(&value, "ascii_upcase")?.as_str().to_ascii_uppercase()))
    }),
    ("explode", 0, |value, _| match &value {
        Value::String(text) => Ok(text
            .as_str()
            .chars()
            .map(|letter| Value::from(i64::from(u32::from(letter))))
            .collect()),
        other => Err(format!("{} cannot be exploded", described(other))),
    }),
    ("implode", 0, |value, _| implode(&value)),
    ("trim", 0, |value, _| trimmed(&value, str::trim)),
    ("ltrim", 0, |value, _| trimmed(&value, str::trim_start)),
    ("rtrim", 0, |value, _| trimmed(&value, str::trim_end)),
];

fn text_of<'v, 'r>(value: &'v Value<'r>, function: &str) -> Result<&'v Text<'r>, String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(format!("{function} input must be a string")),
    }
}

fn both<'v, 'r>(
    value: &'v Value<'r>,
    other: &'v Value<'r>,
    function: &str,
) -> Result<(&'v Text<'r>, &'v Text<'r>), String> {
    match (value, other) {
        (Value::String(text), Value::String(other)) => Ok((text, other)),
        _ => Err(format!("{function}() requires string inputs")),
    }
}

fn trimmed<'r>(value: &Value<'r>, trim: impl Fn(&str) -> &str) -> FunctionResult<'r> {
    Ok(Value::from(trim(&text_of(value, "trim")?.as_str()).to_owned()))
}

/// Makes a string of code points. Invalid code points become U+FFFD.
fn implode<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let Value::Array(points) = value else {
        return Err("implode input must be an array".to_owned());
    };
    let letter = |point: Value<'_>| {
        let number = point.as_f64().filter(|number| !number.is_nan()).ok_or_else(|| {
            let what = "can't be imploded, unicode codepoint needs to be numeric";
            format!("{} {what}", described(&point))
        })?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates at a number that is not a code point"
        )]
        let point = if number < 0.0 { u32::MAX } else { number as u32 };
        Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER))
    };
    points.iter().map(letter).collect::<Result<String, String>>().map(Value::from)
}
