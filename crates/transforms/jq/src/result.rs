//! Results as text: what stands in the record as the bytes that it is there.

use taskferry_json::{ArrayWriter, MAX_DEPTH, ObjectWriter, TextWriter};

use crate::value::{Number, Text, Value};

/// Adds a result.
///
/// # Errors
/// What the result holds that JSON can't.
pub(crate) fn write(value: &Value<'_>, texts: &mut TextWriter) -> Result<(), String> {
    put(value, MAX_DEPTH, texts)
}

/// Where a value can be put.
trait Place {
    fn part(self, part: impl taskferry_json::Part);
    fn array<R>(self, write: impl FnOnce(&mut ArrayWriter<'_>) -> R) -> R;
    fn object<R>(self, write: impl FnOnce(&mut ObjectWriter<'_>) -> R) -> R;
}

impl Place for &mut TextWriter {
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

impl Place for &mut ArrayWriter<'_> {
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

/// Behind a key of an object.
struct Member<'w, 'o, 'k> {
    object: &'w mut ObjectWriter<'o>,
    key: &'k Text<'k>,
}

impl Place for Member<'_, '_, '_> {
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

/// Puts a value where it may be nested so many levels.
fn put(value: &Value<'_>, depth: usize, place: impl Place) -> Result<(), String> {
    let too_deep = || "the result is nested deeper than 127 levels".to_owned();
    if let Some(node) = value.as_container_node() {
        let is_within = node.depth_limit() <= depth || nesting(node.raw()) <= depth;
        if !is_within {
            return Err(too_deep());
        }
        place.part(node);
        return Ok(());
    }
    match value {
        Value::Null => place.part(()),
        Value::Bool(flag) => place.part(*flag),
        Value::Number(number) => put_number(number, place)?,
        Value::String(Text::Node(node)) => place.part(*node),
        Value::String(text) => place.part(text.as_str()),
        Value::Array(array) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            let items = array.own_items();
            place.array(|out| items.iter().try_for_each(|item| put(item, depth, &mut *out)))?;
        }
        Value::Object(object) => {
            let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
            place.object(|out| {
                let mut members = object.own_members();
                members.try_for_each(|(key, value)| put(value, depth, Member { object: out, key }))
            })?;
        }
    }
    Ok(())
}

fn put_number(number: &Number<'_>, place: impl Place) -> Result<(), String> {
    match number {
        Number::Node(node) => place.part(*node),
        Number::Int(whole) => place.part(*whole),
        Number::Float(float) if !float.is_finite() => {
            return Err(format!(
                "the result has the number {}, which JSON can't hold",
                name(*float)
            ));
        }
        number => {
            let number = number.to_json().parse::<serde_json::Number>();
            place.part(number.map_err(|error| error.to_string())?);
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

/// How deep the brackets of a text are nested.
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
    fn what_json_can_not_hold_is_an_error() {
        for (value, message) in [
            (Value::from(f64::NAN), "the result has the number NaN, which JSON can't hold"),
            (
                Value::from(f64::INFINITY),
                "the result has the number Infinity, which JSON can't hold",
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
        fn what_was_computed_comes_back_as_the_same_number(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
            let text = written(&Value::from(float)).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap().to_bits(), float.to_bits());
        }
    }
}
