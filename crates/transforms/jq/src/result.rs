//! Writes results as JSON. Values of the record keep their bytes.

use taskferry_json::{ArrayWriter, MAX_DEPTH, ObjectWriter, TextWriter};

use crate::value::{Number, Text, Value};

pub(crate) fn write(value: &Value<'_>, texts: &mut TextWriter) -> Result<(), String> {
    put(value, MAX_DEPTH, texts)
}

/// A position in a document where a value can be written.
trait Slot {
    fn part(self, part: impl taskferry_json::Part);
    fn array<R>(self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R;
    fn object<R>(self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R;
}

impl Slot for &mut TextWriter {
    fn part(self, part: impl taskferry_json::Part) {
        self.value(part);
    }

    fn array<R>(self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        TextWriter::array(self, write)
    }

    fn object<R>(self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
        TextWriter::object(self, write)
    }
}

impl Slot for &mut ArrayWriter<'_> {
    fn part(self, part: impl taskferry_json::Part) {
        self.item(part);
    }

    fn array<R>(self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        ArrayWriter::array(self, write)
    }

    fn object<R>(self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
        ArrayWriter::object(self, write)
    }
}

/// The value of an object member.
struct Member<'w, 'o, 'k> {
    object: &'w mut ObjectWriter<'o>,
    key: &'k Text<'k>,
}

impl Slot for Member<'_, '_, '_> {
    fn part(self, part: impl taskferry_json::Part) {
        match self.key {
            Text::Key(key) => self.object.member(*key, part),
            key => self.object.member(key.as_str(), part),
        }
    }

    fn array<R>(self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R {
        match self.key {
            Text::Key(key) => self.object.array(*key, write),
            key => self.object.array(key.as_str(), write),
        }
    }

    fn object<R>(self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R {
        match self.key {
            Text::Key(key) => self.object.object(*key, write),
            key => self.object.object(key.as_str(), write),
        }
    }
}

/// Writes a value that may be nested at most `depth` levels.
fn put(value: &Value<'_>, depth: usize, slot: impl Slot) -> Result<(), String> {
    let too_deep = || "the result is nested deeper than 127 levels".to_owned();
    if let Some(node) = value.as_container_node() {
        let is_within = node.depth_limit() <= depth || nesting(node.raw()) <= depth;
        if !is_within {
            return Err(too_deep());
        }
        slot.part(node);
        return Ok(());
    }
    match value {
        Value::Null => slot.part(()),
        Value::Bool(flag) => slot.part(*flag),
        Value::Number(number) => put_number(number, slot)?,
        Value::String(Text::Node(node)) => slot.part(*node),
        Value::String(text) => slot.part(text.as_str()),
        Value::Array(array) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            let items = array.own_items();
            slot.array(|out| items.iter().try_for_each(|item| put(item, depth, &mut *out)))?;
        }
        Value::Object(object) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            slot.object(|out| {
                let mut members = object.own_members();
                members.try_for_each(|(key, value)| put(value, depth, Member { object: out, key }))
            })?;
        }
    }
    Ok(())
}

fn put_number(number: &Number<'_>, slot: impl Slot) -> Result<(), String> {
    match number {
        Number::Node(node) => slot.part(*node),
        Number::Int(whole) => slot.part(*whole),
        Number::Float(float) if !float.is_finite() => {
            return Err(format!(
                "the result contains the number {}, which JSON can't represent",
                name(*float)
            ));
        }
        number => {
            let number = number.to_json().parse::<serde_json::Number>();
            slot.part(number.map_err(|error| error.to_string())?);
        }
    }
    Ok(())
}

fn name(float: f64) -> &'static str {
    if float.is_nan() {
        "NaN"
    } else if float > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn nesting(text: &[u8]) -> usize {
    std::str::from_utf8(text).map_or(usize::MAX, crate::natives::json::nesting)
}
