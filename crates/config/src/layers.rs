//! The layers that the values of a pipeline come from.

use std::fmt;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use taskferry_pipeline::Registry;
use taskferry_sdk::{KeyPath, Segment};

use crate::diagnostic::{Diagnostic, Diagnostics, limit_each_kind};
use crate::document::Document;
use crate::files::PipelineFiles;
use crate::keys::KnownKeys;
use crate::string_token;
use crate::text::SourceText;
use crate::variables::{PREFIX, sets_option, trim_value};

/// The name of a value from the command line in messages.
pub(crate) const COMMAND_LINE: &str = "--set";

/// The files, environment variables and arguments that define a pipeline.
#[derive(Clone)]
pub struct Layers {
    /// The pipeline file, then the overlays.
    pub(crate) files: Vec<SourceText>,
    /// Single values, the weakest first: from the environment, then from the command line.
    pub(crate) overrides: Vec<Override>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) folder: PathBuf,
    /// The paths of all files, including files that could not be read.
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) default_name: String,
    pub(crate) sandbox: bool,
    pub(crate) placeholders: bool,
    diagnostics: Vec<Diagnostic>,
}

/// A value from outside the files.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    /// Its name in messages: `environment` or `--set`.
    pub(crate) name: &'static str,
    /// The whole assignment, as given.
    pub(crate) text: String,
    /// The offset of the value in `text`.
    pub(crate) value_at: usize,
    pub(crate) path: KeyPath,
}

/// Shows the names of the files only, because the environment holds secrets.
impl fmt::Debug for Layers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&str> = self.files.iter().map(|file| file.name.as_str()).collect();
        formatter.debug_struct("Layers").field("files", &files).finish_non_exhaustive()
    }
}

impl Override {
    pub(crate) fn value(&self) -> &str {
        self.text.get(self.value_at..).unwrap_or_default()
    }

    /// The span of these bytes of the value in `text`, if the value is a string.
    pub(crate) fn span_of(&self, inside: &Range<usize>) -> Range<usize> {
        let (value, end) = (self.value(), self.text.len());
        let token = value.trim_start();
        let (start, span) = match string_token::span_of(token.trim_end(), inside) {
            Some(span) => (end - token.len(), span),
            None => (self.value_at, inside.clone()),
        };
        let span = start + span.start..start + span.end;
        if self.text.get(span.clone()).is_some() { span } else { self.value_at..end }
    }
}

impl Layers {
    /// Reads a pipeline file. [`load`](crate::load) reports a file that cannot be read.
    pub fn from_file(path: &Path) -> Self {
        Self::from_described_file(path, "pipeline file")
    }

    /// Reads a pipeline file and its overlays, and adds these assignments: [`overlay`](Self::overlay), [`set`](Self::set).
    pub fn with_overlays(file: &Path, overlays: &[PathBuf], assignments: &[String]) -> Self {
        let layers = Self::from_file(file);
        let layers = overlays.iter().fold(layers, |layers, overlay| layers.overlay(overlay));
        assignments.iter().fold(layers, |layers, assignment| layers.set(assignment))
    }

    /// Reads a file. `what` describes the file in messages, for example `overlay`.
    pub(crate) fn from_described_file(path: &Path, what: &str) -> Self {
        let mut layers = Self::from_text(path.to_string_lossy(), String::new());
        layers.files.clear();
        layers.read(path, what);
        if let Some(folder) = path.parent() {
            folder.clone_into(&mut layers.folder);
        }
        layers
    }

