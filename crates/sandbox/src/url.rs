//! `sandbox:` URLs, by which a pipeline file asks for a sandbox of its own.

use std::ops::Range;
use std::path::PathBuf;

use taskferry_sdk::nearest;

use crate::options::{DEFAULT_JOBS, DEFAULT_SEED};
use crate::settings::{SandboxSettings, SettingProblem};
use crate::{DataOrigin, Fault, FaultProblem, Faults, MAX_JOBS};

/// A URL like `sandbox:`, `sandbox:?jobs=500&seed=7`, `sandbox:?data=FILE`, `sandbox:?fault=429@3&fault=cut@4` or
/// `sandbox:?setting=unknown_cursor=400`.
///
/// In `FILE`, `%XX` stands for a byte; everything but `&` stands for itself. A [`Fault`] is written as on the command
/// line, and the seed decides about those that come by chance as well.
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
    /// What to serve. A relative file is as it was written.
    pub data: DataOrigin,
    /// Which bytes of the URL name the file; none if jobs are generated.
    pub file_range: Option<Range<usize>>,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// How it behaves where the real API's behaviour is not public.
    pub settings: SandboxSettings,
}

/// A mistake in a `sandbox:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlProblem {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// Which bytes of the URL it is about.
    pub range: Range<usize>,
}

const SCHEME: &str = "sandbox:";
const PARAMETERS: [&str; 5] = ["jobs", "seed", "data", "fault", "setting"];
/// Those that may stand there several times.
const SEVERAL: [&str; 2] = ["fault", "setting"];

impl SandboxUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// All mistakes in it.
    pub fn parse(url: &str) -> Result<Self, Vec<UrlProblem>> {
        let Some(rest) = url.strip_prefix(SCHEME) else {
            return Err(vec![shape_problem(0..url.len())]);
        };
        let Some(query) = rest.strip_prefix('?') else {
            return if rest.is_empty() {
                Reading::default().finish()
            } else {
                Err(vec![shape_problem(SCHEME.len()..url.len())])
            };
        };
        let mut reading = Reading::default();
        let mut start = url.len() - query.len();
        for parameter in query.split('&') {
            if !parameter.is_empty() {
                reading.parameter(parameter, start);
            }
            start += parameter.len() + 1;
        }
        reading.finish()
    }
}

fn shape_problem(range: Range<usize>) -> UrlProblem {
    UrlProblem {
        message: "not a sandbox URL".to_owned(),
        help: "write `sandbox:`, `sandbox:?jobs=500&seed=7` or `sandbox:?data=FILE`".to_owned(),
        range,
    }
}

/// A value and the bytes of its whole parameter.
type Found<T> = Option<(T, Range<usize>)>;

#[derive(Default)]
struct Reading {
    jobs: Found<u32>,
    seed: Found<u64>,
    /// With the bytes of the value alone.
    data: Option<(PathBuf, Range<usize>)>,
    faults: Vec<Fault>,
    settings: SandboxSettings,
    /// The settings that were named.
    set: Vec<String>,
    names: Vec<String>,
    problems: Vec<UrlProblem>,
}

impl Reading {
    fn problem(
        &mut self,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(UrlProblem { message: message.into(), help: help.into(), range });
    }

