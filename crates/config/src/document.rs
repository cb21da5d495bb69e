//! A TOML text and the positions of the values in it.

use std::ops::Range;

use taskferry_sdk::{KeyPath, Part, Segment};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Diagnostic;
use crate::keys::KnownKeys;
use crate::mask::{mask_secrets, mask_spans};
use crate::secrets::Secrets;
use crate::string_token;
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
    ) -> Result<Self, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        if !errors.is_empty() {
            return Err(syntax::diagnostics(source, errors, &keys()));
        }
        Ok(Self { source, table: table.into_inner() })
    }

    pub(crate) fn table(&self) -> &DeTable<'a> {
        &self.table
    }

    /// `FILE:LINE` of the value at `path`.
    pub(crate) fn line_of(&self, path: &KeyPath) -> Option<String> {
        let start = self.spans(path)?.1.start;
        let before = self.source.text.get(..start)?;
        Some(format!("{}:{}", self.source.name, before.matches('\n').count() + 1))
    }

    /// The text with the values of secrets masked. In the lines that contain `offsets`, copies of secrets are masked too.
    pub(crate) fn shown(&self, secrets: &Secrets, offsets: &[usize]) -> Text {
        let mut spans: Vec<_> =
            secrets.paths().iter().filter_map(|path| self.secret_span(path)).collect();
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

    /// The span of a secret at `path`. A string is also masked if a stronger layer replaces it with a list or a table of secrets.
    fn secret_span(&self, path: &KeyPath) -> Option<Range<usize>> {
        let mut above = path.clone();
        loop {
            if let Some((_, value)) = self.find(&above) {
                let is_text = matches!(value.get_ref(), DeValue::String(_));
                return (is_text || above == *path).then(|| value.span());
            }
            above = above.parent()?;
        }
    }

    /// The spans of the key and of the value at `path`. An item of a list has no key: both are its value.
    fn spans(&self, path: &KeyPath) -> Option<(Range<usize>, Range<usize>)> {
        let (key, value) = self.find(path)?;
        Some((key, value.span()))
    }

    /// The value at `path`, with the span of its key.
    fn find(&self, path: &KeyPath) -> Option<(Range<usize>, &Spanned<DeValue<'a>>)> {
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
        Some((key, value))
    }

    /// The string at `path`, as it is written: variables in it are not replaced.
    pub(crate) fn string(&self, path: &KeyPath) -> Option<&str> {
        match self.find(path)?.1.get_ref() {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The span of the text that stands for this part of a string's value.
    fn within(&self, token: &Range<usize>, inside: &Range<usize>) -> Option<Range<usize>> {
        let found = string_token::span_of(self.source.text.get(token.clone())?, inside)?;
        Some(token.start + found.start..token.start + found.end)
    }

    /// The position of a part of the value at `path`; `None` if this text does not hold the value.
    pub(crate) fn locate(&self, path: &KeyPath, part: &Part) -> Option<Range<usize>> {
        let (key, value) = self.spans(path)?;
        let span = match part {
            Part::Key => key,
            Part::Value => value,
            Part::Within(inside) => self.within(&value, inside).unwrap_or(value),
        };
        Some(first_line(&self.source.text, &span))
    }
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
}
