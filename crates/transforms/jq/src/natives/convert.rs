//! Conversions between strings and other values, as strict as in jq.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::json::{nesting, parse};
use crate::builtins::{FunctionResult, FunctionTable};
use crate::limits::MAX_DEPTH;
use crate::value::{Number, Value, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("tostring", 0, |value, _| Ok(to_string(value))),
    ("tojson", 0, |value, _| Ok(Value::from(value.to_string()))),
    ("fromjson", 0, |value, _| from_json(&value)),
    ("tonumber", 0, |value, _| to_number(value)),
    ("toboolean", 0, |value, _| to_boolean(&value)),
    ("@base64d", 0, |value, _| decode_base64(&to_string(value))),
    ("@base32d", 0, |value, _| decode_base32(&to_string(value))),
    ("@urid", 0, |value, _| decode_uri(&to_string(value))),
];

/// A string unchanged, and any other value as JSON.
pub(crate) fn to_string(value: Value<'_>) -> Value<'_> {
    match value {
        Value::String(_) => value,
        other => Value::from(other.to_string()),
    }
}

/// Parses a string with one JSON value. jq's spellings of NaN are valid.
fn from_json<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let Some(text) = text(value) else {
        return Err(format!("{} only strings can be parsed", described(value)));
    };
    let refused = |reason: &str| format!("{reason} (while parsing '{text}')");
    if nesting(&text) > MAX_DEPTH {
        return Err(refused("Exceeds depth limit for parsing"));
    }
    parse(&text).map_err(|reason| refused(&reason))
}

/// A number, or a string with exactly one number.
fn to_number(value: Value<'_>) -> FunctionResult<'_> {
    let is_number = |text: &str| {
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            && text.parse::<f64>().is_ok()
    };
    match &value {
        Value::Number(_) => return Ok(value),
        Value::String(text) if is_number(&text.as_str()) => {
            return Ok(Value::Number(Number::parse(&text.as_str())));
        }
        _ => {}
    }
    Err(format!("{} cannot be parsed as a number", described(&value)))
}

fn to_boolean<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let flag = match (value, text(value).as_deref()) {
        (Value::Bool(flag), _) => *flag,
        (_, Some("true")) => true,
        (_, Some("false")) => false,
        _ => return Err(format!("{} cannot be parsed as a boolean", described(value))),
    };
    Ok(Value::Bool(flag))
}

fn decode_base64<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let text = text(value).unwrap_or_default();
    let digits = text.trim_end_matches('=');
    let engine = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    match engine.decode(digits) {
        Ok(bytes) => Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) if digits.len() % 4 == 1 && digits.bytes().all(is_base64) => {
            Err(format!("{} trailing base64 byte found", described(value)))
        }
        Err(_) => Err(format!("{} is not valid base64 data", described(value))),
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn decode_base32<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let text = text(value).unwrap_or_default();
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').bytes() {
        let digit = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return Err(format!("{} is not valid base32 data", described(value))),
        };
        bits = (bits << 5 | u32::from(digit)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Decodes `%C3%A9` as `é`. Refuses invalid codes and text that is not UTF-8.
fn decode_uri<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let refused = || format!("{} is not a valid uri encoding", described(value));
    let text = text(value).unwrap_or_default();
    let mut rest = text.bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = digit().zip(digit()).ok_or_else(refused)?;
        bytes.push(u8::try_from(high * 16 + low).map_err(|_| refused())?);
    }
    String::from_utf8(bytes).map(Value::from).map_err(|_| refused())
}

fn text<'v>(value: &'v Value<'_>) -> Option<Cow<'v, str>> {
    match value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    }
}
