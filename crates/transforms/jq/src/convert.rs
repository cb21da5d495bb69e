//! Functions that make values of texts, and take texts apart, as strictly as jq does.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jaq_core::native::{Filter, bome, v};
use jaq_core::{Error, RunPtr, ValR, ValT as _};
use jaq_json::Val;
use jaq_std::ValT as _;
use serde::de::IgnoredAny;

use crate::depth::{MAX_DEPTH, nesting};
use crate::natives::Data;
use crate::value::described;

/// The functions by name.
pub(crate) fn functions() -> [Filter<RunPtr<Data>>; 10] {
    [
        ("fromjson", v(0), |cv| bome(from_json(&cv.1))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("toboolean", v(0), |cv| bome(to_boolean(cv.1))),
        ("decode_base64", v(0), |cv| bome(decode_base64(&cv.1))),
        ("decode_uri", v(0), |cv| bome(decode_uri(&cv.1))),
        ("implode", v(0), |cv| bome(implode(&cv.1))),
        ("utf8bytelength", v(0), |cv| bome(utf8_length(&cv.1))),
        ("trim", v(0), |cv| bome(trimmed(&cv.1, str::trim))),
        ("ltrim", v(0), |cv| bome(trimmed(&cv.1, str::trim_start))),
        ("rtrim", v(0), |cv| bome(trimmed(&cv.1, str::trim_end))),
    ]
}

/// The one value that a text holds. jq's spellings of "not a number" are such values too.
fn from_json(value: &Val) -> ValR<Val> {
    let Some(text) = text(value) else {
        return Err(Error::str(format!("{} only strings can be parsed", described(value))));
    };
    let refused =
        |reason: &dyn std::fmt::Display| Error::str(format!("{reason} (while parsing '{text}')"));
    if matches!(text.trim(), "nan" | "NaN" | "-nan" | "-NaN") {
        return Ok(Val::from(f64::NAN));
    }
    if nesting(text) > MAX_DEPTH {
        return Err(refused(&"Exceeds depth limit for parsing"));
    }
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| refused(&error))?;
    jaq_json::read::parse_single(text.as_bytes()).map_err(|error| refused(&error))
}

/// A number, or the text of one and nothing else.
fn to_number(value: Val) -> ValR<Val> {
    let is_number = |text: &str| {
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
    };
    let number = match &value {
        Val::Num(_) => return Ok(value),
        Val::TStr(_) => text(&value).filter(|text| is_number(text)).and_then(|text| {
            let float: f64 = text.parse().ok()?;
            // As it stands there, with all its digits, if JSON could hold it.
            match serde_json::from_str::<serde_json::Number>(text) {
                Ok(_) => Val::from_num(text).ok(),
                Err(_) => Some(Val::from(float)),
            }
        }),
        _ => None,
    };
    number.ok_or_else(|| Error::str(format!("{} cannot be parsed as a number", described(&value))))
}

fn to_boolean(value: Val) -> ValR<Val> {
    match (&value, text(&value)) {
        (Val::Bool(_), _) => Ok(value),
        (_, Some("true")) => Ok(Val::Bool(true)),
        (_, Some("false")) => Ok(Val::Bool(false)),
        _ => Err(Error::str(format!("{} cannot be parsed as a boolean", described(&value)))),
    }
}

fn decode_base64(value: &Val) -> ValR<Val> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let Some(text) = text(value) else {
        return Err(Error::typ(value.clone(), "string"));
    };
    let digits = text.trim_end_matches('=');
    let engine = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    match engine.decode(digits) {
        Ok(bytes) => Ok(Val::utf8_str(String::from_utf8_lossy(&bytes).into_owned())),
        Err(_) if digits.len() % 4 == 1 && digits.bytes().all(is_base64) => {
            Err(Error::str(format!("{} trailing base64 byte found", described(value))))
        }
        Err(_) => Err(Error::str(format!("{} is not valid base64 data", described(value)))),
    }
}

/// `%C3%A9` is `é`; what is no such code, or no text, is refused.
fn decode_uri(value: &Val) -> ValR<Val> {
    let refused = || Error::str(format!("{} is not a valid uri encoding", described(value)));
    let mut rest = text(value).ok_or_else(refused)?.bytes();
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
    String::from_utf8(bytes).map(Val::utf8_str).map_err(|_| refused())
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// A text of code points; what is none becomes U+FFFD.
fn implode(value: &Val) -> ValR<Val> {
    let Val::Arr(points) = value else {
        return Err(Error::str("implode input must be an array"));
    };
    let letter = |point: &Val| {
        let number = point.as_f64().filter(|number| !number.is_nan()).ok_or_else(|| {
            let what = "can't be imploded, unicode codepoint needs to be numeric";
            Error::str(format!("{} {what}", described(point)))
        })?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "what does not fit is no code point"
        )]
        let point = if number < 0.0 { u32::MAX } else { number as u32 };
        Ok(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER))
    };
    points.iter().map(letter).collect::<Result<String, _>>().map(Val::utf8_str)
}

fn utf8_length(value: &Val) -> ValR<Val> {
    match value {
        Val::TStr(bytes) => Ok(Val::from(bytes.len())),
        _ => Err(Error::str(format!("{} only strings have UTF-8 byte length", described(value)))),
    }
}

fn trimmed(value: &Val, trim: impl Fn(&str) -> &str) -> ValR<Val> {
    match text(value) {
        Some(text) => Ok(value.as_sub_str(trim(text).as_bytes())),
        None => Err(Error::str("trim input must be a string")),
    }
}

fn text(value: &Val) -> Option<&str> {
    match value {
        Val::TStr(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}
