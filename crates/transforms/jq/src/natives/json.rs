//! Parses JSON of any nesting, with the error messages of jq.

use crate::value::{Map, Number, Text, Value};

/// The maximum nesting of brackets in a JSON text.
pub(crate) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next().filter(|byte| *byte != b'"') {
                    if byte == b'\\' {
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// Parses a text with exactly one value.
pub(crate) fn parse<'r>(text: &str) -> Result<Value<'r>, String> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error("Unexpected extra JSON values"));
    }
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn error(&self, message: &str) -> String {
        let before = self.text.as_bytes().get(..self.at).unwrap_or(self.text.as_bytes());
        let line = before.split(|byte| *byte == b'\n').count();
        let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len);
        format!("{message} at line {line}, column {column}")
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips white space, and the byte `wanted` if it follows.
    fn accept(&mut self, wanted: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    fn value<'r>(&mut self) -> Result<Value<'r>, String> {
        self.skip_space();
        match self.peek() {
            Some(b'[') => self.array(),
            Some(b'{') => self.object(),
            Some(b'"') => Ok(Value::from(self.string()?)),
            Some(b'\'') => {
                // jq detects the error at the next character.
                self.at = (self.word_end() + 1).min(self.text.len());
                Err(self.error("Invalid string literal; expected \", but got '"))
            }
            Some(_) => self.word(),
            None => Err(self.error("Expected JSON value")),
        }
    }

    fn array<'r>(&mut self) -> Result<Value<'r>, String> {
        self.at += 1;
        let mut items = Vec::new();
        if self.accept(b']') {
            return Ok(Value::from(items));
        }
        loop {
            items.push(self.value()?);
            if self.accept(b']') {
                return Ok(Value::from(items));
            }
            if !self.accept(b',') {
                return Err(self.error("Expected separator between values"));
            }
        }
    }

    fn object<'r>(&mut self) -> Result<Value<'r>, String> {
        self.at += 1;
        let mut members = Map::default();
        if self.accept(b'}') {
            return Ok(Value::from(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                // An invalid value gives a more specific error.
                self.value()?;
                return Err(self.error("Object keys must be strings"));
            }
            let key = Text::from(self.string()?);
            if !self.accept(b':') {
                return Err(self.error("Objects must consist of key:value pairs"));
            }
            members.insert(key, self.value()?);
            if self.accept(b'}') {
                return Ok(Value::from(members));
            }
            if !self.accept(b',') {
                return Err(self.error("Expected separator between values"));
            }
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let begin = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => {
                    self.at = self.text.len();
                    return Err(self.error("Unfinished string at EOF"));
                }
            }
        }
        self.at += 1;
        let quoted = self.text.get(begin..self.at).unwrap_or_default();
        serde_json::from_str(quoted).map_err(|_| self.error("Invalid string literal"))
    }

    /// The end of the word that begins here.
    fn word_end(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |letter: char| letter.is_ascii_whitespace() || ",:\"[]{}".contains(letter);
        self.at + rest.find(ends).unwrap_or(rest.len())
    }

    /// A number, `true`, `false`, `null` or NaN.
    fn word<'r>(&mut self) -> Result<Value<'r>, String> {
        let end = self.word_end();
        let word = self.text.get(self.at..end).unwrap_or_default();
        self.at = end.max(self.at + 1);
        match word {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            "null" => Ok(Value::Null),
            "nan" | "NaN" | "-nan" | "-NaN" => Ok(Value::from(f64::NAN)),
            word if serde_json::from_str::<serde_json::Number>(word).is_ok() => {
                Ok(Value::Number(Number::parse(word)))
            }
            _ if self.at >= self.text.len() => Err(self.error("Invalid numeric literal at EOF")),
            _ => {
                // jq detects the error at the next character.
                self.at += 1;
                Err(self.error("Invalid numeric literal"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_of_texts_and_values_is_equal() {
        for (text, depth) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,{"b":2}],"c":[]}"#, 3),
            (r#"["[[[[\"[["]"#, 1),
            ("[[[", 3),
        ] {
            assert_eq!(nesting(text), depth, "{text}");
            if let Ok(value) = parse(text) {
                assert_eq!(value.depth(), depth, "{text}");
            }
        }
    }
}
