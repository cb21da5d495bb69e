//! Writes values as TOML.

use serde_json::Value;
use taskferry_sdk::is_unprintable;

/// A key as TOML, in quotes if it needs them.
pub fn key(name: &str) -> String {
    let is_bare =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A value as TOML. A text of several lines is a multi-line string.
pub fn value(value: &Value) -> String {
    let is_plain = |character: char| !is_unprintable(character) || matches!(character, '\n' | '\t');
    match value {
        Value::String(text)
            if text.contains('\n')
                && !text.contains("'''")
                && !text.ends_with('\'')
                && text.chars().all(is_plain) =>
        {
            format!("'''\n{text}'''")
        }
        other => inline(other),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) if fields.is_empty() => "{}".to_owned(),
        Value::Object(fields) => {
            let fields =
                fields.iter().map(|(name, field)| format!("{} = {}", key(name), inline(field)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        // TOML has no null. Files can't contain one.
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A basic string, with unprintable characters escaped. TOML has all escapes of JSON.
fn quoted(text: &str) -> String {
    let escape = |character: char| match character {
        bad if is_unprintable(bad) => format!("\\U{:08X}", u32::from(bad)),
        other => other.to_string(),
    };
    Value::from(text).to_string().chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use toml::de::DeTable;

    proptest! {
        #[test]
        fn written_text_is_read_back(name in ".{0,8}", text in "(.|\n|'|\"|\\\\|\r|\u{7}){0,20}") {
            let line = format!("{} = {}  # comment\n", key(&name), value(&Value::from(text.clone())));
            let parsed = DeTable::parse(&line).unwrap();
            let read = parsed.get_ref().get(name.as_str()).unwrap().get_ref().as_str().unwrap().to_owned();
            prop_assert_eq!(read, text);
        }
    }
}
