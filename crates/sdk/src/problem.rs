//! Errors in a pipeline file, and warnings about it.

use std::ops::Range;

use crate::KeyPath;

/// The part of an option that a [`Problem`] marks.
///
/// ```
/// use taskferry_sdk::{KeyPath, Part, Problem};
///
/// // Marks `.tasks[` in `filter = ".tasks["`.
/// let problem = Problem::at(KeyPath::of("filter"), "invalid-jq", "the `[` is not closed").part(Part::Within(0..7));
/// assert_eq!(problem.part, Part::Within(0..7));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The key.
    Key,
    /// The value.
    Value,
    /// These bytes of a string value, for example in a jq expression.
    Within(Range<usize>),
}

/// The maximum number of problems of one kind that are reported individually.
pub const MAX_PER_KIND: usize = 100;

/// The severity of a [`Problem`].
///
/// ```
/// use taskferry_sdk::{KeyPath, Problem, Severity};
///
/// let problem = Problem::at(KeyPath::of("limit"), "unused-option", "`limit` has no effect").warning();
/// assert_eq!(problem.severity, Severity::Warning);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The pipeline can run, but probably not as intended.
    Warning,
    /// The pipeline can't run.
    Error,
}

/// Another location in the pipeline file that a [`Problem`] concerns.
///
/// ```
/// use taskferry_sdk::{KeyPath, Part, Problem};
///
/// let problem = Problem::at(KeyPath::of("columns"), "unused-option", "`columns` has no effect")
///     .related(KeyPath::of("format"), Part::Value, "not csv");
/// assert_eq!(problem.related[0].label, "not csv");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedLocation {
    /// The path of the value. It starts where [`Problem::path`] starts. A value that is not set is not marked.
    pub path: KeyPath,
    /// The marked part.
    pub part: Part,
    /// A short description.
    pub label: String,
}

/// An error in a pipeline file, or a warning, with the path of its key. The crate `config` adds the line.
///
/// ```
/// use taskferry_sdk::{KeyPath, Problem};
///
/// let problem = Problem::at(KeyPath::of("levels"), "unknown-level", "`h1` is not a level").help("write `H1`");
/// assert_eq!(problem.path.to_string(), "levels");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of the value. Paths in plugins start at the table of the stage.
    pub path: KeyPath,
    /// The marked part.
    pub part: Part,
    /// The stable name of this kind of problem, for scripts and searches: words with hyphens, for example `unknown-key`.
    pub code: &'static str,
    /// The error, in lower case, without a full stop.
    pub message: String,
    /// The text under the caret; by default the message.
    pub label: Option<String>,
    /// How to fix it.
    pub help: Option<String>,
    /// Whether the pipeline can run.
    pub severity: Severity,
    /// Other locations to mark.
    pub related: Vec<RelatedLocation>,
}

impl Problem {
    /// An error in the value at `path`.
    pub fn at(path: KeyPath, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            path,
            part: Part::Value,
            code,
            message: message.into(),
            label: None,
            help: None,
            severity: Severity::Error,
            related: Vec::new(),
        }
    }

    /// One error for each name that is in a list twice.
    ///
    /// ```
    /// use taskferry_sdk::{KeyPath, Problem};
    ///
    /// let names = ["id", "task", "id"].map(str::to_owned);
    /// let problems = Problem::duplicates(&KeyPath::of("fields"), &names);
    /// assert_eq!(problems[0].path.to_string(), "fields[2]");
    /// assert_eq!(problems[0].message, "`id` is in the list twice");
    /// ```
    pub fn duplicates(list: &KeyPath, names: &[String]) -> Vec<Self> {
        let earlier = |index, name| names.iter().take(index).position(|earlier| earlier == name);
        let repeated = names.iter().enumerate();
        let repeated =
            repeated.filter_map(|(index, name)| Some((index, earlier(index, name)?, name)));
        let problem = |(index, first, name): (usize, usize, &String)| {
            let message = format!("`{name}` is in the list twice");
            Self::at(list.index(index), "duplicate-value", message)
                .related(list.index(first), Part::Value, "listed first")
                .help("remove one of them")
        };
        repeated.map(problem).collect()
    }

    /// Turns the error into a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Marks another location. Its path starts where the path of the problem starts. A value that is not set is not marked.
    #[must_use]
    pub fn related(mut self, path: KeyPath, part: Part, label: impl Into<String>) -> Self {
        self.related.push(RelatedLocation { path, part, label: label.into() });
        self
    }

    /// Sets the marked part, by default the value.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.part = part;
        self
    }

    /// Sets the text under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Sets the help text.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Prefixes all paths with the path of the stage's table.
    #[must_use]
    pub fn under(mut self, base: &KeyPath) -> Self {
        self.path = base.join(&self.path);
        for other in &mut self.related {
            other.path = base.join(&other.path);
        }
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
