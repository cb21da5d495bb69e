//! Path templates.

use std::borrow::Cow;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use crate::{RunContext, Shard, nearest};

const NAMES: [&str; 5] = ["pipeline", "date", "time", "run_id", "shard"];

/// A path with placeholders such as `out/{pipeline}-{date}.ndjson`, which a run fills in.
///
/// `{date}` (`2026-11-23`) and `{time}` (`204243`) are the run's start in UTC. `{shard}` is the shard of the export (`2-of-8`), or
/// `all`. A value can't leave its folder: characters other than letters, digits, `-`, `_` and `.` become `-`, and so does a
/// leading dot. `{{` and `}}` are literal braces.
///
/// ```
/// use taskferry_sdk::{PathTemplate, RunContext};
///
/// let path: PathTemplate = "out/{pipeline}-{date}.csv".parse().unwrap();
/// let run = RunContext::new("../jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
/// assert_eq!(path.fill(&run).to_str(), Some("out/-.-jobs-2026-11-23.csv"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    parts: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder(&'static str),
}

/// Inserts a suffix before the extensions: `out/jobs.ndjson.gz` becomes `out/jobs.sandbox.ndjson.gz`.
fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A leading dot hides a file and starts no extension.
    let dot = name.char_indices().skip(1).find(|(_, character)| *character == '.');
    let (stem, extensions) = name.split_at(dot.map_or(name.len(), |(at, _)| at));
    path.with_file_name(format!("{stem}.{suffix}{extensions}"))
}

impl PathTemplate {
    /// The path for a run. Replays and runs with `--sandbox` get a suffix, so that they do not replace a real export.
    ///
    /// ```
    /// use taskferry_sdk::{PathTemplate, RunContext};
    ///
    /// let mut run = RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
    /// run.replay = true;
    /// let filled = |path: &str| path.parse::<PathTemplate>().unwrap().fill(&run);
    /// assert_eq!(filled("jobs.csv").to_str(), Some("jobs.replay-r1.csv"));
    /// assert_eq!(filled("{run_id}.dead.ndjson").to_str(), Some("r1.replay.dead.ndjson"));
    /// ```
    pub fn fill(&self, run: &RunContext) -> PathBuf {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Piece::Text(text) => path.push_str(text),
                Piece::Placeholder(name) => path.push_str(&sanitize(&value_of(name, run))),
            }
        }
        let mut path = PathBuf::from(path);
        if run.sandbox {
            path = with_suffix(&path, "sandbox");
        }
        if run.replay {
            let is_unique =
                self.parts.iter().any(|part| matches!(part, Piece::Placeholder("run_id")));
            let suffix = format!("replay-{}", sanitize(&run.run_id));
            path = with_suffix(&path, if is_unique { "replay" } else { &suffix });
        }
        path
    }

    /// The path for a pipeline, with all other placeholders unfilled.
    pub fn for_pipeline(&self, pipeline: &str) -> PathBuf {
        let parts = self.parts.iter().map(|part| match part {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder("pipeline") => sanitize(pipeline),
            Piece::Placeholder(name) => format!("{{{name}}}"),
        });
        PathBuf::from(parts.collect::<String>())
    }

    /// Identifies the output of a pipeline before the run: two templates of the same file have the same id. Links are resolved
    /// only when the files are opened.
    ///
    /// ```
    /// use taskferry_sdk::PathTemplate;
    ///
    /// let output_id = |path: &str| path.parse::<PathTemplate>().unwrap().output_id("jobs");
    /// assert_eq!(output_id("out/x/../{pipeline}.csv"), output_id("./out/jobs.csv"));
    /// assert_ne!(output_id("out/{date}.csv"), output_id("out/{run_id}.csv"));
    /// ```
    pub fn output_id(&self, pipeline: &str) -> String {
        let filled = self.text.replace("{pipeline}", pipeline);
        let mut path = PathBuf::new();
        for part in Path::new(&filled).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir if path.file_name().is_some() => _ = path.pop(),
                part => path.push(part),
            }
        }
        format!("file `{}`", path.display())
    }

    /// Whether runs of different shards write different files.
    pub fn differs_per_shard(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Piece::Placeholder("shard" | "run_id")))
    }

    /// The template's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn unknown(name: &str) -> String {
    let all = NAMES.map(|name| format!("{{{name}}}")).join(", ");
    let near = nearest(name, NAMES).map(|near| format!("; did you mean `{{{near}}}`?"));
    let near = near.unwrap_or_default();
    format!("unknown placeholder `{{{name}}}`; the placeholders are {all}{near}")
}

fn value_of(name: &str, run: &RunContext) -> String {
    let start = run.started_at.to_string();
    match name {
        "date" => start.chars().take(10).collect(),
        "time" => start.chars().skip(11).take(8).filter(|character| *character != ':').collect(),
        "run_id" => run.run_id.clone(),
        "shard" => run.shard.map_or_else(|| "all".to_owned(), Shard::name),
        _ => run.pipeline.clone(),
    }
}

fn sanitize(text: &str) -> String {
    let safe =
        |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    let mut text: String =
        text.chars().map(|character| if safe(character) { character } else { '-' }).collect();
    if text.starts_with('.') {
        text.replace_range(..1, "-");
    }
    text
}

impl FromStr for PathTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Err("the path is empty".to_owned());
        }
        if text.ends_with('/') {
            return Err("the path is a folder; add a file name".to_owned());
        }
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(position) = rest.find(['{', '}']) {
            plain.push_str(&rest[..position]);
            let brace = &rest[position..];
            if let Some(after) = brace.strip_prefix("{{") {
                plain.push('{');
                rest = after;
            } else if let Some(after) = brace.strip_prefix("}}") {
                plain.push('}');
                rest = after;
            } else {
                let (name, after) =
                    brace.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or(
                        "the path has an unmatched brace; write `{{` or `}}` for a literal brace",
                    )?;
                let known = NAMES.into_iter().find(|known| *known == name);
                let place = known.ok_or_else(|| unknown(name))?;
                parts.push(Piece::Text(std::mem::take(&mut plain)));
                parts.push(Piece::Placeholder(place));
                rest = after;
            }
        }
        plain.push_str(rest);
        parts.push(Piece::Text(plain));
        Ok(Self { text: text.to_owned(), parts })
    }
}

impl fmt::Debug for PathTemplate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

impl<'de> Deserialize<'de> for PathTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for PathTemplate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PathTemplate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "examples": ["out/{pipeline}-{date}.ndjson"]})
    }
}