    /// The text of a pipeline file, with the name that messages use for it.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        let stem = Path::new(&name).file_stem();
        Self {
            default_name: stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
            files: vec![SourceText { name, text: text.into() }],
            overrides: Vec::new(),
            environment: Vec::new(),
            folder: PathBuf::new(),
            paths: Vec::new(),
            sandbox: false,
            placeholders: false,
            diagnostics: Vec::new(),
        }
    }

    /// Adds a file over the earlier files. Its tables are merged with earlier tables, and its other values replace earlier values.
    #[must_use]
    pub fn overlay(mut self, path: &Path) -> Self {
        self.read(path, "overlay");
        self
    }

    /// Adds environment variables over the files: `TASKFERRY_SOURCE__LIMIT` sets `source.limit`. `${NAME}` reads the other
    /// variables. A line break at the end of a variable is not part of its value.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter();
        self.environment =
            variables.map(|(name, value)| (name, trim_value(&value).to_owned())).collect();
        self.environment.sort();
        // An empty variable counts as unset.
        let set = self.environment.iter().filter(|(_, value)| !value.is_empty());
        let overrides = set.filter_map(|(name, value)| {
            let key = name.strip_prefix(PREFIX).filter(|_| sets_option(name))?;
            Some(Override {
                name: "environment",
                text: format!("{name}={value}"),
                value_at: name.len() + 1,
                path: key.split("__").map(|segment| segment_of(&segment.to_lowercase())).collect(),
            })
        });
        // The command line is stronger, whatever the order of the calls.
        self.overrides.splice(0..0, overrides);
        self
    }

    /// Adds one value over everything before it: `source.limit=50`, `sink.0.path=out/x.csv`. The value is TOML if it parses
    /// as TOML, otherwise a string.
    #[must_use]
    pub fn set(mut self, assignment: &str) -> Self {
        let Some((key, _)) = assignment.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            // The argument is not shown: any part of it may be a secret.
            let diagnostic = Diagnostic::new("invalid-assignment", "`--set` expects KEY=VALUE")
                .help("for example `--set source.limit=50`");
            self.diagnostics.push(diagnostic);
            return self;
        };
        let dotted = key.replace('[', ".").replace(']', "");
        self.overrides.push(Override {
            name: COMMAND_LINE,
            text: assignment.to_owned(),
            value_at: key.len() + 1,
            path: dotted.trim().split('.').map(segment_of).collect(),
        });
        self
    }

    /// Sets whether the sandbox replaces the addresses and credentials of the source and the sinks, regardless of the other
    /// layers.
    #[must_use]
    pub fn sandbox(mut self, sandbox: bool) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// Sets whether placeholders replace unset variables, and unreadable files that are outside of the project or contain a secret.
    /// Each placeholder is a value that the plugin accepts. [`Checked::unverified`](crate::Checked::unverified) lists the
    /// placeholders. Such a pipeline can be checked and tested without secrets, but must not run.
    #[must_use]
    pub fn placeholders(mut self, placeholders: bool) -> Self {
        self.placeholders = placeholders;
        self
    }

    /// The input files that options name.
    pub fn files(&self) -> PipelineFiles {
        PipelineFiles::beside(&self.folder)
    }

    pub(crate) fn parse(&self, registry: &Registry) -> Result<Vec<Document<'_>>, Diagnostics> {
        let mut diagnostics = self.diagnostics.clone();
        let mut documents = Vec::new();
        for file in &self.files {
            match Document::parse(file, || KnownKeys::of(registry)) {
                Ok(document) => documents.push(document),
                Err(found) => diagnostics.extend(found),
            }
        }
        let more = limit_each_kind(&mut diagnostics, |one| (one.code(), one.severity()));
        diagnostics.extend(more);
        if diagnostics.is_empty() { Ok(documents) } else { Err(Diagnostics::new(diagnostics)) }
    }

    fn read(&mut self, path: &Path, what: &str) {
        let name = path.to_string_lossy().into_owned();
        self.paths.push(path.to_owned());
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => self.files.push(SourceText { name, text }),
            Ok(Err(_)) => {
                let message = format!("the {what} `{name}` is not UTF-8 text");
                self.diagnostics.push(
                    Diagnostic::new("invalid-encoding", message).help("save the file as UTF-8"),
                );
            }
            Err(error) => {
                let message = format!("can't read the {what} `{name}`: {error}");
                let help = "check the path; a relative path starts at the working directory";
                self.diagnostics.push(Diagnostic::new("unreadable-file", message).help(help));
            }
        }
    }
}

fn segment_of(text: &str) -> Segment {
    let text = text.trim();
    text.parse().map_or_else(|_| Segment::Key(text.to_owned()), Segment::Index)
}
