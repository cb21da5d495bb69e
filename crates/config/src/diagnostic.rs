//! Errors in a pipeline file, and warnings about it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, SourceCode, SourceSpan, SpanContents};
use taskferry_sdk::{MAX_PER_KIND, Severity, printable};

use crate::positions::TextPosition;
use crate::text::{Text, TextSpan};

/// An error or a warning: what is wrong, where, and what to write instead. A [`miette::Diagnostic`], so that the binary can
/// draw it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) span: Option<TextSpan>,
    /// Other spans that the error concerns, with their labels.
    pub(crate) related: Vec<(TextSpan, String)>,
    /// The number of errors or warnings that this diagnostic represents.
    pub(crate) count: usize,
}

impl Diagnostic {
    /// An error without a position.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: printable(&message.into()).into_owned(),
            label: None,
            help: None,
            span: None,
            related: Vec::new(),
            count: 1,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printable(&help.into()).into_owned());
        self
    }

    pub(crate) fn at(mut self, span: TextSpan) -> Self {
        self.span = Some(span);
        self
    }

    /// Its stable name, for example `unknown-key`. `taskferry explain` describes it.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether this is an error or a warning. A pipeline with warnings can run.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What to write instead.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, `environment` or `--set`; empty for an error without a position.
    pub fn file(&self) -> &str {
        self.span.as_ref().map_or("", TextSpan::file)
    }

    /// The line, from 1; 0 for an error without a position.
    pub fn line(&self) -> usize {
        self.span.as_ref().map_or(0, TextSpan::line)
    }

    /// The column in characters, from 1; 0 for an error without a position.
    pub fn column(&self) -> usize {
        self.span.as_ref().map_or(0, TextSpan::column)
    }

    /// The position of the marked text; `None` for an error without a position.
    pub fn position(&self) -> Option<TextPosition> {
        self.span.as_ref().map(TextSpan::position)
    }

    /// The number of marked characters.
    pub fn length(&self) -> usize {
        self.span.as_ref().map_or(0, TextSpan::length)
    }

    /// Other positions that the error concerns, each with its number of characters and its label.
    pub fn related(&self) -> impl Iterator<Item = (TextPosition, usize, &str)> {
        self.related.iter().map(|(span, label)| (span.position(), span.length(), label.as_str()))
    }

    /// The position and the message in one line.
    pub fn in_one_line(&self) -> String {
        match &self.span {
            None => self.message.clone(),
            Some(span) => located(span, &self.message),
        }
    }

    /// All marked spans with their labels. The span of the error itself is first.
    fn marks(&self) -> impl Iterator<Item = (&TextSpan, Option<&str>)> {
        let own = self.span.iter().map(|span| (span, self.label.as_deref()));
        own.chain(self.related.iter().map(|(span, label)| (span, Some(label.as_str()))))
    }

    /// The marked texts, without duplicates.
    fn texts(&self) -> Vec<&Text> {
        let mut texts: Vec<&Text> = Vec::new();
        for (span, _) in self.marks() {
            if !texts.iter().any(|text| std::ptr::eq(*text, span.text())) {
                texts.push(span.text());
            }
        }
        texts
    }

    /// The position of the span if the marked texts are joined into one.
    fn span_in_all(&self, span: &TextSpan) -> Range<usize> {
        let before = self.texts().into_iter().take_while(|text| !std::ptr::eq(*text, span.text()));
        let offset: usize = before.map(Text::width).sum();
        span.span().start + offset..span.span().end + offset
    }
}

fn located(span: &TextSpan, message: &str) -> String {
    format!("{}:{}:{}: {message}", span.file(), span.line(), span.column())
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}

impl miette::Diagnostic for Diagnostic {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.span.as_ref().map(|_| self as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.span.as_ref()?;
        Some(Box::new(self.marks().enumerate().map(|(index, (span, label))| {
            let (label, span) = (label.map(str::to_owned), self.span_in_all(span));
            match index {
                0 => LabeledSpan::new_primary_with_span(label, span),
                _ => LabeledSpan::new_with_span(label, span),
            }
        })))
    }
}

/// Presents the marked texts as one text, because miette draws one text for each error. No span is in two of the texts.
impl SourceCode for Diagnostic {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let mut offset = 0;
        for text in self.texts() {
            if span.offset() < offset + text.width() {
                return text.read(span, offset, before + after == 0);
            }
            offset += text.width();
        }
        Err(MietteError::OutOfBounds)
    }
}

/// The errors of a pipeline and the warnings about it, in the order of their positions. Never empty.
#[derive(Debug, Clone)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    pub(crate) fn new(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }

    /// The errors and warnings: at most a hundred of each kind, and an entry with the number of omitted diagnostics.
    pub fn all(&self) -> &[Diagnostic] {
        &self.0
    }

    /// As [`all`](Self::all), by value.
    pub(crate) fn into_all(self) -> Vec<Diagnostic> {
        self.0
    }

    /// The number of errors, without the warnings.
    pub fn count(&self) -> usize {
        let errors = self.0.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(|diagnostic| diagnostic.count).sum()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Diagnostic::in_one_line).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Diagnostics {}

/// Keeps the first hundred of each kind. Returns one entry per kind with the number of omitted diagnostics.
pub(crate) fn limit_each_kind<T>(
    found: &mut Vec<T>,
    kind: impl Fn(&T) -> (&'static str, Severity),
) -> Vec<Diagnostic> {
    let mut counts = BTreeMap::new();
    found.retain(|one| {
        let count = counts.entry(kind(one)).or_insert(0_usize);
        *count += 1;
        *count <= MAX_PER_KIND
    });
    let more = counts.into_iter().filter(|(_, count)| *count > MAX_PER_KIND);
    more.map(|((code, severity), count)| {
        let count = count - MAX_PER_KIND;
        let noun = if severity == Severity::Error { "errors" } else { "warnings" };
        let message = format!("{count} more {noun} with the code `{code}` are not shown");
        Diagnostic { severity, count, ..Diagnostic::new(code, message) }
    })
    .collect()
}
