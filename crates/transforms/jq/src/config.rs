//! The options and their checks.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use taskferry_sdk::{
    AnyTransform, BuildContext, ByteCount, Duration, FieldRule, KeyPath, MissingField, Part,
    Plugin, Problem, TransformPlugin,
};

use crate::clock::Clock;
use crate::dropped_fields::find_drop;
use crate::filter_error::FilterError;
use crate::known_fields::known_fields;
use crate::limits::{Limits, with_stack};
use crate::program::Program;
use crate::protocol::Setup;
use crate::transform::{InProcess, Isolated};
use crate::workers::Workers;

const DEFAULT_MEMORY: ByteCount = ByteCount::new(256 << 20);
/// A worker needs this much for the standard library of jq.
const MIN_MEMORY: ByteCount = ByteCount::new(16 << 20);

/// Applies a jq expression to each record. Each result of the expression becomes a record.
///
/// Use only expressions that you trust. Without `isolation`, an expression can use any amount of memory, and an endless
/// loop ends the run. An expression has no access to environment variables.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["filter"]}, {"required": ["file"]}]))]
pub struct Jq {
    /// The expression, for example `.hours = (.weekly_hours // 0) | del(.weekly_hours)`. Set either `filter` or `file`.
    filter: Option<String>,
    /// A file with the expression. A relative path starts at the folder of the pipeline file.
    file: Option<PathBuf>,
    /// Variables for the expression: `args = { region = "emea" }` defines `$region`. A value may have any type.
    #[serde(default)]
    args: BTreeMap<String, Value>,
    /// The maximum time for one record.
    #[serde(default = "default_time_limit")]
    time_limit: Duration,
    /// The maximum number of results for one record.
    #[serde(default = "default_max_results")]
    max_results: usize,
    /// Where the expression runs: in this process (`none`), or in a child process with a memory limit (`process`). A
    /// child process that exceeds the time limit is killed, and `on_error` applies to the record.
    #[serde(default)]
    isolation: Isolation,
    /// The memory limit of the child process, for `isolation = "process"`. By default `"256 MiB"`.
    memory_limit: Option<ByteCount>,
}

/// Where the expression runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// In this process.
    #[default]
    None,
    /// In a child process.
    Process,
}

fn default_time_limit() -> Duration {
    Duration::from_secs(5)
}

fn default_max_results() -> usize {
    10_000
}

impl Plugin for Jq {
    const TYPE: &'static str = "jq";
}

impl TransformPlugin for Jq {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = self.check_args();
        problems.extend(self.check_limits());
        let limits = Limits { time: self.time_limit.get(), results: self.max_results };
        let text = match self.text(context) {
            Ok(text) => text,
            Err(problem) => {
                problems.push(problem);
                return Err(problems);
            }
        };
        let program = match Program::compile(&text, &self.args, limits) {
            Ok(program) => program,
            Err(errors) => {
                problems.extend(errors.into_iter().map(|error| self.problem(error, &text)));
                return Err(problems);
            }
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        let option = self.option();
        Ok(match self.isolation {
            Isolation::None => AnyTransform::stateless(InProcess { program, option }),
            Isolation::Process => {
                let memory = self.memory_limit.unwrap_or(DEFAULT_MEMORY);
                let (args, clock, memory) = (self.args.clone(), Clock::default(), memory.get());
                let setup = Setup { filter: text, args, limits, clock, memory };
                AnyTransform::asynchronous(Isolated { workers: Workers::new(setup), option })
            }
        })
    }

    fn fields(&self, context: &BuildContext<'_>) -> FieldRule {
        let Ok(text) = self.text(context) else { return FieldRule::default() };
        let (option, is_file, expression) = (self.option(), self.file.is_some(), text.clone());
        let rule = FieldRule::estimate(move |input, missing| {
            let (fields, reads) = with_stack(true, || known_fields(&text, input));
            missing.extend(reads.into_iter().map(|(field, range)| {
                if !is_file {
                    return field.at(KeyPath::of(option), Part::Within(range));
                }
                let line_and_column = Some(line_and_column(&text, range.start));
                MissingField { line_and_column, ..field.at(KeyPath::of(option), Part::Value) }
            }));
            fields
        });
        rule.find_drop(move |input, field| {
            let range = with_stack(true, || find_drop(&expression, input, field));
            let part = range.filter(|_| !is_file).map_or(Part::Value, Part::Within);
            Some((KeyPath::of(option), part))
        })
    }
}

