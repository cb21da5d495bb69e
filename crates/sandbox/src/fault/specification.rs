//! The syntax of faults: `429@3:retry-after=2`.

use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use taskferry_sdk::nearest;

use super::kind::{FAULTS, FaultForm, Kind};
use crate::SyntaxProblem;
use crate::quote::shortened;

/// A fault and the requests that it affects: `NAME[=VALUE][@REQUEST|%PERCENT][:OPTION=VALUE]…`
///
/// `@3` is the third request, `@3-5` the third to the fifth, `@3-` the third and all later ones, `%10` one request in ten
/// by chance. Without `@` and `%`, the fault affects every request. Only requests for pages count, including repeated requests,
/// unless `:on=token` or `:on=any` selects other requests.
///
/// ```
/// use taskferry_sandbox::Fault;
///
/// for text in ["cut@4", "latency=200ms", "429@3-5:retry-after=2", "503-html%10", "500@1:on=token"] {
///     text.parse::<Fault>()?;
/// }
/// let problem = "cutt@4".parse::<Fault>().unwrap_err();
/// assert!(problem.to_string().ends_with("did you mean `cut`?"));
/// # Ok::<(), taskferry_sandbox::SyntaxProblem>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) when: When,
    pub(super) on: Target,
    pub(super) retry_after: Option<RetryTime>,
}

/// The faults of a sandbox. The same requests in the same order have the same faults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The faults.
    pub faults: Vec<Fault>,
    /// Selects the requests that are affected by chance.
    pub seed: u64,
}

/// The requests that a fault affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// The first and the last request, counted from 1. `None`: all later ones.
    Requests(u64, Option<u64>),
    Percent(u8),
}

/// The requests that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Export,
    Token,
    Any,
}

/// The value of `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryTime {
    Seconds(u32),
    /// A date one or two seconds ahead.
    Date,
}

const MAX_TIME: Duration = Duration::from_mins(10);

fn problem<T>(message: String, help: impl Into<String>) -> Result<T, SyntaxProblem> {
    Err(SyntaxProblem::new(message, help))
}

impl FromStr for Fault {
    type Err = SyntaxProblem;

    fn from_str(text: &str) -> Result<Self, SyntaxProblem> {
        let mut parts = text.trim().split(':');
        let (head, when) = split_when(parts.next().unwrap_or_default())?;
        let (name, value) = match head.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (head, None),
        };
        let kind = kind(name, value)?;
        let mut fault = Self { kind, when, on: Target::Export, retry_after: None };
        for option in parts {
            fault.read_option(name, option)?;
        }
        Ok(fault)
    }
}

impl Fault {
    /// Reads the faults of a single request, separated by commas.
    pub(super) fn of_request(text: &str, target: Target) -> Result<Vec<Self>, SyntaxProblem> {
        let mut faults = Vec::new();
        for text in text.split(',') {
            let fault: Self = text.parse()?;
            if fault.when != When::Always || fault.on != Target::Export {
                let message = "a fault in a header applies only to its own request".to_owned();
                return problem(message, "remove `@`, `%` and `:on=`");
            }
            if !fault.kind.can_affect(target) {
                let message =
                    format!("`{}` does not apply to this request", shortened(text.trim()));
                return problem(message, "send it with a request for a page");
            }
            faults.push(fault);
        }
        Ok(faults)
    }

    fn read_option(&mut self, name: &str, option: &str) -> Result<(), SyntaxProblem> {
        match option.split_once('=') {
            Some(("retry-after", value)) => {
                if !matches!(self.kind, Kind::Status { html: false, .. }) {
                    let message = format!("`{name}` does not accept `retry-after`");
                    return problem(message, "use it with 429, 500, 502, 503 or 504");
                }
                self.retry_after = Some(match (value, value.parse()) {
                    ("date", _) => RetryTime::Date,
                    (_, Ok(seconds)) => RetryTime::Seconds(seconds),
                    _ => {
                        let message =
                            format!("`{}` is not a valid value of `retry-after`", shortened(value));
                        return problem(message, "write a number of seconds, or `date`");
                    }
                });
            }
            Some(("on", value)) => {
                self.on = match value {
                    "export" => Target::Export,
                    "token" => Target::Token,
                    "any" => Target::Any,
                    _ => {
                        let message =
                            format!("`{}` is not a valid value of `on`", shortened(value));
                        return problem(message, "write `export`, `token` or `any`");
                    }
                };
                if !self.kind.can_affect(self.on) {
                    let message = format!("`{name}` does not accept `on={value}`");
                    return problem(
                        message,
                        "remove `on`: this fault applies only to requests for pages",
                    );
                }
            }
            _ => {
                let message = format!("`{}` is not an option of a fault", shortened(option));
                return problem(message, "the options are `retry-after=…` and `on=…`");
            }
        }
        Ok(())
    }
}

impl Kind {
    fn can_affect(self, target: Target) -> bool {
        match self {
            Self::Latency(_) | Self::Status { .. } | Self::Cut | Self::Slow(_) => true,
            // A request for a token contains no access token.
            Self::ExpiredToken => target != Target::Token,
            _ => target == Target::Export,
        }
    }
}

/// Separates a fault from the requests that it affects.
fn split_when(head: &str) -> Result<(&str, When), SyntaxProblem> {
    if let Some((head, requests)) = head.split_once('@') {
        let (first, last) = match requests.split_once('-') {
            None => (requests, Some(requests)),
            Some((first, "")) => (first, None),
            Some((first, last)) => (first, Some(last)),
        };
        let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
        let last = last.map(number);
        return match (number(first), last) {
            (Some(first), None) => Ok((head, When::Requests(first, None))),
            (Some(first), Some(Some(last))) if first <= last => {
                Ok((head, When::Requests(first, Some(last))))
            }
            _ => problem(
                format!("`@{}` does not name any requests", shortened(requests)),
                "write `@3`, `@3-5` or `@3-`; the first request is 1",
            ),
        };
    }
    if let Some((head, percent)) = head.split_once('%') {
        return match percent.parse().ok().filter(|percent| (1..=100).contains(percent)) {
            Some(percent) => Ok((head, When::Percent(percent))),
            None => problem(
                format!("`%{}` is not a percentage", shortened(percent)),
                "write a whole number from 1 to 100 after the percent sign",
            ),
        };
    }
    Ok((head, When::Always))
}

fn kind(name: &str, value: Option<&str>) -> Result<Kind, SyntaxProblem> {
    let Some(form) = FAULTS.iter().find(|form| form.name() == name) else {
        let names = || FAULTS.iter().map(FaultForm::name);
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the faults are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return problem(format!("there is no fault `{}`", shortened(name)), help);
    };
    match (form.kind, value) {
        (Kind::Latency(_), None) => {
            problem(format!("`{name}` needs a time"), format!("write `{name}=200ms`"))
        }
        (Kind::Latency(_), Some(value)) => time(value).map(Kind::Latency),
        (Kind::Slow(_), Some(value)) => time(value).map(Kind::Slow),
        (kind, None) => Ok(kind),
        (_, Some(value)) => problem(
            format!("`{name}` does not accept the value `{}`", shortened(value)),
            format!("write `{name}`"),
        ),
    }
}

/// Reads a duration such as `200ms`, `2s` or `1m`.
fn time(text: &str) -> Result<Duration, SyntaxProblem> {
    let time = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    match time.filter(|time| *time <= MAX_TIME) {
        Some(time) => Ok(time),
        None => problem(
            format!("`{}` is not a duration", shortened(text)),
            "write for example `200ms`, `2s` or `1m`, at most 10 minutes",
        ),
    }
}
