//! From the text of JSON to jq values, without a tree in between.

use bytes::Bytes;
use jaq_json::{Map, Val};
use serde_json::Number;
use taskferry_json::Reader;

use crate::value::from_number;

/// Deeper text is left to the parser of JSON, which tells where it has to stop.
const MAX_DEPTH: usize = 64;

/// The value of a whole text that is known to be JSON; strings share its bytes. `None` where it is nested too deep.
pub(crate) fn read(text: &Bytes) -> Option<Val> {
    let mut reader = Reader::new(text);
    reader.peek()?;
    next(text, &mut reader, MAX_DEPTH)
}

/// The value of a part of a text.
pub(crate) fn read_part(text: &Bytes, part: &[u8]) -> Option<Val> {
    read(&text.slice_ref(part))
}

fn next(text: &Bytes, reader: &mut Reader<'_>, depth: usize) -> Option<Val> {
    let depth = depth.checked_sub(1)?;
    match reader.peek()? {
        b'{' => {
            let mut members = Map::default();
            reader.enter(b'{')?;
            while reader.more(b'}')? {
                let key = key(text, reader.key()?)?;
                members.insert(key, next(text, reader, depth)?);
            }
            Some(Val::obj(members))
        }
        b'[' => {
            let mut items = Vec::new();
            reader.enter(b'[')?;
            while reader.more(b']')? {
                items.push(next(text, reader, depth)?);
            }
            Some(items.into_iter().collect())
        }
        b'"' => string(text, reader.value()?),
        b'n' => reader.value().map(|_| Val::Null),
        b't' => reader.value().map(|_| Val::Bool(true)),
        b'f' => reader.value().map(|_| Val::Bool(false)),
        _ => number(reader.value()?),
    }
}

/// A key, which stands there without its quotes.
pub(crate) fn key(text: &Bytes, key: &[u8]) -> Option<Val> {
    if memchr::memchr(b'\\', key).is_none() {
        return Some(Val::utf8_str(text.slice_ref(key)));
    }
    let quoted = [b"\"", key, b"\""].concat();
    serde_json::from_slice::<String>(&quoted).ok().map(Val::utf8_str)
}

fn string(text: &Bytes, quoted: &[u8]) -> Option<Val> {
    match taskferry_json::string(quoted) {
        Some(plain) => Some(Val::utf8_str(text.slice_ref(plain.as_bytes()))),
        None => serde_json::from_slice::<String>(quoted).ok().map(Val::utf8_str),
    }
}

/// As it would be if a parser had read it, which spells an exponent its own way.
fn number(text: &[u8]) -> Option<Val> {
    let number: Number = serde_json::from_slice(text).ok()?;
    Some(from_number(&number))
}
