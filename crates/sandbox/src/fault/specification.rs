//! Faults as they are written: `429@3:retry-after=2`.

use std::str::FromStr;
use std::time::Duration;

use taskferry_sdk::nearest;

use super::forms::{FAULTS, FaultForm, Makes};
use super::kind::{Kind, RetryTime};
use crate::quote::shortened;

/// A fault and when it comes: `NAME[=VALUE][@REQUEST|%PERCENT][:OPTION=VALUE]…`
///
/// `@3` is the third request, `@3-5` the third to the fifth, `@3-` all from the third on, `%10` one request in ten by
/// chance; without either it comes with each request. Requests for pages are counted, repeated ones too, unless
/// `:on=token` or `:on=any` says otherwise.
///
/// ```
/// use taskferry_sandbox::Fault;
///
/// for text in ["cut@4", "latency=200ms", "429@3-5:retry-after=2", "503-html%10", "500@1:on=token"] {
///     text.parse::<Fault>()?;
/// }
/// let problem = "cutt@4".parse::<Fault>().unwrap_err();
/// assert!(problem.to_string().ends_with("did you mean `cut`?"));
/// # Ok::<(), taskferry_sandbox::FaultProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) kind: Kind,
    pub(super) when: When,
    pub(super) on: Target,
}

/// All that goes wrong in a sandbox. The same requests in the same order meet the same faults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Decides which requests are met by faults that come with a probability.
    pub seed: u64,
}

/// With which requests a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Always,
    /// From this request, counted from 1, to that one; to the last one if there is none.
    Requests(u64, Option<u64>),
    Percent(u8),
}

/// Which requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Export,
    Token,
    Any,
}

/// What is wrong with a fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct FaultProblem {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The longest time that can be named.
const LONGEST: Duration = Duration::from_mins(10);

fn problem<T>(message: String, help: impl Into<String>) -> Result<T, FaultProblem> {
    Err(FaultProblem { message, help: help.into() })
}

impl FromStr for Fault {
    type Err = FaultProblem;

    fn from_str(text: &str) -> Result<Self, FaultProblem> {
        let mut parts = text.trim().split(':');
        let (head, when) = split_when(parts.next().unwrap_or_default())?;
        let (name, value) = match head.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (head, None),
        };
        let mut fault = Self { kind: kind(name, value)?, when, on: Target::Export };
        for option in parts {
            fault.read_option(name, option)?;
        }
        Ok(fault)
    }
}

impl Fault {
    /// Faults that one request to `target` asks for itself, separated by commas. They come at once.
    pub(super) fn of_request(text: &str, target: Target) -> Result<Vec<Self>, FaultProblem> {
        let faults: Vec<Self> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        if faults.iter().any(|fault| fault.when != When::Always || fault.on != Target::Export) {
            let message = "a request's own fault comes with that request".to_owned();
            return problem(message, "leave out `@`, `%` and `:on=`");
        }
        if let Some(text) = text
            .split(',')
            .zip(&faults)
            .find_map(|(text, fault)| (!fault.kind.can_happen_to(target)).then_some(text))
        {
            let message = format!("`{}` can't happen to this request", shortened(text.trim()));
            return problem(message, "send it with a request for a page");
        }
        Ok(faults)
    }

    fn read_option(&mut self, name: &str, option: &str) -> Result<(), FaultProblem> {
        match option.split_once('=') {
            Some(("retry-after", value)) => {
                let Kind::Status { retry_after, html: false, .. } = &mut self.kind else {
                    let message = format!("`{name}` can't say when to try again");
                    return problem(message, "`retry-after` goes with 429, 500, 502, 503 and 504");
                };
                *retry_after = Some(match (value, value.parse()) {
                    ("date", _) => RetryTime::Date,
                    (_, Ok(seconds)) => RetryTime::Seconds(seconds),
                    _ => {
                        let message =
                            format!("`{}` is no value of `retry-after`", shortened(value));
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
                        let message = format!("`{}` is no value of `on`", shortened(value));
                        return problem(message, "write `export`, `token` or `any`");
                    }
                };
                if !self.kind.can_happen_to(self.on) {
                    let message = format!("`{name}` can't happen to what `on={value}` counts");
                    return problem(message, "leave out `on`: it happens to requests for pages");
                }
            }
            _ => {
                let message = format!("`{}` is no option of a fault", shortened(option));
                return problem(message, "the options are `retry-after=…` and `on=…`");
            }
        }
        Ok(())
    }
}

impl Kind {
    /// Whether only requests for pages can be met by it.
    fn is_about_pages(&self) -> bool {
        !matches!(
            self,
            Self::Latency(_) | Self::Status { .. } | Self::Cut | Self::Slow(_) | Self::ExpiredToken
        )
    }

    fn can_happen_to(&self, target: Target) -> bool {
        match target {
            Target::Export => true,
            // Who asks for a token sends none.
            Target::Token => !self.is_about_pages() && *self != Self::ExpiredToken,
            Target::Any => !self.is_about_pages(),
        }
    }
}

/// The fault without its time, and the time.
fn split_when(head: &str) -> Result<(&str, When), FaultProblem> {
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
                format!("`@{}` names no requests", shortened(requests)),
                "write `@3`, `@3-5` or `@3-`; the first request is 1",
            ),
        };
    }
    if let Some((head, percent)) = head.split_once('%') {
        return match percent.parse().ok().filter(|percent| (1..=100).contains(percent)) {
            Some(percent) => Ok((head, When::Percent(percent))),
            None => problem(
                format!("`%{}` is no probability", shortened(percent)),
                "write a whole number from 1 to 100 behind the percent sign",
            ),
        };
    }
    Ok((head, When::Always))
}

