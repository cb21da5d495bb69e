//! Formats values as JSON.

use std::fmt::{self, Write};

use super::{Text, Value};

/// The value as JSON, with normalized spelling. NaN is `null`, as in jq.
impl fmt::Display for Value<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        dump(self, formatter)
    }
}

fn dump(value: &Value<'_>, out: &mut dyn Write) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(flag) => out.write_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => out.write_str(&number.to_json()),
        Value::String(text) => quote(text, out),
        Value::Array(array) => {
            out.write_char('[')?;
            for (position, item) in array.iter().enumerate() {
                separate(position, out)?;
                dump(&item, out)?;
            }
            out.write_char(']')
        }
        Value::Object(object) => {
            out.write_char('{')?;
            for (position, (key, value)) in object.iter().enumerate() {
                separate(position, out)?;
                quote(&key, out)?;
                out.write_char(':')?;
                dump(&value, out)?;
            }
            out.write_char('}')
        }
    }
}

fn separate(position: usize, out: &mut dyn Write) -> fmt::Result {
    if position > 0 { out.write_char(',') } else { Ok(()) }
}

fn quote(text: &Text<'_>, out: &mut dyn Write) -> fmt::Result {
    out.write_char('"')?;
    let text = text.as_str();
    let mut rest = &*text;
    let is_special = |letter: char| letter < ' ' || matches!(letter, '"' | '\\' | '\u{7f}');
    while let Some((position, letter)) = rest.char_indices().find(|(_, letter)| is_special(*letter))
    {
        out.write_str(&rest[..position])?;
        match letter {
            '"' | '\\' => write!(out, "\\{letter}")?,
            '\n' => out.write_str("\\n")?,
            '\t' => out.write_str("\\t")?,
            '\r' => out.write_str("\\r")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            _ => write!(out, "\\u{:04x}", u32::from(letter))?,
        }
        rest = &rest[position + 1..];
    }
    out.write_str(rest)?;
    out.write_char('"')
}

/// A value as in the messages of jq: its type and its shortened JSON, `string ("Plan the qu...")`.
pub(crate) fn described(value: &Value<'_>) -> String {
    format!("{} ({})", value.kind(), shortened(value))
}

/// The maximum length of a value in a message, in bytes, as in jq.
const MAX_SHOWN: usize = 29;

/// A value as JSON of at most [`MAX_SHOWN`] bytes.
pub(crate) fn shortened(value: &Value<'_>) -> String {
    let end = match value {
        Value::String(_) => "\"",
        Value::Array(_) => "]",
        Value::Object(_) => "}",
        _ => "",
    };
    let mut start = Start(String::new());
    // An error means that the text is longer.
    let _ = dump(value, &mut start);
    let Start(mut text) = start;
    if text.len() > MAX_SHOWN {
        text.truncate(text.floor_char_boundary(MAX_SHOWN - 3 - end.len()));
        text.push_str("...");
        text.push_str(end);
    }
    text
}

/// Collects text until it is longer than [`MAX_SHOWN`].
struct Start(String);

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push_str(&text[..text.floor_char_boundary(2 * MAX_SHOWN)]);
        if self.0.len() > MAX_SHOWN { Err(fmt::Error) } else { Ok(()) }
    }
}
