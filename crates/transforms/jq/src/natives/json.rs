//! Reading JSON out of a string, however deep it is nested.

use crate::value::{Map, Number, Text, Value};

/// How deep the brackets of a JSON text are nested at most.
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

/// The value of a text, which must hold one and nothing else.
///
/// # Errors
/// What is wrong, and where.
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

    /// Steps over a byte if it comes next.
    fn is_next(&mut self, wanted: u8) -> bool {
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
                // jq sees what is wrong when it reads the letter behind it.
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
        if self.is_next(b']') {
            return Ok(Value::from(items));
        }
        loop {
            items.push(self.value()?);
            if self.is_next(b']') {
                return Ok(Value::from(items));
            }
            if !self.is_next(b',') {
                return Err(self.error("Expected separator between values"));
            }
        }
    }

    fn object<'r>(&mut self) -> Result<Value<'r>, String> {
        self.at += 1;
        let mut members = Map::default();
        if self.is_next(b'}') {
            return Ok(Value::from(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                // What stands there may be wrong in a way that says more.
                self.value()?;
                return Err(self.error("Object keys must be strings"));
            }
            let key = Text::from(self.string()?);
            if !self.is_next(b':') {
                return Err(self.error("Objects must consist of key:value pairs"));
            }
            members.insert(key, self.value()?);
            if self.is_next(b'}') {
                return Ok(Value::from(members));
            }
            if !self.is_next(b',') {
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

    /// Where what begins here ends that is neither a string nor a bracket.
    fn word_end(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |letter: char| letter.is_ascii_whitespace() || ",:\"[]{}".contains(letter);
        self.at + rest.find(ends).unwrap_or(rest.len())
    }

    /// A number, `true`, `false`, `null`, or what is no number.
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
                // jq sees what is wrong when it reads the letter behind it.
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
    fn depth_is_counted_in_texts_and_values() {
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

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for text in [
            r#"{"b": [1, 2.50, -0, 1e5, "\u00e9\n"], "a": {}, "b": null}"#,
            " [ ] ",
            "[1,]",
            "[1 2]",
            r#"{"a" 1}"#,
            "{a: 1}",
            "\"open",
            "01",
            "1 2",
            "",
            "tru",
            "\"\t\"",
        ] {
            let expected = serde_json::from_str::<serde_json::Value>(text).ok();
            let found = parse(text).ok();
            let found = found.map(|value| serde_json::from_str(&value.to_string()).unwrap());
            assert_eq!(found, expected, "{text}");
        }
    }
}
