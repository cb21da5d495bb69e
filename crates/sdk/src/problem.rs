//! A mistake in a pipeline file, or a warning about it, as the stage that found it reports it.

use std::ops::Range;

use crate::KeyPath;

/// Which part of a key and its value a [`Problem`] points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The key: an unknown one for example.
    Key,
    /// The value.
    Value,
    /// These bytes of a string value: a place inside a jq expression for example.
    Within(Range<usize>),
}

/// How many problems of one kind are reported one by one.
pub const MAX_PER_KIND: usize = 100;

/// How much a [`Problem`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pipeline can run, but most likely does not do what its author wants.
    Warning,
    /// The pipeline can't run.
    Mistake,
}

/// Another place in the pipeline file that a [`Problem`] concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedLocation {
    /// The value, counted from the top of the file.
    pub path: KeyPath,
    /// Which part of it.
    pub part: Part,
    /// What is there, in a few words.
    pub label: String,
}

/// One mistake in a pipeline file, or a warning about it. It holds the key, not the line: `config` finds the line.
///
/// ```
/// use taskferry_sdk::{KeyPath, Problem};
///
/// let problem = Problem::at(KeyPath::of("levels"), "value::level", "`h1` is not a level").help("write `H1`");
/// assert_eq!(problem.path.to_string(), "levels");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The value it is about. Plugins count from the top of their own table.
    pub path: KeyPath,
    /// Which part of it.
    pub part: Part,
    /// A stable code, `area::mistake`, that scripts and search engines can hold on to.
    pub code: &'static str,
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// A few words to stand under the caret; the message again when empty.
    pub label: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// Whether the pipeline can run all the same.
    pub severity: Severity,
    /// Other places that it concerns, marked as well.
    pub related: Vec<RelatedLocation>,
}

impl Problem {
    /// A problem with the value at `path`.
    pub fn at(path: KeyPath, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            path,
            part: Part::Value,
            code,
            message: message.into(),
            label: None,
            help: None,
            severity: Severity::Mistake,
            related: Vec::new(),
        }
    }

    /// The same, as a warning: the pipeline can run all the same.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Marks another place as well: `path` counts from the top of the file.
    #[must_use]
    pub fn related(mut self, path: KeyPath, part: Part, label: impl Into<String>) -> Self {
        self.related.push(RelatedLocation { path, part, label: label.into() });
        self
    }

    /// Points at another part than the value.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Says what stands under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem seen from further up: `base` is where the plugin's table stands.
    #[must_use]
    pub fn under(mut self, base: &KeyPath) -> Self {
        self.path = base.join(&self.path);
        self
    }
}

/// The name among `known` that `wrong` most likely meant, if one is near enough.
///
/// ```
/// assert_eq!(taskferry_sdk::nearest("limt", ["limit", "include"]), Some("limit"));
/// assert_eq!(taskferry_sdk::nearest("banana", ["limit", "include"]), None);
/// ```
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normal = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let wrong = normal(wrong);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wrong, &normal(name)), name))
        .filter(|(distance, name)| *distance <= 1.max(name.len().min(wrong.len()) / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
