//! One TOML text and where in it everything stands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use figment::value::Dict;
use taskferry_sdk::{KeyPath, Part, Segment};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mask::{mask_secrets, mask_spans};
use crate::mistake::Mistake;
use crate::secrets::Secrets;
use crate::syntax;
use crate::text::{Text, first_line, lines_at};
use crate::toml_values;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) values: Dict,
    name: String,
    text: String,
    spans: SpanNode,
}

#[derive(Debug)]
struct SpanNode {
    key: Option<Range<usize>>,
    value: Range<usize>,
    children: Children,
}

#[derive(Debug)]
enum Children {
    None,
    List(Vec<SpanNode>),
    Table(BTreeMap<String, SpanNode>),
}

impl Document {
    /// Parses a text, or says everything that keeps it from being TOML.
    pub(crate) fn parse(
        name: &str,
        text: &str,
        keys: impl FnOnce() -> BTreeSet<String>,
    ) -> Result<Self, Vec<Mistake>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax::mistakes(name, text, errors, &keys()));
        }
        let values = toml_values::table(root.get_ref());
        let children = Children::Table(table_spans(root.get_ref()));
        let spans = SpanNode { key: None, value: 0..0, children };
        Ok(Self { values, name: name.to_owned(), text: text.to_owned(), spans })
    }

    /// The text as it may be shown: without the values of secrets, and without what is like one of them in the lines in
    /// which these bytes stand.
    pub(crate) fn shown(&self, secrets: &Secrets, offsets: &[usize]) -> Text {
        let spans = secrets.paths().iter().filter_map(|path| self.node(path));
        let mut spans: Vec<_> = spans.map(|node| node.value.clone()).collect();
        spans.sort_by_key(|span| span.start);
        let text = mask_spans(&mask_secrets(&self.text), &spans);
        let lines = lines_at(&text, offsets.iter().copied());
        let text = lines.into_iter().rev().fold(text, |mut text, line| {
            let hidden = secrets.hidden_in(text.get(line.clone()).unwrap_or_default());
            if hidden.len() == line.len() {
                text.replace_range(line, &hidden);
            }
            text
        });
        Text::new(&self.name, &text)
    }

    fn node(&self, path: &KeyPath) -> Option<&SpanNode> {
        path.segments().iter().try_fold(&self.spans, SpanNode::child)
    }

    /// Where a part of the value at `path` stands; `None` when this text does not hold it.
    pub(crate) fn locate(&self, path: &KeyPath, part: &Part) -> Option<Range<usize>> {
        let node = self.node(path)?;
        let span = match part {
            Part::Key => node.key.clone().unwrap_or_else(|| node.value.clone()),
            Part::Value => node.value.clone(),
            Part::Within(inside) => {
                self.inside_string(&node.value, inside).unwrap_or_else(|| node.value.clone())
            }
        };
        Some(first_line(&self.text, &span))
    }

    /// Bytes of a string's value as bytes of the text: past the quotes, and counting escapes as written.
    fn inside_string(&self, token: &Range<usize>, inside: &Range<usize>) -> Option<Range<usize>> {
        let raw = self.text.get(token.clone())?;
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
            // A line break right after the opening quotes is no part of the value.
            let without =
                body.strip_prefix("\r\n").or_else(|| body.strip_prefix('\n')).unwrap_or(body);
            start += body.len() - without.len();
            body = without;
        }
        let place = |offset| if literal { offset } else { offset_in_escaped(body, offset) };
        let (from, to) = (place(inside.start), place(inside.end));
        (to <= body.len()).then(|| start + from..start + to.max(from))
    }
}

impl SpanNode {
    fn child(&self, segment: &Segment) -> Option<&Self> {
        match (&self.children, segment) {
            (Children::Table(fields), Segment::Key(key)) => fields.get(key),
            (Children::List(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        }
    }
}

fn table_spans(table: &DeTable<'_>) -> BTreeMap<String, SpanNode> {
    let fields = table
        .iter()
        .map(|(key, value)| (key.get_ref().to_string(), spans(Some(key.span()), value)));
    fields.collect()
}

fn spans(key: Option<Range<usize>>, value: &Spanned<DeValue<'_>>) -> SpanNode {
    let children = match value.get_ref() {
        DeValue::Table(fields) => Children::Table(table_spans(fields)),
        DeValue::Array(items) => {
            Children::List(items.iter().map(|item| spans(None, item)).collect())
        }
        _ => Children::None,
    };
    SpanNode { key, value: value.span(), children }
}

/// Where the byte at `offset` of a basic string's value begins in its text.
fn offset_in_escaped(body: &str, offset: usize) -> usize {
    let (mut value, mut position) = (0, 0);
    let bytes = body.as_bytes();
    while value < offset && position < bytes.len() {
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
        let document = Document::parse("x.toml", text, BTreeSet::new).unwrap();
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
    fn places_inside_strings_are_found_past_quotes_and_escapes() {
        let at = |text: &'static str, inside| found(text, &["a"], &Part::Within(inside));
        assert_eq!(at("a = 'x | foo'", 4..7), "foo");
        assert_eq!(at(r#"a = "\"\u00e9\" | foo""#, 7..10), "foo");
        assert_eq!(at("a = '''\nx |\nfoo'''", 4..7), "foo");
        assert_eq!(at("a = \"\"\"\\\n   x | foo\"\"\"", 4..7), "foo");
        assert_eq!(at("a = 'short'", 3..300), "'short'");
    }
}
