//! Faults as they are written: `429@3:retry-after=2`.

use std::str::FromStr;
use std::time::Duration;

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

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Latency(Duration),
    Status { code: u16, html: bool, retry_after: Option<RetryAfter> },
    ExpiredToken,
    Cut,
    Slow(Duration),
    RepeatedPage,
    LoopingCursor,
    EmptyPage,
    DeletedCursor,
    ExtraFields,
    UnknownLevels,
}

/// What `Retry-After` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RetryAfter {
    Seconds(u32),
    /// A date one or two seconds ahead.
    Date,
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

/// A kind of fault, for people to read.
#[derive(Debug)]
pub struct FaultForm {
    /// How it is written.
    pub form: &'static str,
    /// What it does.
    pub about: &'static str,
}

/// All kinds of faults. What stands before an equals sign or the end of `form` is the name.
pub const FAULTS: &[FaultForm] = &[
    FaultForm { form: "latency=TIME", about: "The answer comes this much later." },
    FaultForm {
        form: "429",
        about: "Too many requests; with `:retry-after=SECONDS` or `:retry-after=date` if wanted.",
    },
    FaultForm { form: "500", about: "A server error in the API's form." },
    FaultForm { form: "502", about: "The same, as 502." },
    FaultForm { form: "503", about: "The same, as 503; takes `:retry-after=` as 429 does." },
    FaultForm { form: "504", about: "The same, as 504." },
    FaultForm { form: "500-html", about: "A server error with a page for people." },
    FaultForm { form: "502-html", about: "The same, as 502." },
    FaultForm { form: "503-html", about: "The same, as 503." },
    FaultForm { form: "504-html", about: "The same, as 504." },
    FaultForm { form: "cut", about: "The connection ends in the middle of the body." },
    FaultForm {
        form: "slow",
        about: "The body comes in small pieces, within 2 seconds, or as `slow=TIME` says.",
    },
    FaultForm {
        form: "expired-token",
        about: "The access token has expired, now and for all requests that follow.",
    },
    FaultForm { form: "repeated-page", about: "The page is the one that was asked for before." },
    FaultForm { form: "looping-cursor", about: "The page's cursor leads back to the second page." },
    FaultForm {
        form: "empty-page",
        about: "A page without jobs comes in between, and more follows.",
    },
    FaultForm {
        form: "deleted-cursor",
        about: "The job that is the cursor is deleted before the request is served.",
    },
    FaultForm {
        form: "extra-fields",
        about: "Fields that nobody knows stand in the answer, its records and their tasks.",
    },
    FaultForm { form: "unknown-levels", about: "AI impact levels are none of H1 to H5." },
];

/// The longest time that can be named.
const LONGEST: Duration = Duration::from_mins(10);
const DEFAULT_SLOWNESS: Duration = Duration::from_secs(2);

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
    /// Faults that one request asks for itself, separated by commas. They come at once.
    pub(super) fn of_request(text: &str) -> Result<Vec<Self>, FaultProblem> {
        let faults: Vec<Self> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        if faults.iter().any(|fault| fault.when != When::Always || fault.on != Target::Export) {
            let message = "a request's own fault is about that request alone".to_owned();
            return problem(message, "leave out `@`, `%` and `:on=`");
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
                    ("date", _) => RetryAfter::Date,
                    (_, Ok(seconds)) => RetryAfter::Seconds(seconds),
                    _ => {
                        let message = format!("`{value}` is no value of `retry-after`");
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
                        let message = format!("`{value}` is no value of `on`");
                        return problem(message, "write `export`, `token` or `any`");
                    }
                };
                if self.on == Target::Token && self.kind.is_about_pages() {
                    let message = format!("`{name}` can only happen to pages");
                    return problem(message, "leave out `on`");
                }
            }
            _ => {
                let message = format!("`{option}` is no option of a fault");
                return problem(message, "the options are `retry-after=…` and `on=…`");
            }
        }
        Ok(())
    }
}

impl Kind {
    fn is_about_pages(&self) -> bool {
        !matches!(self, Self::Latency(_) | Self::Status { .. } | Self::Cut | Self::Slow(_))
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
                format!("`@{requests}` names no requests"),
                "write `@3`, `@3-5` or `@3-`; the first request is 1",
            ),
        };
    }
    if let Some((head, percent)) = head.split_once('%') {
        return match percent.parse().ok().filter(|percent| (1..=100).contains(percent)) {
            Some(percent) => Ok((head, When::Percent(percent))),
            None => problem(
                format!("`%{percent}` is no probability"),
                "write a whole number from 1 to 100 behind the percent sign",
            ),
        };
    }
    Ok((head, When::Always))
}

fn kind(name: &str, value: Option<&str>) -> Result<Kind, FaultProblem> {
    let status = |code, html| Kind::Status { code, html, retry_after: None };
    let kind = match name {
        "latency" => {
            let Some(value) = value else {
                return problem("`latency` needs a time".to_owned(), "write `latency=200ms`");
            };
            return time(value).map(Kind::Latency);
        }
        "slow" => return value.map_or(Ok(DEFAULT_SLOWNESS), time).map(Kind::Slow),
        "429" => status(429, false),
        "500" => status(500, false),
        "502" => status(502, false),
        "503" => status(503, false),
        "504" => status(504, false),
        "500-html" => status(500, true),
        "502-html" => status(502, true),
        "503-html" => status(503, true),
        "504-html" => status(504, true),
        "expired-token" => Kind::ExpiredToken,
        "cut" => Kind::Cut,
        "repeated-page" => Kind::RepeatedPage,
        "looping-cursor" => Kind::LoopingCursor,
        "empty-page" => Kind::EmptyPage,
        "deleted-cursor" => Kind::DeletedCursor,
        "extra-fields" => Kind::ExtraFields,
        "unknown-levels" => Kind::UnknownLevels,
        _ => return problem(format!("there is no fault `{name}`"), nearest(name)),
    };
    match value {
        None => Ok(kind),
        Some(value) => problem(
            format!("`{name}` takes no value, and `{value}` is one"),
            format!("write `{name}`"),
        ),
    }
}

fn nearest(name: &str) -> String {
    let names = || FAULTS.iter().map(|fault| fault.form.split('=').next().unwrap_or(fault.form));
    let lower = name.to_lowercase().replace('_', "-");
    let near = names()
        .map(|known| (strsim::damerau_levenshtein(known, &lower), known))
        .min()
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1));
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("the faults are {}", names().collect::<Vec<_>>().join(", ")),
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
            format!("`{text}` is no time"),
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
        let retry_after = Some(RetryAfter::Seconds(2));
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
                "`5` is no time; write for example `200ms`, `2s` or `1m`; 10 minutes are the most",
            ),
            (
                "latency=11m",
                "`11m` is no time; write for example `200ms`, `2s` or `1m`; 10 minutes are the most",
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
            ("empty-page:on=token", "`empty-page` can only happen to pages; leave out `on`"),
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
