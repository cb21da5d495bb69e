//! The URL `sandbox:`, which starts a sandbox inside the process.

use std::ops::Range;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use taskferry_sdk::nearest;

use crate::options::{DEFAULT_JOBS, DEFAULT_SEED};
use crate::settings::SandboxSettings;
use crate::{DataOrigin, Faults, MAX_JOBS, SyntaxProblem};

/// A URL like `sandbox:`, `sandbox:?jobs=500&seed=7`, `sandbox:?data=FILE`, `sandbox:?fault=429@3&fault=cut@4` or
/// `sandbox:?setting=unknown_cursor=400`.
///
/// In `FILE`, `%XX` is a byte and all other characters but `&` are literal. A [`Fault`](crate::Fault) is written as on the
/// command line. The seed also decides which requests a fault with `%` affects.
///
/// ```
/// use taskferry_sandbox::{DataOrigin, SandboxUrl};
///
/// let url = SandboxUrl::parse("sandbox:?jobs=500").unwrap();
/// assert_eq!(url.data, DataOrigin::Generated { jobs: 500, seed: 1 });
///
/// let problems = SandboxUrl::parse("sandbox:?job=500").unwrap_err();
/// assert_eq!(problems[0].message, "unknown parameter `job`");
/// assert_eq!(problems[0].help, "did you mean `jobs`?");
/// assert_eq!(problems[0].range, 9..12);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxUrl {
    /// The data to serve. The path of a file is as it was written.
    pub data: DataOrigin,
    /// The bytes of the URL that name the file; `None` if jobs are generated.
    pub file_range: Option<Range<usize>>,
    /// The faults to inject.
    pub faults: Faults,
    /// The behavior where no public page documents the real API.
    pub settings: SandboxSettings,
}

/// An error in a `sandbox:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlProblem {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The bytes of the URL that are wrong.
    pub range: Range<usize>,
}

impl UrlProblem {
    fn new(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into(), range }
    }
}

const SCHEME: &str = "sandbox:";
const PARAMETERS: [&str; 5] = ["jobs", "seed", "data", "fault", "setting"];
const REPEATABLE: [&str; 2] = ["fault", "setting"];

impl SandboxUrl {
    /// Parses a URL.
    ///
    /// # Errors
    /// All errors in the URL, in their order.
    pub fn parse(url: &str) -> Result<Self, Vec<UrlProblem>> {
        let invalid = |range| {
            let help = "write `sandbox:`, `sandbox:?jobs=500&seed=7` or `sandbox:?data=FILE`";
            vec![UrlProblem::new(range, "not a sandbox URL", help)]
        };
        let rest = url.strip_prefix(SCHEME).ok_or_else(|| invalid(0..url.len()))?;
        let query = match rest.strip_prefix('?') {
            Some(query) => query,
            None if rest.is_empty() => "",
            None => return Err(invalid(SCHEME.len()..url.len())),
        };
        let mut query_parser = QueryParser::default();
        let mut start = url.len() - query.len();
        for text in query.split('&') {
            let range = start..start + text.len();
            start = range.end + 1;
            if !text.is_empty()
                && let Err(problem) = query_parser.read(text, range)
            {
                query_parser.problems.push(problem);
            }
        }
        query_parser.finish()
    }
}

#[derive(Default)]
struct QueryParser {
    /// The parameters that were read, with their bytes.
    seen: Vec<(String, Range<usize>)>,
    jobs: Option<u32>,
    seed: Option<u64>,
    file: Option<(PathBuf, Range<usize>)>,
    faults: Faults,
    settings: SandboxSettings,
    /// The names of the settings that were set.
    set: Vec<String>,
    problems: Vec<UrlProblem>,
}