    fn parameter(&mut self, parameter: &str, start: usize) {
        let whole = start..start + parameter.len();
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value_range = whole.end - value.len()..whole.end;
        if !PARAMETERS.contains(&name) {
            let help = nearest(name, PARAMETERS).map_or(
                "the parameters are `jobs`, `seed`, `data`, `fault` and `setting`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return self.problem(
                start..start + name.len(),
                format!("unknown parameter `{name}`"),
                help,
            );
        }
        if !SEVERAL.contains(&name) && self.names.iter().any(|seen| seen == name) {
            return self.problem(
                whole,
                format!("`{name}` stands here twice"),
                "leave one of them out",
            );
        }
        self.names.push(name.to_owned());
        if value.is_empty() {
            return self.problem(
                whole,
                format!("`{name}` has no value"),
                format!("write `{name}=…` with a value"),
            );
        }
        match name {
            "jobs" => match value.parse().ok().filter(|jobs| *jobs <= MAX_JOBS) {
                Some(jobs) => self.jobs = Some((jobs, whole)),
                None => self.problem(
                    value_range,
                    format!("`{value}` is no number of jobs"),
                    format!("write a whole number from 0 to {MAX_JOBS}"),
                ),
            },
            "seed" => match value.parse() {
                Ok(seed) => self.seed = Some((seed, whole)),
                Err(_) => self.problem(
                    value_range,
                    format!("`{value}` is no seed"),
                    format!("write a whole number from 0 to {}", u64::MAX),
                ),
            },
            "fault" => match value.parse() {
                Ok(fault) => self.faults.push(fault),
                Err(FaultProblem { message, help }) => self.problem(value_range, message, help),
            },
            "setting" => self.setting(value, value_range),
            _ => match decode(value) {
                Some(path) => self.data = Some((path, value_range)),
                None => self.problem(
                    value_range,
                    "the file name is not UTF-8 once its %XX are decoded",
                    "write `%25` for a percent sign that is part of the name",
                ),
            },
        }
    }

    fn setting(&mut self, assignment: &str, range: Range<usize>) {
        if let Err(SettingProblem { message, help }) = self.settings.set(assignment) {
            return self.problem(range, message, help);
        }
        let name = assignment.split('=').next().unwrap_or_default().to_owned();
        if self.set.contains(&name) {
            let message = format!("the setting `{name}` stands here twice");
            return self.problem(range, message, "leave one of them out");
        }
        self.set.push(name);
    }

    fn finish(mut self) -> Result<SandboxUrl, Vec<UrlProblem>> {
        if self.names.iter().any(|name| name == "data") {
            let mut others = vec![("jobs", self.jobs.take().map(|found| found.1))];
            if self.faults.is_empty() {
                others.push(("seed", self.seed.take().map(|found| found.1)));
            }
            for (name, range) in others {
                if let Some(range) = range {
                    let message =
                        format!("`{name}` is for generated jobs and can't stand beside `data`");
                    self.problem(range, message, format!("leave out `{name}` or `data`"));
                }
            }
        }
        if !self.problems.is_empty() {
            self.problems.sort_by_key(|problem| problem.range.start);
            return Err(self.problems);
        }
        let seed = self.seed.map_or(DEFAULT_SEED, |found| found.0);
        let (faults, settings) = (Faults { faults: self.faults, seed }, self.settings);
        if let Some((path, range)) = self.data {
            let data = DataOrigin::File(path);
            return Ok(SandboxUrl { data, file_range: Some(range), faults, settings });
        }
        let jobs = self.jobs.map_or(DEFAULT_JOBS, |found| found.0);
        let data = DataOrigin::Generated { jobs, seed };
        Ok(SandboxUrl { data, file_range: None, faults, settings })
    }
}

