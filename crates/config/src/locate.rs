//! Finds the positions of problems in the texts of a pipeline.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use taskferry_sdk::{KeyPath, Part, Problem, RelatedLocation, Segment, printable};

use crate::checked::Unverified;
use crate::diagnostic::{Diagnostic, limit_each_kind};
use crate::document::Document;
use crate::layers::{COMMAND_LINE, Layers};
use crate::mask::{mask_assignment, mask_urls, mask_value};
use crate::placeholder::Placeholder;
use crate::positions::{StageInfo, TextPosition};
use crate::secrets::Secrets;
use crate::text::{Text, TextSpan};
use crate::tree::{Interpolation, Layer, Node};
use crate::variables::PREFIX;

/// The texts of a pipeline, with the values read from them.
pub(crate) struct Sources<'a> {
    pub(crate) tree: &'a Node,
    pub(crate) layers: &'a Layers,
    pub(crate) documents: &'a [Document<'a>],
    pub(crate) secrets: &'a Secrets,
}

/// A position in one of the texts.
#[derive(Debug, Clone)]
enum Location {
    /// A span of a file: 0 is the pipeline file, the overlays follow.
    File(usize, Range<usize>),
    /// The key or the value of an override.
    Override(usize, Part),
}

/// A problem with its location.
struct Located {
    location: Option<Location>,
    related: Vec<(Location, String)>,
    problem: Problem,
}

impl Located {
    fn order(&self) -> Option<(Layer, usize)> {
        self.location.as_ref().map(|location| match location {
            Location::File(index, span) => (Layer::File(*index), span.start),
            Location::Override(index, _) => (Layer::Override(*index), 0),
        })
    }
}

