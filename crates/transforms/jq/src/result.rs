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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Map;
    use proptest::prelude::*;
    use taskferry_json::Document;

    fn written(value: &Value<'_>) -> Result<String, String> {
        let mut texts = TextWriter::new();
        write(value, &mut texts)?;
        Ok(texts.finish().map(|text| text.to_string()).collect())
    }

    #[test]
    fn numbers_keep_their_text() {
        for text in [
            "1.10",
            "-0",
            "0",
            "-7",
            "1E5",
            "1e-7",
            "100000000000000000001",
            "-9223372036854775808",
            "1e+400",
            "0.1000000000000000055511151231257827",
        ] {
            let document = Document::parse(text).unwrap();
            assert_eq!(written(&Value::of(document.root())).unwrap(), text);
            let parsed = written(&Value::Number(Number::parse(text))).unwrap();
            assert_eq!(parsed, text.replace('E', "e+"));
        }
    }

    #[test]
    fn values_that_json_can_not_represent_are_errors() {
        for (value, message) in [
            (
                Value::from(f64::NAN),
                "the result contains the number NaN, which JSON can't represent",
            ),
            (
                Value::from(f64::INFINITY),
                "the result contains the number Infinity, which JSON can't represent",
            ),
            (
                (0..200).fold(Value::Null, |inner, _| std::iter::once(inner).collect()),
                "the result is nested deeper than 127 levels",
            ),
        ] {
            assert_eq!(written(&value).unwrap_err(), message);
        }
        let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
        let deep = Document::parse(deep).unwrap();
        let around = |levels: usize| {
            (0..levels).fold(Value::of(deep.root()), |inner, _| {
                Value::from(Map::from_iter([(Text::Borrowed("a"), inner)]))
            })
        };
        assert!(written(&around(27)).is_ok());
        assert!(written(&around(28)).is_err());
    }

    proptest! {
        #[test]
        fn a_computed_number_is_written_exactly(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
            let text = written(&Value::from(float)).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }
}