impl Jq {
    /// The option with the expression.
    fn option(&self) -> &'static str {
        if self.file.is_some() { "file" } else { "filter" }
    }

    fn text(&self, context: &BuildContext<'_>) -> Result<String, Problem> {
        match (&self.filter, &self.file) {
            (Some(filter), None) => Ok(filter.clone()),
            (None, Some(path)) => read(path, context),
            (Some(_), Some(_)) => {
                let message = "`file` and `filter` can't be used together";
                Err(Problem::at(KeyPath::of("file"), "conflicting-options", message)
                    .part(Part::Key)
                    .label("an expression in a file")
                    .related(KeyPath::of("filter"), Part::Key, "another expression")
                    .help("remove one of them"))
            }
            (None, None) => {
                Err(Problem::at(KeyPath::root(), "missing-key", "the jq expression is missing")
                    .part(Part::Key)
                    .label("needs `filter` or `file`")
                    .help("add for example `filter = \".\"`"))
            }
        }
    }

    fn check_args(&self) -> Vec<Problem> {
        let wrong = self.args.keys().filter(|name| !is_variable(name));
        let problems = wrong.map(|name| {
            let path = KeyPath::of("args").key(name.clone());
            Problem::at(path, "invalid-name", format!("`{name}` is not a valid variable name"))
                .part(Part::Key)
                .help("use letters, digits and `_`, and begin with a letter or `_`")
        });
        problems.collect()
    }

    fn check_limits(&self) -> Vec<Problem> {
        let invalid = |key: &str, message: &str, help: &str| {
            Problem::at(KeyPath::of(key), "invalid-value", message).help(help)
        };
        let mut problems = Vec::new();
        if self.time_limit.get().is_zero() {
            let message = "`time_limit` must be greater than zero";
            problems.push(invalid("time_limit", message, "write for example \"5s\""));
        }
        if self.max_results == 0 {
            let help = "write at least 1; to drop records, use an expression without results, such as `empty`";
            let message = "`max_results` must be greater than zero";
            problems.push(invalid("max_results", message, help));
        }
        match self.memory_limit {
            Some(_) if self.isolation == Isolation::None => {
                let message = "`memory_limit` has no effect without `isolation = \"process\"`";
                let problem = Problem::at(KeyPath::of("memory_limit"), "unused-option", message)
                    .label("this limit")
                    .help("add `isolation = \"process\"`, or remove `memory_limit`");
                let why = "no child process to limit";
                problems.push(problem.related(KeyPath::of("isolation"), Part::Value, why));
            }
            Some(limit) if limit < MIN_MEMORY => {
                let message = format!(
                    "`memory_limit` must be at least {MIN_MEMORY}, which the jq library needs"
                );
                let help = format!("write at least \"{MIN_MEMORY}\"");
                problems.push(invalid("memory_limit", &message, &help));
            }
            _ => {}
        }
        problems
    }

    /// An error in the expression, located within `filter`, or by line and column of the file.
    fn problem(&self, error: FilterError, text: &str) -> Problem {
        let problem = match &self.file {
            None => Problem::at(KeyPath::of("filter"), error.code, error.message)
                .part(Part::Within(error.range)),
            Some(path) => {
                let (line, column) = line_and_column(text, error.range.start);
                let message = format!("{}:{line}:{column}: {}", path.display(), error.message);
                Problem::at(KeyPath::of("file"), error.code, message)
            }
        };
        match error.help {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

fn read(path: &Path, context: &BuildContext<'_>) -> Result<String, Problem> {
    let problem = |reason: &dyn std::fmt::Display| {
        context.unreadable_file("file", path, "the jq file", reason)
    };
    let bytes = context.files().read(path).map_err(|error| problem(&error))?;
    String::from_utf8(bytes).map_err(|_| problem(&"it is not UTF-8 text"))
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The line and column of a byte offset, both from 1.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(line_start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}
