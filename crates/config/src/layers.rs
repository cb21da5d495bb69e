//! Where values come from.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use taskferry_pipeline::Registry;

use taskferry_sdk::{KeyPath, Segment};

use crate::document::Document;
use crate::files::PipelineFiles;
use crate::keys::known_keys;
use crate::mistake::{Mistake, Mistakes, take_out_surplus};
use crate::variables::{PREFIX, sets_option, value_in};

/// What messages call a value from the command line.
pub(crate) const COMMAND_LINE: &str = "--set";
/// The texts that a pipeline is made of.
#[derive(Clone)]
pub struct Layers {
    /// The pipeline file, then the overlays.
    pub(crate) files: Vec<SourceText>,
    /// Single values, weakest first: from the environment, then from the command line.
    pub(crate) overrides: Vec<Override>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) folder: PathBuf,
    /// Where the files are.
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) default_name: String,
    /// Whether the sandbox takes the place of real addresses.
    pub(crate) sandbox: bool,
    unreadable: Vec<Mistake>,
}

/// A file's text under the name that messages call it.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// One value given outside the files.
#[derive(Debug, Clone)]
pub(crate) struct Override {
    /// What messages call it: the variable, or `--set`.
    pub(crate) name: String,
    /// The whole assignment, as it was given.
    pub(crate) text: String,
    /// Where in `text` the value begins.
    pub(crate) value_at: usize,
    pub(crate) path: KeyPath,
}

/// The files alone: the environment holds what nobody should see.
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
}

impl Layers {
    /// Reads a pipeline file. One that can't be read is told by [`load`](crate::load), as mistakes in it are.
    pub fn from_file(path: &Path) -> Self {
        let mut layers = Self::from_text(path.to_string_lossy(), String::new());
        layers.files.clear();
        layers.read(path, "pipeline file");
        if let Some(folder) = path.parent() {
            folder.clone_into(&mut layers.folder);
        }
        layers
    }

    /// A pipeline file's text, under the name that messages call it.
    pub fn from_text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let name = name.into();
        let default_name =
            Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Self {
            default_name: default_name.unwrap_or_default(),
            files: vec![SourceText { name, text: text.into() }],
            overrides: Vec::new(),
            environment: Vec::new(),
            folder: PathBuf::new(),
            paths: Vec::new(),
            sandbox: false,
            unreadable: Vec::new(),
        }
    }

    /// Puts a file over what is there already. Its tables are merged in, its lists replace.
    #[must_use]
    pub fn overlay(mut self, path: &Path) -> Self {
        self.read(path, "overlay");
        self
    }

    /// Puts environment variables over the files: `TASKFERRY_SOURCE__LIMIT` is `source.limit`. All other
    /// variables are there for `${NAME}`. A line break at the end of a variable is no part of its value.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let variables = variables.into_iter();
        self.environment =
            variables.map(|(name, value)| (name, value_in(&value).to_owned())).collect();
        self.environment.sort();
        for (name, value) in &self.environment {
            // A variable that is set to nothing counts as one that is not set.
            let ours = !value.is_empty() && sets_option(name);
            let Some(key) = name.strip_prefix(PREFIX).filter(|_| ours) else {
                continue;
            };
            let path = key.split("__").map(|segment| segment_of(&segment.to_lowercase())).collect();
            self.overrides.push(Override {
                name: "environment".to_owned(),
                text: format!("{name}={value}"),
                value_at: name.len() + 1,
                path,
            });
        }
        self
    }

    /// Puts one value over everything before it: `source.limit=50`, `sink.0.path=out/x.csv`. The value is
    /// read as TOML where it is TOML, else as a string.
    #[must_use]
    pub fn set(mut self, assignment: &str) -> Self {
        let Some((key, _)) = assignment.split_once('=').filter(|(key, _)| !key.trim().is_empty())
        else {
            // All of it may be a secret.
            let mistake = Mistake::nowhere(
                "layer::assignment",
                "an argument of `--set` has no key, or no `=` behind it",
            )
            .help("write `--set key.of.the.value=value`, `--set source.limit=50` for example");
            self.unreadable.push(mistake);
            return self;
        };
        let plain = key.replace('[', ".").replace(']', "");
        let path = plain.trim().split('.').map(segment_of).collect();
        self.overrides.push(Override {
            name: COMMAND_LINE.to_owned(),
            text: assignment.to_owned(),
            value_at: key.len() + 1,
            path,
        });
        self
    }

    /// Whether the pipeline is to run on made-up data: the sandbox takes the place of the addresses and credentials of its
    /// source and its sinks, whatever the other layers say.
    #[must_use]
    pub fn sandbox(mut self, sandbox: bool) -> Self {
        self.sandbox = sandbox;
        self
    }

    /// The files that options may name.
    pub fn files(&self) -> PipelineFiles {
        PipelineFiles::beside(&self.folder)
    }

    pub(crate) fn parse(&self, registry: &Registry) -> Result<Vec<Document>, Mistakes> {
        let mut mistakes = self.unreadable.clone();
        let mut documents = Vec::new();
        for file in &self.files {
            match Document::parse(&file.name, &file.text, || known_keys(registry)) {
                Ok(document) => documents.push(document),
                Err(found) => mistakes.extend(found),
            }
        }
        let surplus = take_out_surplus(&mut mistakes, |one| (one.code(), one.severity()));
        mistakes.extend(surplus);
        if mistakes.is_empty() { Ok(documents) } else { Err(Mistakes::new(mistakes)) }
    }

    fn read(&mut self, path: &Path, what: &str) {
        let name = path.to_string_lossy().into_owned();
        self.paths.push(path.to_owned());
        match fs::read(path).map(String::from_utf8) {
            Ok(Ok(text)) => self.files.push(SourceText { name, text }),
            Ok(Err(_)) => self.unreadable.push(
                Mistake::nowhere(
                    "file::encoding",
                    format!("the {what} `{name}` is not UTF-8 text"),
                )
                .help("save it as UTF-8"),
            ),
            Err(error) => self.unreadable.push(
                Mistake::nowhere(
                    "file::unreadable",
                    format!("can't read the {what} `{name}`: {error}"),
                )
                .help("check the path; it starts at the working directory"),
            ),
        }
    }
}

fn segment_of(text: &str) -> Segment {
    let text = text.trim();
    text.parse().map_or_else(|_| Segment::Key(text.to_owned()), Segment::Index)
}
