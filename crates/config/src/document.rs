//! A TOML text and the positions of the values in it.

use std::ops::Range;

use taskferry_sdk::{KeyPath, Part, Segment};
use toml::de::{DeTable, DeValue};

use crate::keys::KnownKeys;
use crate::mask::{mask_secrets, mask_spans};
use crate::mistake::Mistake;
use crate::secrets::Secrets;
use crate::syntax;
use crate::text::{SourceText, Text, first_line, lines_at};

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    source: &'a SourceText,
    table: DeTable<'a>,
}

impl<'a> Document<'a> {
    pub(crate) fn parse(
        source: &'a SourceText,
        keys: impl FnOnce() -> KnownKeys,
    ) -> Result<Self, Vec<Mistake>> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            return Err(syntax::mistakes(source, errors, &keys()));
        }
        Ok(Self { source, table: table.into_inner() })
    }

    pub(crate) fn table(&self) -> &DeTable<'a> {
        &self.table
    }

    /// The text as messages may show it: with the values of secrets masked, and with copies of secrets masked in the lines
    /// that hold these offsets.
    pub(crate) fn shown(&self, secrets: &Secrets, offsets: &[usize]) -> Text {
        let mut spans: Vec<_> =
            secrets.paths().iter().filter_map(|path| Some(self.spans(path)?.1)).collect();
        spans.sort_by_key(|span| span.start);
        let mut text = mask_spans(&mask_secrets(&self.source.text), &spans);
        for line in lines_at(&text, offsets.iter().copied()).into_iter().rev() {
            let masked = secrets.mask(text.get(line.clone()).unwrap_or_default());
            if masked.len() == line.len() {
                text.replace_range(line, &masked);
            }
        }
        Text::new(&self.source.name, &text)
    }

    /// The spans of the key and of the value at `path`. An item of a list has no key: both are its value.
    fn spans(&self, path: &KeyPath) -> Option<(Range<usize>, Range<usize>)> {
        let (Segment::Key(first), rest) = path.segments().split_first()? else { return None };
        let (key, mut value) = self.table.get_key_value(first.as_str())?;
        let mut key = key.span();
        for segment in rest {
            match (value.get_ref(), segment) {
                (DeValue::Table(fields), Segment::Key(name)) => {
                    let (inner, found) = fields.get_key_value(name.as_str())?;
                    (key, value) = (inner.span(), found);
                }
                (DeValue::Array(items), Segment::Index(index)) => {
                    value = items.get(*index)?;
                    key = value.span();
                }
                _ => return None,
            }
        }
        Some((key, value.span()))
    }

    /// The position of a part of the value at `path`; `None` if this text does not hold the value.
    pub(crate) fn locate(&self, path: &KeyPath, part: &Part) -> Option<Range<usize>> {
        let (key, value) = self.spans(path)?;
        let span = match part {
            Part::Key => key,
            Part::Value => value,
            Part::Within(inside) => self.within_string(&value, inside).unwrap_or(value),
        };
        Some(first_line(&self.source.text, &span))
    }

    /// Converts a span of a string's value to a span of the text: skips the quotes, and counts escapes as written.
    fn within_string(&self, token: &Range<usize>, inside: &Range<usize>) -> Option<Range<usize>> {
        let raw = self.source.text.get(token.clone())?;
        let (quote, literal) = match raw {
            raw if raw.starts_with("\"\"\"") => (3, false),
            raw if raw.starts_with("'''") => (3, true),
            raw if raw.starts_with('\'') => (1, true),
            raw if raw.starts_with('"') => (1, false),
            _ => return None,
        };
        let mut body = raw.get(quote..raw.len() - quote)?;
        let mut start = token.start + quote;
        if quote == 3 {
            // TOML drops a line break right after the opening quotes.
            let trimmed = body.strip_prefix("\r\n").or_else(|| body.strip_prefix('\n'));
            start += body.len() - trimmed.unwrap_or(body).len();
            body = trimmed.unwrap_or(body);
        }
        let position = |offset| if literal { offset } else { offset_in_escaped(body, offset) };
        let (from, to) = (position(inside.start), position(inside.end));
        (to <= body.len()).then(|| start + from..start + to.max(from))
    }
}

/// The offset in the written text of the byte at `offset` of a basic string's value.
fn offset_in_escaped(body: &str, offset: usize) -> usize {
    let (mut value, mut position) = (0, 0);
    while value < offset && position < body.len() {
        let rest = body.get(position..).unwrap_or_default();
        let (written, meant) = match rest.as_bytes() {
            [b'\\', b'u', ..] => (6, escaped_length(rest, 2, 6)),
            [b'\\', b'U', ..] => (10, escaped_length(rest, 2, 10)),
            [b'\\', b'x', ..] => (4, escaped_length(rest, 2, 4)),
            [b'\\', b'\n' | b'\r' | b' ' | b'\t', ..] => {
                let folded = rest.get(1..).unwrap_or_default();
                (1 + folded.len() - folded.trim_start().len(), 0)
            }
            [b'\\', ..] => (2, 1),
            _ => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                (length, length)
            }
        };
        position += written;
        value += meant;
    }
    position
}

fn escaped_length(rest: &str, from: usize, to: usize) -> usize {
    let code = rest.get(from..to).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    code.and_then(char::from_u32).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, path: &[&str], part: &Part) -> &'a str {
        let source = SourceText { name: "x.toml".to_owned(), text: text.to_owned() };
        let document = Document::parse(&source, KnownKeys::default).unwrap();
        let path = path.iter().fold(KeyPath::root(), |path, step| match step.parse() {
            Ok(index) => path.index(index),
            Err(_) => path.key(*step),
        });
        &text[document.locate(&path, part).unwrap()]
    }

    #[test]
    fn keys_values_and_tables_are_found() {
        let text = "[source]\ntype = \"x\"\nlist = [1, 22]\n\n[[sink]]\na = 1\n[[sink]]\na = 2\n";
        assert_eq!(found(text, &["source", "type"], &Part::Key), "type");
        assert_eq!(found(text, &["source", "list", "1"], &Part::Value), "22");
        assert_eq!(found(text, &["sink", "1", "a"], &Part::Value), "2");
        assert_eq!(found(text, &["source"], &Part::Value), "[source]");
        assert_eq!(found(text, &["sink", "1"], &Part::Key), "[[sink]]");
    }

    #[test]
    fn positions_in_strings_are_found_past_quotes_and_escapes() {
        let at = |text: &'static str, inside| found(text, &["a"], &Part::Within(inside));
        assert_eq!(at("a = 'x | foo'", 4..7), "foo");
        assert_eq!(at(r#"a = "\"\u00e9\" | foo""#, 7..10), "foo");
        assert_eq!(at("a = '''\nx |\nfoo'''", 4..7), "foo");
        assert_eq!(at("a = \"\"\"\\\n   x | foo\"\"\"", 4..7), "foo");
        assert_eq!(at("a = 'short'", 3..300), "'short'");
    }
}
