//! The formats: `@csv`, `@base64`, ….

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::convert::{text_of, to_string};
use crate::builtins::{FunctionResult, FunctionTable};
use crate::value::{Value, described};

/// All characters except the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("@text", 0, |value, _| Ok(to_string(value))),
    ("@json", 0, |value, _| Ok(Value::from(value.to_string()))),
    ("@csv", 0, |value, _| {
        row(&value, "csv", ",", |text| format!("\"{}\"", text.replace('"', "\"\"")))
    }),
    ("@tsv", 0, |value, _| row(&value, "tsv", "\t", escape_tsv)),
    ("@html", 0, |value, _| Ok(Value::from(escape_html(&text_of(&value))))),
    ("@uri", 0, |value, _| {
        Ok(Value::from(utf8_percent_encode(&text_of(&value), RESERVED).to_string()))
    }),
    ("@sh", 0, |value, _| escape_shell(&value)),
    ("@base64", 0, |value, _| Ok(Value::from(STANDARD.encode(&*text_of(&value))))),
    ("@base32", 0, |value, _| Ok(Value::from(encode_base32(text_of(&value).as_bytes())))),
];

fn row<'r>(
    value: &Value<'r>,
    format: &str,
    separator: &str,
    quote: impl Fn(&str) -> String,
) -> FunctionResult<'r> {
    let Value::Array(cells) = value else {
        let value = described(value);
        return Err(format!("{value} cannot be {format}-formatted, only an array can be"));
    };
    let cells = cells.iter().map(|cell| match &cell {
        Value::Null => Ok(String::new()),
        Value::Bool(_) | Value::Number(_) => Ok(cell.to_string()),
        Value::String(text) => Ok(quote(&text.as_str())),
        other => Err(format!("{} is not valid in a {format} row", described(other))),
    });
    Ok(Value::from(cells.collect::<Result<Vec<_>, _>>()?.join(separator)))
}

fn escape_tsv(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn escape_html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('\'', "&apos;").replace('"', "&quot;")
}

/// Quotes a string, or each item of an array, for a shell.
fn escape_shell<'r>(value: &Value<'r>) -> FunctionResult<'r> {
    let word = |value: &Value<'_>| match value {
        Value::String(text) => Ok(format!("'{}'", text.as_str().replace('\'', r"'\''"))),
        Value::Array(_) | Value::Object(_) => {
            Err(format!("{} can not be escaped for shell", described(value)))
        }
        other => Ok(other.to_string()),
    };
    Ok(Value::from(match value {
        Value::Array(words) => {
            words.iter().map(|value| word(&value)).collect::<Result<Vec<_>, _>>()?.join(" ")
        }
        other => word(other)?,
    }))
}

fn encode_base32(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut encoded = String::new();
    for chunk in bytes.chunks(5) {
        let mut bits = [0; 8];
        bits[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(bits);
        let digits = (chunk.len() * 8).div_ceil(5);
        let digit = |position| DIGITS.get((bits >> (35 - 5 * position) & 31) as usize).copied();
        encoded.extend((0..digits).filter_map(digit).map(char::from));
        encoded.extend(std::iter::repeat_n('=', 8 - digits));
    }
    encoded
}
