//! Texts as messages show them, and places in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use taskferry_sdk::{is_unprintable, printable};

/// How many bytes of a line are shown on each side of a span.
const FARTHEST: usize = 200;
/// How many bytes of a value are marked at most.
const LONGEST_SPAN: usize = 200;

/// A text as messages show it, secrets hidden.
#[derive(Debug)]
pub(crate) struct Text {
    name: String,
    shown: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Text {
    /// What of the text [is not printable](is_unprintable) is replaced by as many bytes, so that places in it stay the same.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let bad = |character| is_unprintable(character) && !matches!(character, '\n' | '\t');
        let shown = |character: char| match (bad(character), character.len_utf8()) {
            (false, _) => character.to_string(),
            (true, 1) => "?".to_owned(),
            (true, 2) => "¿".to_owned(),
            (true, 3) => "\u{fffd}".to_owned(),
            (true, _) => "?\u{fffd}".to_owned(),
        };
        // A line break of Windows is one, and no part of the line.
        let text = text.replace("\r\n", " \n");
        let text = if text.contains(bad) { text.chars().map(shown).collect() } else { text };
        let breaks = text.match_indices('\n').map(|(position, _)| position + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { name: printable(name).into_owned(), shown: text, lines }
    }

    /// The line that a byte stands in, from 0, and where this line begins.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        (line, self.lines.get(line).copied().unwrap_or_default())
    }

    /// An end of a line, or the place of a character that is nearer, where the line is very long.
    fn nearby(&self, line: usize, span: usize, distance: fn(usize, usize) -> usize) -> usize {
        if distance(line, span) <= FARTHEST {
            return line;
        }
        let near = if line < span { span - FARTHEST } else { span + FARTHEST };
        self.shown.floor_char_boundary(near)
    }

    fn column_at(&self, offset: usize) -> usize {
        let (_, start) = self.line_at(offset);
        self.shown.get(start..offset).map_or(0, |before| before.chars().count())
    }
}

/// Where miette asks for lines around a span, it gets the span's own lines and nothing more; where it asks
/// for the span alone, to learn line and column, it gets that.
impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let own = span.offset()..span.offset() + span.len();
        let ((first, line_start), (last, _)) = (self.line_at(own.start), self.line_at(own.end));
        let wanted = if before + after == 0 {
            own
        } else {
            let behind = self.shown.get(own.end..).ok_or(MietteError::OutOfBounds)?;
            let line_end = own.end + behind.find('\n').unwrap_or(behind.len());
            self.nearby(line_start, own.start, |line, at| at.saturating_sub(line))
                ..self.nearby(line_end, own.end, usize::saturating_sub)
        };
        let data = self.shown.get(wanted.clone()).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data.as_bytes(),
            SourceSpan::from(wanted.clone()),
            first,
            self.column_at(wanted.start),
            last - first + 1,
        )))
    }
}

/// A span of a text.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    text: Arc<Text>,
    span: Range<usize>,
}

impl Place {
    pub(crate) fn new(text: Arc<Text>, span: Range<usize>) -> Self {
        Self { text, span }
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn is_in_text_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.text, &other.text)
    }

    pub(crate) fn file(&self) -> &str {
        &self.text.name
    }

    /// From 1.
    pub(crate) fn line(&self) -> usize {
        self.text.line_at(self.span.start).0 + 1
    }

    /// In characters, from 1.
    pub(crate) fn column(&self) -> usize {
        self.text.column_at(self.span.start) + 1
    }
}

/// The lines in which these bytes stand, in order, each once.
pub(crate) fn lines_at(text: &str, offsets: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
    let line = |offset: usize| {
        let (before, after) = text.split_at_checked(offset).unwrap_or((text, ""));
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        start..before.len() + after.find('\n').unwrap_or(after.len())
    };
    let lines: BTreeMap<usize, usize> =
        offsets.into_iter().map(line).map(|line| (line.start, line.end)).collect();
    lines.into_iter().map(|(start, end)| start..end).collect()
}

/// The part of a span on its first line, so that a caret never spans pages.
pub(crate) fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let line = text.get(start..span.end.min(text.len())).unwrap_or_default();
    let length = line.find('\n').unwrap_or(line.len());
    let length = line.floor_char_boundary(length.min(LONGEST_SPAN));
    start..start + line.get(..length).unwrap_or_default().trim_end().len()
}
