//! Mistakes, as a reader sees them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use taskferry_core::{KeyPath, Part, Problem};

use crate::document::Document;
use crate::layers::Layers;
use crate::mask::mask_assignment;
use crate::tree::{Layer, Node};

/// A text as messages show it, secrets hidden.
#[derive(Debug)]
pub(crate) struct Text {
    name: String,
    text: String,
}

impl Text {
    pub(crate) fn new(name: &str, text: String) -> Self {
        Self { name: name.to_owned(), text }
    }

    fn line_around(&self, span: SourceSpan) -> Range<usize> {
        let before = self.text.get(..span.offset()).unwrap_or_default();
        let after = self.text.get(span.offset() + span.len()..).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        let end = after.find('\n').unwrap_or(after.len());
        start..self.text.len() - after.len() + end
    }
}

/// Where miette asks for lines around a span, it gets the span's own line and nothing more; where it asks
/// for the span alone, to learn line and column, it gets that.
impl SourceCode for Text {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let wanted = match before + after {
            0 => *span,
            _ => SourceSpan::from(self.line_around(*span)),
        };
        let found = self.text.read_span(&wanted, 0, 0)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            found.data(),
            *found.span(),
            found.line(),
            found.column(),
            found.line_count(),
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

    fn before(&self) -> &str {
        let text = &self.text.text;
        text.get(..self.span.start.min(text.len())).unwrap_or_default()
    }
}

/// One mistake: what is wrong, where, and what to write instead. A [`miette::Diagnostic`], so that the
/// binary can draw it.
#[derive(Debug, Clone)]
pub struct Mistake {
    code: &'static str,
    message: String,
    label: Option<String>,
    help: Option<String>,
    place: Option<Place>,
}

impl Mistake {
    pub(crate) fn nowhere(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), label: None, help: None, place: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
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

    /// What to write instead.
    pub fn help_text(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, `environment` or `--set`; empty when the mistake stands nowhere.
    pub fn file(&self) -> &str {
        self.place.as_ref().map_or("", |place| &place.text.name)
    }

    /// The line, from 1; 0 when the mistake stands nowhere.
    pub fn line(&self) -> usize {
        self.place.as_ref().map_or(0, |place| place.before().matches('\n').count() + 1)
    }

    /// The column in characters, from 1; 0 when the mistake stands nowhere.
    pub fn column(&self) -> usize {
        self.place.as_ref().map_or(0, |place| {
            let line = place.before().rsplit('\n').next().unwrap_or_default();
            line.chars().count() + 1
        })
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

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|place| &*place.text as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::new(self.label.clone(), place.span.start, place.span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// All mistakes of a pipeline, in the order in which they stand. Never empty.
#[derive(Debug, Clone)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(crate) fn new(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes)
    }

    /// Finds the place of each problem: in the layer that its value came from.
    pub(crate) fn locate(
        problems: Vec<Problem>,
        tree: &Node,
        layers: &Layers,
        documents: &[Document],
    ) -> Self {
        let mut located: Vec<_> = problems
            .into_iter()
            .map(|problem| {
                let (layer, place) = place_of(&problem, tree, layers, documents);
                let order = (layer, place.as_ref().map_or(0, |place| place.span.start));
                let Problem { code, message, label, help, .. } = problem;
                (order, Mistake { code, message, label, help, place })
            })
            .collect();
        located.sort_by_key(|(order, _)| *order);
        located.dedup_by(|(left_at, left), (right_at, right)| {
            left_at == right_at && left.message == right.message
        });
        Self(located.into_iter().map(|(_, mistake)| mistake).collect())
    }

    /// The mistakes.
    pub fn all(&self) -> &[Mistake] {
        &self.0
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, mistake) in self.0.iter().enumerate() {
            let line_break = if position == 0 { "" } else { "\n" };
            let (file, line, column) = (mistake.file(), mistake.line(), mistake.column());
            match file {
                "" => write!(formatter, "{line_break}{mistake}")?,
                file => write!(formatter, "{line_break}{file}:{line}:{column}: {mistake}")?,
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// The problem's own place, or the nearest one further up that stands in a text.
fn place_of(
    problem: &Problem,
    tree: &Node,
    layers: &Layers,
    documents: &[Document],
) -> (Layer, Option<Place>) {
    let mut path = problem.path.clone();
    let mut part = problem.part.clone();
    loop {
        let layer = tree.get(&path).map_or(Layer::Default, |node| node.layer);
        if let Some(place) = place_in(layer, &path, &part, layers, documents) {
            return (layer, Some(place));
        }
        match path.parent() {
            Some(parent) => path = parent,
            None => break,
        }
        part = Part::Key;
    }
    let top = documents.first().map(|document| Place::new(Arc::clone(&document.shown), 0..0));
    (Layer::File(0), top)
}

fn place_in(
    layer: Layer,
    path: &KeyPath,
    part: &Part,
    layers: &Layers,
    documents: &[Document],
) -> Option<Place> {
    if let Layer::Override(index) = layer {
        let given = layers.overrides.get(index)?;
        let shown = mask_assignment(&given.text, given.value_at);
        let span = match part {
            Part::Key => 0..given.value_at.saturating_sub(1),
            _ => given.value_at..given.text.len(),
        };
        return Some(Place::new(Arc::new(Text::new(&given.name, shown)), span));
    }
    if path.segments().is_empty() {
        return None;
    }
    // A table can be spread over several files: the one that its layer names first, then any that has it.
    let own = match layer {
        Layer::File(index) => documents.get(index),
        _ => None,
    };
    let place = |document: &Document| {
        let span = document.locate(path, part)?;
        Some(Place::new(Arc::clone(&document.shown), span))
    };
    own.and_then(place).or_else(|| documents.iter().find_map(place))
}
