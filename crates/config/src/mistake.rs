//! Mistakes, as a reader sees them.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents,
};
use taskferry_core::{KeyPath, Part, Problem, is_unprintable, printable};

use crate::document::Document;
use crate::layers::Layers;
use crate::mask::{hide_value, mask_assignment};
use crate::secrets::Secrets;
use crate::tree::{Filled, Layer, Node};

/// A text as messages show it, secrets hidden.
#[derive(Debug)]
pub(crate) struct Text {
    name: String,
    text: String,
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
        let text = text.replace("\r\n", " \n").chars().map(shown).collect();
        Self { name: printable(name).into_owned(), text }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
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
        let message = printable(&message.into()).into_owned();
        Self { code, message, label: None, help: None, place: None }
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

/// Where problems are looked for.
pub(crate) struct Sources<'a> {
    pub(crate) tree: &'a Node,
    pub(crate) layers: &'a Layers,
    pub(crate) documents: &'a [Document],
    pub(crate) secrets: &'a Secrets,
}

impl Sources<'_> {
    /// Finds the place of each problem, in the layer that its value came from; `misplaced` are overrides that
    /// found no place in the pipeline.
    pub(crate) fn locate(
        &self,
        problems: Vec<Problem>,
        misplaced: Vec<(usize, String)>,
    ) -> Mistakes {
        let mut located: Vec<_> =
            problems.into_iter().map(|problem| self.mistake(problem)).collect();
        located.extend(misplaced.into_iter().map(|(index, why)| {
            let mistake = Mistake::nowhere("layer::position", why);
            let place = self.place_in_override(index, &Part::Key);
            ((Layer::Override(index), 0), Mistake { place, ..mistake })
        }));
        located.sort_by_key(|(order, _)| *order);
        located.dedup_by(|(left_at, left), (right_at, right)| {
            left_at == right_at && left.message == right.message
        });
        Mistakes(located.into_iter().map(|(_, mistake)| mistake).collect())
    }

    /// The mistake, and where it belongs among the others.
    fn mistake(&self, problem: Problem) -> ((Layer, usize), Mistake) {
        let (layer, place) = self.place_of(&problem);
        let order = (layer, place.as_ref().map_or(0, |place| place.span.start));
        let label = problem.label.clone().or_else(|| self.filled_in(&problem));
        let Problem { code, message, help, .. } = problem;
        let safe = |text: String| printable(&self.secrets.without(&text)).into_owned();
        (
            order,
            Mistake {
                code,
                message: safe(message),
                label: label.map(safe),
                help: help.map(safe),
                place,
            },
        )
    }

    /// What stands where the text has `${…}`.
    fn filled_in(&self, problem: &Problem) -> Option<String> {
        let node = self.tree.get(&problem.path).filter(|node| node.filled == Filled::Shown)?;
        Some(format!("this is `{}`", node.as_str()?))
    }

    /// The problem's own place, or the nearest one further up that stands in a text.
    fn place_of(&self, problem: &Problem) -> (Layer, Option<Place>) {
        let mut path = problem.path.clone();
        let mut part = self.part_of(problem);
        loop {
            let layer = self.tree.get(&path).map_or(Layer::Default, |node| node.layer);
            if let Some(place) = self.place_in(layer, &path, &part) {
                return (layer, Some(place));
            }
            match path.parent() {
                Some(parent) => path = parent,
                None => break,
            }
            part = Part::Key;
        }
        let top =
            self.documents.first().map(|document| Place::new(Arc::clone(&document.shown), 0..0));
        (Layer::File(0), top)
    }

    /// Bytes of a value that was filled in are not bytes of what was written; only problems with the filling
    /// in itself count in those.
    fn part_of(&self, problem: &Problem) -> Part {
        let filled =
            self.tree.get(&problem.path).is_some_and(|node| node.filled != Filled::Nothing);
        match &problem.part {
            Part::Within(_) if filled && !problem.code.starts_with("variable::") => Part::Value,
            part => part.clone(),
        }
    }

    fn place_in(&self, layer: Layer, path: &KeyPath, part: &Part) -> Option<Place> {
        if let Layer::Override(index) = layer {
            return self.place_in_override(index, part);
        }
        if path.segments().is_empty() {
            return None;
        }
        // A table can be spread over several files: the one that its layer names first, then any that has it.
        let own = match layer {
            Layer::File(index) => self.documents.get(index),
            _ => None,
        };
        let place = |document: &Document| {
            let span = document.locate(path, part)?;
            Some(Place::new(Arc::clone(&document.shown), span))
        };
        own.and_then(place).or_else(|| self.documents.iter().find_map(place))
    }

    fn place_in_override(&self, index: usize, part: &Part) -> Option<Place> {
        let given = self.layers.overrides.get(index)?;
        // What stands behind a key that nobody knows may be anything.
        let shown = if self.secrets.covers(&given.path) || *part == Part::Key {
            hide_value(&given.text, given.value_at)
        } else {
            mask_assignment(&given.text, given.value_at)
        };
        let span = match part {
            Part::Key => 0..given.value_at.saturating_sub(1),
            _ => given.value_at..given.text.len(),
        };
        Some(Place::new(Arc::new(Text::new(&given.name, &shown)), span))
    }
}