impl Sources<'_> {
    /// Locates each problem in the layer of its value. `failed` are the overrides that could not be inserted.
    pub(crate) fn locate(
        &self,
        problems: Vec<Problem>,
        failed: Vec<(usize, String)>,
    ) -> Vec<Diagnostic> {
        let mut found: Vec<Located> = problems.into_iter().map(|it| self.located(it)).collect();
        found.extend(failed.into_iter().map(|(index, reason)| Located {
            location: Some(Location::Override(index, Part::Key)),
            related: Vec::new(),
            problem: Problem::at(KeyPath::root(), "unknown-position", reason),
        }));
        found.sort_by_key(Located::order);
        found.dedup_by(|left, right| {
            left.order() == right.order() && left.problem.message == right.problem.message
        });
        let more = limit_each_kind(&mut found, |one| (one.problem.code, one.problem.severity));
        let texts = self.texts(&found);
        let diagnostics = found.into_iter().map(|one| self.diagnostic(one, &texts));
        diagnostics.chain(more).collect()
    }

    /// Adds the positions of stages and of their keys.
    pub(crate) fn locate_stages(&self, stages: Vec<StageInfo>) -> Vec<StageInfo> {
        let texts = self.texts(&[]);
        let position = |path: &KeyPath| self.position(path, &Part::Key, &texts);
        let located = stages.into_iter().map(|stage| {
            let table = self.tree.get(&stage.path).and_then(Node::as_table);
            let keys = table.into_iter().flat_map(BTreeMap::keys);
            let options =
                keys.filter_map(|key| Some((key.clone(), position(&stage.path.key(key))?)));
            StageInfo { position: position(&stage.path), options: options.collect(), ..stage }
        });
        located.collect()
    }

    /// The variables that placeholders stand for, with their positions.
    pub(crate) fn locate_placeholders(&self, placeholders: &[Placeholder]) -> Vec<Unverified> {
        let texts = self.texts(&[]);
        let mut found: Vec<Unverified> = placeholders
            .iter()
            .filter(|placeholder| !placeholder.is_default)
            .flat_map(|placeholder| {
                let path = &placeholder.path;
                let position = |part| self.position(path, part, &texts);
                placeholder.variables().iter().map(move |variable| Unverified {
                    variable: variable.name.clone(),
                    option: path.clone(),
                    position: position(&variable.part),
                })
            })
            .collect();
        found.sort_by(|one, other| one.position.cmp(&other.position));
        found
    }

    pub(crate) fn positions(&self, paths: &[KeyPath]) -> Vec<Option<TextPosition>> {
        let texts = self.texts(&[]);
        paths.iter().map(|path| self.position(path, &Part::Key, &texts)).collect()
    }

    /// The position of a part of a value. The key of a table with a header begins at the bracket: `[source]`.
    fn position(&self, path: &KeyPath, part: &Part, texts: &[Arc<Text>]) -> Option<TextPosition> {
        let mut location = self.locate_path(path, part)?;
        if let (Location::File(file, key), Part::Key) = (&location, part)
            && let Some(value) = self.documents.get(*file)?.locate(path, &Part::Value)
            && value.start < key.start
        {
            location = Location::File(*file, value);
        }
        let span = self.span(&location, texts)?;
        let (line, column) = (span.line(), span.column());
        Some(TextPosition { file: span.file().to_owned(), line, column })
    }

    fn located(&self, problem: Problem) -> Located {
        let location = self.locate_path(&problem.path, &self.part_of(&problem));
        // A value that is not set has no position.
        let related = problem.related.iter().filter(|place| self.tree.get(&place.path).is_some());
        let related = related.filter_map(|RelatedLocation { path, part, label }| {
            Some((self.locate_path(path, &self.written(path, part))?, label.clone()))
        });
        let replaced = self.replaced(&problem.path);
        Located { location, related: related.chain(replaced).collect(), problem }
    }

    /// The value in a weaker file that is replaced by the value at `path`, or by a list that contains the value at `path`.
    fn replaced(&self, path: &KeyPath) -> Option<(Location, String)> {
        let mut above = KeyPath::root();
        for segment in path.segments() {
            above = match segment {
                Segment::Key(key) => above.key(key),
                Segment::Index(index) => above.index(*index),
            };
            let node = self.tree.get(&above)?;
            // Tables are merged.
            if node.as_table().is_some() {
                continue;
            }
            let (weaker, stronger) = match node.layer {
                Layer::Default | Layer::File(0) => continue,
                Layer::File(index) => (index, "the overlay"),
                Layer::Override(index) => {
                    let is_set = self.layers.overrides.get(index)?.name == COMMAND_LINE;
                    (self.documents.len(), if is_set { "`--set`" } else { "the environment" })
                }
            };
            let mut files = self.documents.iter().enumerate().take(weaker).rev();
            let found = files.find_map(|(index, file)| {
                let is_list = node.as_list().is_some() && file.string(&above).is_none();
                let kind = if is_list { "list" } else { "value" };
                let location = Location::File(index, file.locate(&above, &Part::Value)?);
                Some((location, format!("{stronger} replaces this {kind}")))
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The texts of all files as they may be shown, with secrets masked in the lines of the problems.
    fn texts(&self, found: &[Located]) -> Vec<Arc<Text>> {
        let mut offsets: Vec<Vec<usize>> = vec![Vec::new(); self.documents.len()];
        for one in found {
            for location in one.location.iter().chain(one.related.iter().map(|it| &it.0)) {
                if let Location::File(index, span) = location
                    && let Some(offsets) = offsets.get_mut(*index)
                {
                    offsets.push(span.start);
                }
            }
        }
        let texts = self.documents.iter().zip(offsets);
        texts.map(|(document, offsets)| Arc::new(document.shown(self.secrets, &offsets))).collect()
    }

    fn diagnostic(&self, located: Located, texts: &[Arc<Text>]) -> Diagnostic {
        let Located { location, related, problem } = located;
        let label = problem.label.clone().or_else(|| self.interpolated(&problem));
        let safe = |text: String| printable(&self.secrets.redact(&text)).into_owned();
        let related = related
            .into_iter()
            .filter_map(|(location, label)| Some((self.span(&location, texts)?, safe(label))));
        let related = related.collect();
        let help = self.instead_of_variable(&problem).or(problem.help);
        let Problem { code, message, severity, .. } = problem;
        Diagnostic {
            severity,
            label: label.map(safe),
            help: help.map(safe),
            span: location.and_then(|location| self.span(&location, texts)),
            related,
            ..Diagnostic::new(code, safe(message))
        }
    }

    /// A label with the value of an interpolated string.
    fn interpolated(&self, problem: &Problem) -> Option<String> {
        let node = self.tree.get(&problem.path)?;
        match node.as_str().filter(|_| node.interpolation == Interpolation::Public)? {
            "" => Some("this is empty".to_owned()),
            // The mark is a part of a longer text.
            _ if self.part_of(problem) != Part::Value => None,
            text if text.contains('\n') => None,
            text => {
                let key = problem.path.last_key().unwrap_or_default();
                Some(format!("this is `{}`", mask_urls(key, text)))
            }
        }
    }

    /// The help for an option that is not a string but was set by a variable.
    fn instead_of_variable(&self, problem: &Problem) -> Option<String> {
        let node = self.tree.get(&problem.path)?;
        if problem.code != "wrong-type" || node.interpolation == Interpolation::None {
            return None;
        }
        let segment = |segment: &Segment| match segment {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        };
        let segments: Vec<String> = problem.path.segments().iter().map(segment).collect();
        let (variable, path) = (segments.join("__").to_uppercase(), segments.join("."));
        Some(format!(
            "`${{…}}` always produces a string; set this option with the variable `{PREFIX}{variable}`, or with `--set {path}=…`"
        ))
    }

    /// The location of a value. If no text contains the value, the location of the nearest table above it.
    fn locate_path(&self, path: &KeyPath, part: &Part) -> Option<Location> {
        let (mut path, mut part) = (path.clone(), part.clone());
        loop {
            let layer = self.tree.get(&path).map_or(Layer::Default, |node| node.layer);
            if let Some(location) = self.locate_in(layer, &path, &part) {
                return Some(location);
            }
            match path.parent() {
                Some(parent) => path = parent,
                None => break,
            }
            part = Part::Key;
        }
        self.documents.first().map(|_| Location::File(0, 0..0))
    }

    /// The part of the value to mark.
    fn part_of(&self, problem: &Problem) -> Part {
        self.written(&problem.path, &problem.part)
    }

    /// The part of the string as it is written. Before the first and after the last interpolated variable, offsets in the value are
    /// mapped to offsets in the written text. Problems with the interpolation itself have offsets in the written text.
    fn written(&self, path: &KeyPath, part: &Part) -> Part {
        let (Part::Within(inside), Some(node)) = (part, self.tree.get(path)) else {
            return part.clone();
        };
        if !matches!(node.interpolation, Interpolation::Public | Interpolation::Secret) {
            return part.clone();
        }
        let Layer::File(index) = node.layer else { return Part::Value };
        let written = self.documents.get(index).and_then(|file| file.string(path));
        match written.zip(node.as_str()).and_then(|(text, value)| unchanged(text, value, inside)) {
            Some(span) => Part::Within(span),
            None => Part::Value,
        }
    }

    fn locate_in(&self, layer: Layer, path: &KeyPath, part: &Part) -> Option<Location> {
        // Several files can hold parts of one table: the file of its layer comes first.
        let first = match layer {
            Layer::Override(index) => return Some(Location::Override(index, part.clone())),
            Layer::File(index) => Some(index),
            Layer::Default => None,
        };
        first.into_iter().chain(0..self.documents.len()).find_map(|index| {
            let span = self.documents.get(index)?.locate(path, part)?;
            Some(Location::File(index, span))
        })
    }

    fn span(&self, location: &Location, texts: &[Arc<Text>]) -> Option<TextSpan> {
        match location {
            Location::File(index, span) => {
                texts.get(*index).map(|text| TextSpan::new(Arc::clone(text), span.clone()))
            }
            Location::Override(index, part) => {
                let given = self.layers.overrides.get(*index)?;
                // The value of an unknown key may be a secret.
                let shown = if self.secrets.covers(&given.path) || *part == Part::Key {
                    mask_value(&given.text, given.value_at)
                } else {
                    self.secrets.mask(&mask_assignment(&given.text, given.value_at))
                };
                let span = match part {
                    Part::Key => 0..given.value_at.saturating_sub(1),
                    Part::Within(inside) => given.span_of(inside),
                    Part::Value => given.value_at..given.text.len(),
                };
                Some(TextSpan::new(Arc::new(Text::new(given.name, &shown)), span))
            }
        }
    }
}

/// The part of `written` that is the same text as the part `inside` of its interpolated value.
fn unchanged(written: &str, value: &str, inside: &Range<usize>) -> Option<Range<usize>> {
    let same = |(one, other): &(u8, u8)| one == other;
    let before = written.bytes().zip(value.bytes()).take_while(same).count();
    if inside.end <= before {
        return Some(inside.clone());
    }
    let after = written.bytes().rev().zip(value.bytes().rev()).take_while(same).count();
    if inside.start < value.len() - after {
        return None;
    }
    let shifted = |offset: usize| (offset + written.len()).checked_sub(value.len());
    Some(shifted(inside.start)?..shifted(inside.end)?)
}