impl QueryParser {
    /// Reads a parameter `name=value`, which occupies these bytes of the URL.
    fn read(&mut self, parameter: &str, range: Range<usize>) -> Result<(), UrlProblem> {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value_range = range.end - value.len()..range.end;
        if !PARAMETERS.contains(&name) {
            let help = nearest(name, PARAMETERS).map_or(
                "the parameters are `jobs`, `seed`, `data`, `fault` and `setting`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let range = range.start..range.start + name.len();
            return Err(UrlProblem::new(range, format!("unknown parameter `{name}`"), help));
        }
        if !REPEATABLE.contains(&name) && self.seen.iter().any(|(seen, _)| seen == name) {
            return Err(duplicate(range, &format!("the parameter `{name}`")));
        }
        self.seen.push((name.to_owned(), range.clone()));
        if value.is_empty() {
            let help = format!("write `{name}=VALUE`");
            return Err(UrlProblem::new(range, format!("`{name}` has no value"), help));
        }
        match name {
            "jobs" => {
                let jobs = value.parse().ok().filter(|jobs| *jobs <= MAX_JOBS);
                self.jobs = Some(jobs.ok_or_else(|| {
                    let help = format!("write a whole number from 0 to {MAX_JOBS}");
                    UrlProblem::new(value_range, format!("`{value}` is not a number of jobs"), help)
                })?);
            }
            "seed" => {
                self.seed = Some(value.parse().map_err(|_| {
                    let help = format!("write a whole number from 0 to {}", u64::MAX);
                    UrlProblem::new(value_range, format!("`{value}` is not a seed"), help)
                })?);
            }
            "fault" => {
                let fault = value.parse().map_err(|SyntaxProblem { message, help }| {
                    UrlProblem::new(value_range, message, help)
                })?;
                self.faults.faults.push(fault);
            }
            "setting" => self.read_setting(value, value_range)?,
            _ => {
                let path = percent_decode_str(value).decode_utf8().map_err(|_| {
                    let message = "the file name is not UTF-8 after `%XX` is decoded";
                    let help = "write `%25` for a percent sign in the name";
                    UrlProblem::new(value_range.clone(), message, help)
                })?;
                self.file = Some((PathBuf::from(&*path), value_range));
            }
        }
        Ok(())
    }

    fn read_setting(&mut self, assignment: &str, range: Range<usize>) -> Result<(), UrlProblem> {
        self.settings.set(assignment).map_err(|SyntaxProblem { message, help }| {
            UrlProblem::new(range.clone(), message, help)
        })?;
        let name = assignment.split('=').next().unwrap_or_default().trim();
        if self.set.iter().any(|set| set == name) {
            return Err(duplicate(range, &format!("the setting `{name}`")));
        }
        self.set.push(name.to_owned());
        Ok(())
    }

    fn finish(mut self) -> Result<SandboxUrl, Vec<UrlProblem>> {
        if self.seen.iter().any(|(name, _)| name == "data") {
            // With a dataset, the seed applies to the faults alone.
            let excluded = |name: &str| {
                name == "jobs" && self.jobs.is_some()
                    || name == "seed" && self.seed.is_some() && self.faults.faults.is_empty()
            };
            for (name, range) in self.seen.iter().filter(|(name, _)| excluded(name)) {
                let message =
                    format!("`{name}` applies to generated jobs and can't be combined with `data`");
                let help = format!("remove `{name}` or `data`");
                self.problems.push(UrlProblem::new(range.clone(), message, help));
            }
        }
        if !self.problems.is_empty() {
            self.problems.sort_by_key(|problem| problem.range.start);
            return Err(self.problems);
        }
        let seed = self.seed.unwrap_or(DEFAULT_SEED);
        let jobs = self.jobs.unwrap_or(DEFAULT_JOBS);
        let (data, file_range) = match self.file {
            Some((path, range)) => (DataOrigin::File(path), Some(range)),
            None => (DataOrigin::Generated { jobs, seed }, None),
        };
        let faults = Faults { seed, ..self.faults };
        Ok(SandboxUrl { data, file_range, faults, settings: self.settings })
    }
}

fn duplicate(range: Range<usize>, what: &str) -> UrlProblem {
    UrlProblem::new(range, format!("{what} is given twice"), "remove one of them")
}
