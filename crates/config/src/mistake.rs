//! Mistakes, as a reader sees them.

use std::collections::BTreeMap;
use std::fmt;

use miette::{Diagnostic, LabeledSpan, SourceCode};
use taskferry_sdk::{MAX_PER_KIND, Severity, printable};

use crate::text::Place;

/// One mistake, or a warning: what is wrong, where, and what to write instead. A [`miette::Diagnostic`], so that the
/// binary can draw it.
#[derive(Debug, Clone)]
pub struct Mistake {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) label: Option<String>,
    pub(crate) help: Option<String>,
    pub(crate) place: Option<Place>,
    /// Other places that it concerns, and what is there.
    pub(crate) related: Vec<(Place, String)>,
    /// How many mistakes this one stands for.
    pub(crate) count: usize,
}

impl Mistake {
    pub(crate) fn nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Mistake,
            message: printable(&message.into()).into_owned(),
            label: None,
            help: None,
            place: None,
            related: Vec::new(),
            count: 1,
        }
    }

    /// What is said about mistakes of a kind of which enough were reported.
    pub(crate) fn left_out(code: &'static str, severity: Severity, count: usize) -> Self {
        let noun = match severity {
            Severity::Mistake => "mistakes",
            Severity::Warning => "warnings",
        };
        let message = format!("{count} more {noun} of this kind are not shown");
        Self { severity, count, ..Self::nowhere(code, message) }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(printable(&help.into()).into_owned());
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// A stable code, `area::mistake`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// Whether the pipeline can run all the same.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What to write instead.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, `environment` or `--set`; empty when the mistake stands nowhere.
    pub fn file(&self) -> &str {
        self.place.as_ref().map_or("", Place::file)
    }

    /// The line, from 1; 0 when the mistake stands nowhere.
    pub fn line(&self) -> usize {
        self.place.as_ref().map_or(0, Place::line)
    }

    /// The column in characters, from 1; 0 when the mistake stands nowhere.
    pub fn column(&self) -> usize {
        self.place.as_ref().map_or(0, Place::column)
    }

    /// Place and message in one line.
    pub fn in_a_line(&self) -> String {
        match self.file() {
            "" => self.message.clone(),
            file => format!("{file}:{}:{}: {}", self.line(), self.column(), self.message),
        }
    }

    fn drawn_here(&self, place: &Place) -> bool {
        self.place.as_ref().is_some_and(|own| own.is_in_text_of(place))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl Diagnostic for Mistake {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Mistake => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        // Only one text can be drawn.
        let elsewhere = self.related.iter().filter(|(place, _)| !self.drawn_here(place));
        let elsewhere = elsewhere.map(|(place, label)| {
            format!("{}:{}:{}: {label}", place.file(), place.line(), place.column())
        });
        let lines: Vec<String> = self.help.clone().into_iter().chain(elsewhere).collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| place.text() as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let own = LabeledSpan::new_primary_with_span(self.label.clone(), place.span());
        let related = self.related.iter().filter(|(place, _)| self.drawn_here(place));
        let related = related
            .map(|(place, label)| LabeledSpan::new_with_span(Some(label.clone()), place.span()));
        Some(Box::new(std::iter::once(own).chain(related)))
    }
}

/// All mistakes of a pipeline, with the warnings about it, in the order in which they stand. Never empty.
#[derive(Debug, Clone)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn new(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes)
    }

    /// The mistakes and warnings. Of one kind at most a hundred, and one more that says how many there are besides.
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }

    /// How many mistakes there are, without the warnings.
    pub fn count(&self) -> usize {
        let mistakes = self.0.iter().filter(|mistake| mistake.severity == Severity::Mistake);
        mistakes.map(|mistake| mistake.count).sum()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Mistake::in_a_line).collect();
        formatter.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Mistakes {}

/// Takes out what comes after the first hundred of a kind. Returns what is said about these instead.
pub(crate) fn take_out_surplus<T>(
    found: &mut Vec<T>,
    kind: impl Fn(&T) -> (&'static str, Severity),
) -> Vec<Mistake> {
    let mut counts = BTreeMap::new();
    found.retain(|one| {
        let count = counts.entry(kind(one)).or_insert(0_usize);
        *count += 1;
        *count <= MAX_PER_KIND
    });
    let surplus = counts.into_iter().filter(|(_, count)| *count > MAX_PER_KIND);
    surplus
        .map(|((code, severity), count)| Mistake::left_out(code, severity, count - MAX_PER_KIND))
        .collect()
}