/// Decodes `%XX`; any other percent sign stands for itself.
fn decode(value: &str) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(*first);
        if let (b'%', [high, low, after @ ..]) = (first, rest)
            && let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low))
        {
            bytes.pop();
            bytes.push(high * 16 + low);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(url: &str) -> DataOrigin {
        SandboxUrl::parse(url).unwrap().data
    }

    fn problems(url: &str) -> Vec<(String, &str)> {
        let problems = SandboxUrl::parse(url).unwrap_err();
        problems.into_iter().map(|problem| (problem.message, &url[problem.range])).collect()
    }

    #[test]
    fn nothing_named_means_the_defaults() {
        for url in ["sandbox:", "sandbox:?", "sandbox:?jobs=200", "sandbox:?seed=1&jobs=200&"] {
            assert_eq!(data(url), DataOrigin::Generated { jobs: 200, seed: 1 }, "{url}");
        }
    }

    #[test]
    fn jobs_and_seed_are_read_up_to_their_limits() {
        assert_eq!(data("sandbox:?jobs=0"), DataOrigin::Generated { jobs: 0, seed: 1 });
        assert_eq!(
            data("sandbox:?jobs=1000000&seed=18446744073709551615"),
            DataOrigin::Generated { jobs: 1_000_000, seed: u64::MAX }
        );
    }

    #[test]
    fn a_file_name_is_taken_as_it_stands_but_for_percent_sequences() {
        for (written, meant) in [
            ("/data/jobs.ndjson.gz", "/data/jobs.ndjson.gz"),
            ("a=b+c #?.ndjson", "a=b+c #?.ndjson"),
            ("a%26b%20%C3%A9.ndjson", "a&b é.ndjson"),
            ("100%.ndjson", "100%.ndjson"),
            ("%zz%4", "%zz%4"),
            ("été.ndjson", "été.ndjson"),
        ] {
            assert_eq!(data(&format!("sandbox:?data={written}")), DataOrigin::File(meant.into()));
        }
        let url = SandboxUrl::parse("sandbox:?data=x.ndjson").unwrap();
        assert_eq!(url.file_range, Some(14..22));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        assert_eq!(
            problems("sandbox:?jobs=-1&sede=4&seed=x&color=red"),
            [
                ("`-1` is no number of jobs".to_owned(), "-1"),
                ("unknown parameter `sede`".to_owned(), "sede"),
                ("`x` is no seed".to_owned(), "x"),
                ("unknown parameter `color`".to_owned(), "color"),
            ]
        );
        assert_eq!(problems("sandbox:?jobs=1000001")[0].1, "1000001");
        assert_eq!(
            problems("sandbox:?jobs=1&jobs=2"),
            [("`jobs` stands here twice".to_owned(), "jobs=2")]
        );
        assert_eq!(problems("sandbox:?data="), [("`data` has no value".to_owned(), "data=")]);
        assert_eq!(problems("sandbox:?data=%FF")[0].1, "%FF");
        assert_eq!(problems("sandbox://x"), [("not a sandbox URL".to_owned(), "//x")]);
        assert_eq!(problems("http://x"), [("not a sandbox URL".to_owned(), "http://x")]);
    }

    #[test]
    fn faults_are_read_in_order_and_pointed_at_when_they_are_wrong() {
        let url =
            SandboxUrl::parse("sandbox:?fault=429@3:retry-after=2&fault=503%10&seed=7").unwrap();
        let faults = ["429@3:retry-after=2", "503%10"].map(|text| text.parse().unwrap());
        assert_eq!(url.faults, Faults { faults: faults.to_vec(), seed: 7 });
        SandboxUrl::parse("sandbox:?data=x&fault=cut%5&seed=7").unwrap();
        assert_eq!(
            problems("sandbox:?fault=cut@4&fault=cutt"),
            [("there is no fault `cutt`".to_owned(), "cutt")]
        );
    }

    #[test]
    fn settings_are_read_and_pointed_at_when_they_are_wrong() {
        let url = SandboxUrl::parse("sandbox:?setting=unknown_cursor=400&setting=no_skills=absent");
        let mut settings = SandboxSettings::default();
        settings.set("unknown_cursor=400").unwrap();
        settings.set("no_skills=absent").unwrap();
        assert_eq!(url.unwrap().settings, settings);
        assert_eq!(
            problems(
                "sandbox:?setting=no_skill=absent&setting=bad_value=422&setting=bad_value=400"
            ),
            [
                ("unknown setting `no_skill`".to_owned(), "no_skill=absent"),
                ("the setting `bad_value` stands here twice".to_owned(), "bad_value=400")
            ]
        );
    }

    #[test]
    fn a_file_and_generated_jobs_exclude_each_other() {
        let found = problems("sandbox:?jobs=5&data=x&seed=3");
        assert_eq!(found.iter().map(|problem| problem.1).collect::<Vec<_>>(), ["jobs=5", "seed=3"]);
    }

    #[test]
    fn the_nearest_parameter_is_proposed() {
        for (wrong, near) in [("job", "jobs"), ("date", "data"), ("sead", "seed"), ("JOBS", "jobs")]
        {
            let problems = SandboxUrl::parse(&format!("sandbox:?{wrong}=1")).unwrap_err();
            assert_eq!(problems[0].help, format!("did you mean `{near}`?"));
        }
    }
}
