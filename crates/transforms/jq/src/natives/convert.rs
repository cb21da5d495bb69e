//! Conversions between strings and other values, as strict as in jq.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::percent_decode_str;

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
    ("@base64d", 0, |value, _| decode_base64(&text_of(&value))),
    ("@base32d", 0, |value, _| decode_base32(&text_of(&value))),
    ("@urid", 0, |value, _| decode_uri(&text_of(&value))),
];

/// A string unchanged, and any other value as JSON.
pub(crate) fn to_string(value: Value<'_>) -> Value<'_> {
    match value {
        Value::String(_) => value,
        other => Value::from(other.to_string()),
    }
}

/// The text of a string, and any other value as JSON.
pub(super) fn text_of<'v>(value: &'v Value<'_>) -> Cow<'v, str> {
    value.as_str().unwrap_or_else(|| value.to_string().into())
}

/// Parses a string with one JSON value. jq's spellings of NaN are valid.
fn from_json<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let Some(text) = value.as_str() else {
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
    let flag = match (value, value.as_str().as_deref()) {
        (Value::Bool(flag), _) => *flag,
        (_, Some("true")) => true,
        (_, Some("false")) => false,
        _ => return Err(format!("{} cannot be parsed as a boolean", described(value))),
    };
    Ok(Value::Bool(flag))
}

fn decode_base64<'r>(text: &str) -> FunctionResult<'r> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let digits = text.trim_end_matches('=');
    let engine = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    match engine.decode(digits) {
        Ok(bytes) => Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) if digits.len() % 4 == 1 && digits.bytes().all(is_base64) => {
            Err(format!("{} trailing base64 byte found", described_text(text)))
        }
        Err(_) => Err(format!("{} is not valid base64 data", described_text(text))),
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn decode_base32<'r>(text: &str) -> FunctionResult<'r> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.trim_end_matches('=').bytes() {
        let digit = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'2'..=b'7' => digit - b'2' + 26,
            _ => return Err(format!("{} is not valid base32 data", described_text(text))),
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
fn decode_uri<'r>(text: &str) -> FunctionResult<'r> {
    let is_code = |code: &str| code.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let is_valid = text.split('%').skip(1).all(is_code);
    let decoded = percent_decode_str(text).decode_utf8().ok().filter(|_| is_valid);
    let decoded = decoded.map(|text| Value::from(text.into_owned()));
    decoded.ok_or_else(|| format!("{} is not a valid uri encoding", described_text(text)))
}

fn described_text(text: &str) -> String {
    described(&Value::from(text))
}
