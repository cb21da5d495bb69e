//! Parses the JSON objects in responses.

use bytes::Bytes;
use serde::Deserialize;
use taskferry_json::{Body, Node};

/// The byte order mark of UTF-8, which a parser may ignore (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

pub(crate) fn without_byte_order_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

/// Parses and indexes a body, which must be one JSON object.
pub(crate) fn parse_object(body: &Bytes) -> Result<Body, String> {
    let json = without_byte_order_mark(body);
    match json.trim_ascii_start() {
        [] => Err("it is empty".to_owned()),
        [b'{', ..] => Body::parse(body.slice_ref(json)).map_err(|error| error.to_string()),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err("it is UTF-16 text, not UTF-8".to_owned()),
        _ => Err(NOT_AN_OBJECT.to_owned()),
    }
}

pub(crate) const NOT_AN_OBJECT: &str = "it is not a JSON object";

/// Deserializes a field of an object. If the key is repeated, the last value counts.
pub(crate) fn field<'a, T: Deserialize<'a>>(object: Node<'a>, key: &str) -> Result<T, String> {
    let value = object.get(key).ok_or_else(|| format!("`{key}` is missing"))?;
    value.deserialize().map_err(|error| {
        let mut reason = error.to_string();
        // Remove the position, which is relative to the field.
        reason.truncate(reason.rfind(" at line ").unwrap_or(reason.len()));
        format!("`{key}`: {reason}")
    })
}
