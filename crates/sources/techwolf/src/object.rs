//! Objects in answers, of which some members count.

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What some programs put in front of UTF-8 text (RFC 8259, section 8.1: a reader may pass over it).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// JSON without the byte order mark that may stand in front of it.
pub(crate) fn unmarked(json: &[u8]) -> &[u8] {
    json.strip_prefix(BYTE_ORDER_MARK).unwrap_or(json)
}

/// The values of the members with these keys, as they are written. Where a key stands there twice, the last one counts, as it
/// does in a tree, whatever the others are.
///
/// # Errors
/// The JSON is no object.
pub(crate) fn members<'a, const KEYS: usize>(
    json: &'a [u8],
    keys: [&str; KEYS],
) -> Result<[Option<&'a RawValue>; KEYS], String> {
    let json = unmarked(json);
    match json.trim_ascii_start() {
        [] => return Err("it is empty".to_owned()),
        [b'{', ..] => {}
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            return Err("it is UTF-16 text, not UTF-8".to_owned());
        }
        // serde takes a list for a struct as well; the API means objects.
        _ => return Err("it is not a JSON object".to_owned()),
    }
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let values = LastOf(keys).deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    deserializer.end().map_err(|error| error.to_string())?;
    Ok(values)
}

/// What a member holds.
///
/// # Errors
/// It is missing, or something else.
pub(crate) fn read<'a, T: Deserialize<'a>>(
    member: Option<&'a RawValue>,
    key: &str,
) -> Result<T, String> {
    let value = member.ok_or_else(|| format!("`{key}` is missing"))?;
    serde_json::from_str(value.get()).map_err(|error| {
        let mut why = error.to_string();
        // Where in the member it is wrong says nothing about where in the answer.
        why.truncate(why.rfind(" at line ").unwrap_or(why.len()));
        format!("`{key}`: {why}")
    })
}

/// The last values of these keys.
struct LastOf<'k, const KEYS: usize>([&'k str; KEYS]);

impl<'de, const KEYS: usize> DeserializeSeed<'de> for LastOf<'_, KEYS> {
    type Value = [Option<&'de RawValue>; KEYS];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const KEYS: usize> Visitor<'de> for LastOf<'_, KEYS> {
    type Value = [Option<&'de RawValue>; KEYS];

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; KEYS];
        while let Some(key) = members.next_key_seed(OneOf(self.0))? {
            match key.and_then(|index| values.get_mut(index)) {
                Some(value) => *value = Some(members.next_value()?),
                None => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        Ok(values)
    }
}

/// Which of these a key is. As bytes, since half of a surrogate pair in another key is no reason to refuse the object.
struct OneOf<'k, const KEYS: usize>([&'k str; KEYS]);

impl<'de, const KEYS: usize> DeserializeSeed<'de> for OneOf<'_, KEYS> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }
}

impl<const KEYS: usize> Visitor<'_> for OneOf<'_, KEYS> {
    type Value = Option<usize>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|known| known.as_bytes() == key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn the_last_of_several_members_counts_whatever_the_others_are() {
        let json = br#"{"a":[1],"b":2,"\u0061":"last","\ud800":0}"#;
        let [a, b, c] = members(json, ["a", "b", "c"]).unwrap();
        assert_eq!(read::<String>(a, "a").unwrap(), "last");
        assert_eq!(
            read::<String>(b, "b").unwrap_err(),
            "`b`: invalid type: integer `2`, expected a string"
        );
        assert_eq!(read::<String>(c, "c").unwrap_err(), "`c` is missing");
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_and_utf_16_is_named() {
        let [a] = members("\u{feff} {\"a\":1}".as_bytes(), ["a"]).unwrap();
        assert_eq!(a.unwrap().get(), "1");
        let utf_16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(members(&utf_16, ["a"]).unwrap_err(), "it is UTF-16 text, not UTF-8");
        assert_eq!(members("\u{feff}".as_bytes(), ["a"]).unwrap_err(), "it is empty");
        assert_eq!(members(b"[1]", ["a"]).unwrap_err(), "it is not a JSON object");
    }

    proptest! {
        #[test]
        fn an_object_reads_like_its_tree(
            keys in prop::collection::vec(prop::sample::select(vec!["a", "b", "\\u0061", "c", "A"]), 0..6),
            values in prop::collection::vec(prop::sample::select(vec!["1", "\"x\"", "null", "[{\"a\":2}]"]), 6),
        ) {
            let written = keys.iter().zip(&values).map(|(key, value)| format!("\"{key}\": {value}"));
            let json = format!("{{{}}}", written.collect::<Vec<_>>().join(","));
            let tree: Value = serde_json::from_str(&json).unwrap();
            let found = members(json.as_bytes(), ["a", "b"]).unwrap();
            for (found, key) in found.iter().zip(["a", "b"]) {
                let found: Option<Value> =
                    found.map(|value| serde_json::from_str(value.get()).unwrap());
                prop_assert_eq!(found.as_ref(), tree.get(key));
            }
        }
    }
}
