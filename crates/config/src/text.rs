//! Texts as messages show them, and spans in them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceSpan, SpanContents};
use taskferry_sdk::{is_unprintable, printable};

use crate::positions::TextPosition;

/// The maximum number of bytes of a line that are shown on each side of a span.
const MAX_CONTEXT: usize = 200;
/// The maximum number of bytes that are marked.
const MAX_SPAN: usize = 200;

/// The text of a file, with its name in messages.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A text as messages show it, with secrets masked.
#[derive(Debug)]
pub(crate) struct Text {
    name: String,
    shown: String,
    /// The offset of each line.
    lines: Vec<usize>,
}

impl Text {
    /// Replaces [unprintable](is_unprintable) characters by as many bytes, so that offsets stay the same.
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let bad = |character| is_unprintable(character) && !matches!(character, '\n' | '\t');
        let shown = |character: char| match (bad(character), character.len_utf8()) {
            (false, _) => character.to_string(),
            (true, 1) => "?".to_owned(),
            (true, 2) => "¿".to_owned(),
            (true, 3) => "\u{fffd}".to_owned(),
            (true, _) => "?\u{fffd}".to_owned(),
        };
        // The `\r` of a Windows line break is not part of the line.
        let text = text.replace("\r\n", " \n");
        let text = if text.contains(bad) { text.chars().map(shown).collect() } else { text };
        let breaks = text.match_indices('\n').map(|(position, _)| position + 1);
        let lines = std::iter::once(0).chain(breaks).collect();
        Self { name: printable(name).into_owned(), shown: text, lines }
    }

    pub(crate) fn into_shown(self) -> String {
        self.shown
    }

    /// The line of an offset, from 0, and the offset of that line.
    fn line_at(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= offset).saturating_sub(1);
        (line, self.lines.get(line).copied().unwrap_or_default())
    }

    /// The start or end of a line, or an offset nearer to the span if the line is very long.
    fn nearby(&self, line: usize, span: usize) -> usize {
        let nearest = line.clamp(span.saturating_sub(MAX_CONTEXT), span + MAX_CONTEXT);
        if nearest == line { line } else { self.shown.floor_char_boundary(nearest) }
    }

    fn column_at(&self, offset: usize) -> usize {
        let (_, start) = self.line_at(offset);
        self.shown.get(start..offset).map_or(0, |before| before.chars().count())
    }

    /// The number of offsets in the text, its end included.
    pub(crate) fn width(&self) -> usize {
        self.shown.len() + 1
    }

    /// Reads the whole lines of a span, or the span alone. The offsets of the text begin at `first_offset`.
    ///
    /// # Errors
    /// The span is not in the text.
    pub(crate) fn read<'a>(
        &'a self,
        span: &SourceSpan,
        first_offset: usize,
        span_alone: bool,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let start = span.offset().checked_sub(first_offset).ok_or(MietteError::OutOfBounds)?;
        let own = start..start + span.len();
        let ((first, line_start), (last, _)) = (self.line_at(own.start), self.line_at(own.end));
        let wanted = if span_alone {
            own
        } else {
            let behind = self.shown.get(own.end..).ok_or(MietteError::OutOfBounds)?;
            let line_end = own.end + behind.find('\n').unwrap_or(behind.len());
            self.nearby(line_start, own.start)..self.nearby(line_end, own.end)
        };
        let data = self.shown.get(wanted.clone()).ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            data.as_bytes(),
            SourceSpan::from(wanted.start + first_offset..wanted.end + first_offset),
            first,
            self.column_at(wanted.start),
            last - first + 1,
        )))
    }
}

#[derive(Debug, Clone)]
pub(crate) struct TextSpan {
    text: Arc<Text>,
    span: Range<usize>,
}

impl TextSpan {
    pub(crate) fn new(text: Arc<Text>, span: Range<usize>) -> Self {
        Self { text, span }
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn file(&self) -> &str {
        &self.text.name
    }

    pub(crate) fn position(&self) -> TextPosition {
        let (line, column) = (self.line(), self.column());
        TextPosition { file: self.file().to_owned(), line, column }
    }

    /// The number of marked characters on the first line.
    pub(crate) fn length(&self) -> usize {
        let text = self.text.shown.get(self.span.clone()).unwrap_or_default();
        text.lines().next().map_or(0, |line| line.chars().count())
    }

    /// The line, from 1.
    pub(crate) fn line(&self) -> usize {
        self.text.line_at(self.span.start).0 + 1
    }

    /// The column in characters, from 1.
    pub(crate) fn column(&self) -> usize {
        self.text.column_at(self.span.start) + 1
    }
}

/// The lines that contain these offsets, in order and without duplicates.
pub(crate) fn lines_at(text: &str, offsets: impl IntoIterator<Item = usize>) -> Vec<Range<usize>> {
    let line = |offset: usize| {
        let (before, after) = text.split_at_checked(offset).unwrap_or((text, ""));
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        (start, before.len() + after.find('\n').unwrap_or(after.len()))
    };
    let lines: BTreeMap<usize, usize> = offsets.into_iter().map(line).collect();
    lines.into_iter().map(|(start, end)| start..end).collect()
}

/// The part of a span on its first line, cut to the maximum length.
pub(crate) fn first_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = span.start.min(text.len());
    let line = text.get(start..span.end.min(text.len())).unwrap_or_default();
    let length = line.find('\n').unwrap_or(line.len());
    let length = line.floor_char_boundary(length.min(MAX_SPAN));
    start..start + line.get(..length).unwrap_or_default().trim_end().len()
}