fn kind(name: &str, value: Option<&str>) -> Result<Kind, FaultProblem> {
    let Some(form) = FAULTS.iter().find(|form| form.name() == name) else {
        let names = || FAULTS.iter().map(FaultForm::name);
        let help = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the faults are {}", names().collect::<Vec<_>>().join(", ")),
        };
        return problem(format!("there is no fault `{}`", shortened(name)), help);
    };
    match (&form.makes, value) {
        (Makes::Kind(kind), None) => Ok(kind.clone()),
        (Makes::Kind(_), Some(value)) => problem(
            format!("`{name}` takes no value, and `{}` is one", shortened(value)),
            format!("write `{name}`"),
        ),
        (Makes::Timed(make, _), Some(value)) => time(value).map(make),
        (Makes::Timed(make, Some(default)), None) => Ok(make(*default)),
        (Makes::Timed(_, None), None) => {
            problem(format!("`{name}` needs a time"), format!("write `{name}=200ms`"))
        }
    }
}

/// A time like `200ms`, `2s` or `1m`.
fn time(text: &str) -> Result<Duration, FaultProblem> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let parsed = number.parse::<u64>().ok().and_then(|number| match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        _ => None,
    });
    match parsed.filter(|time| *time <= LONGEST) {
        Some(time) => Ok(time),
        None => problem(
            format!("`{}` is not a duration", shortened(text)),
            "write for example `200ms`, `2s` or `1m`; 10 minutes are the most",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Fault {
        text.parse().unwrap()
    }

    #[test]
    fn all_parts_are_read() {
        let fault = read("429@3-5:retry-after=2:on=any");
        let retry_after = Some(RetryTime::Seconds(2));
        assert_eq!(fault.kind, Kind::Status { code: 429, html: false, retry_after });
        assert_eq!((fault.when, fault.on), (When::Requests(3, Some(5)), Target::Any));

        assert_eq!(read("cut@4").when, When::Requests(4, Some(4)));
        assert_eq!(read("cut@4-").when, When::Requests(4, None));
        assert_eq!(read("503%10").when, When::Percent(10));
        assert_eq!(read("cut").when, When::Always);
        assert_eq!(read("latency=200ms").kind, Kind::Latency(Duration::from_millis(200)));
        assert_eq!(read("slow=1m@2").kind, Kind::Slow(Duration::from_mins(1)));
        assert_eq!(read("slow@2").kind, Kind::Slow(Duration::from_secs(2)));
    }

    #[test]
    fn every_fault_that_is_documented_can_be_written() {
        for fault in FAULTS {
            read(&fault.form.replace("TIME", "1s"));
        }
    }

    #[test]
    fn a_mistake_is_told_with_what_to_write() {
        for (wrong, told) in [
            ("cutt@3", "there is no fault `cutt`; did you mean `cut`?"),
            ("Expired_Token", "there is no fault `Expired_Token`; did you mean `expired-token`?"),
            (
                "cut@0",
                "`@0` names no requests; write `@3`, `@3-5` or `@3-`; the first request is 1",
            ),
            (
                "cut@5-3",
                "`@5-3` names no requests; write `@3`, `@3-5` or `@3-`; the first request is 1",
            ),
            (
                "cut%0",
                "`%0` is no probability; write a whole number from 1 to 100 behind the percent sign",
            ),
            ("cut=3", "`cut` takes no value, and `3` is one; write `cut`"),
            ("latency", "`latency` needs a time; write `latency=200ms`"),
            (
                "latency=5",
                "`5` is not a duration; write for example `200ms`, `2s` or `1m`; 10 minutes are the most",
            ),
            (
                "latency=11m",
                "`11m` is not a duration; write for example `200ms`, `2s` or `1m`; 10 minutes are the most",
            ),
            (
                "cut:retry-after=1",
                "`cut` can't say when to try again; `retry-after` goes with 429, 500, 502, 503 and 504",
            ),
            (
                "429:retry-after=soon",
                "`soon` is no value of `retry-after`; write a number of seconds, or `date`",
            ),
            (
                "429:when=now",
                "`when=now` is no option of a fault; the options are `retry-after=…` and `on=…`",
            ),
            (
                "empty-page:on=token",
                "`empty-page` can't happen to what `on=token` counts; leave out `on`: it happens to requests for pages",
            ),
            (
                "empty-page:on=any",
                "`empty-page` can't happen to what `on=any` counts; leave out `on`: it happens to requests for pages",
            ),
            (
                "expired-token:on=token",
                "`expired-token` can't happen to what `on=token` counts; leave out `on`: it happens to requests for pages",
            ),
        ] {
            assert_eq!(wrong.parse::<Fault>().unwrap_err().to_string(), told);
        }
        let all = "418".parse::<Fault>().unwrap_err().to_string();
        assert!(all.contains("did you mean `429`?") || all.contains("the faults are"), "{all}");
        assert!(
            "teapot".parse::<Fault>().unwrap_err().help.starts_with("the faults are latency, 429")
        );
    }
}
