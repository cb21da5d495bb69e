//! Writes values as TOML.

use std::fmt::Write;

use serde_json::Value;

/// A key, in quotes if it needs them.
pub(crate) fn key(name: &str) -> String {
    let is_bare =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { quoted(name) }
}

/// A value. Text of several lines is written as such.
pub(crate) fn value(value: &Value) -> String {
    let is_plain = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
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

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            // Writing to a string can't fail.
            character if character.is_control() => {
                _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
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
