//! Timestamps as requests and datasets write them. In the sandbox they are microseconds since 1970.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// The time that a date or a timestamp covers. A date covers its day in UTC, and a timestamp covers one microsecond. A timestamp
/// without an offset is in UTC.
pub(crate) fn parse(text: &str) -> Option<Range<i64>> {
    const MAX_LENGTH: usize = 40;
    // jiff also accepts annotations of RFC 9557 such as `[UTC]`, which the API does not document.
    if text.len() > MAX_LENGTH || !text.is_ascii() || text.contains('[') {
        return None;
    }
    if text.len() == "2022-01-01".len() {
        let date: Date = text.parse().ok()?;
        let start = in_utc(date.to_datetime(Time::midnight()))?;
        return Some(start..start.checked_add(DAY)?);
    }
    let start = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp.as_microsecond(),
        // jiff also accepts shorter times such as `T10`.
        Err(_) if text.len() >= "2022-01-01T10:00".len() => in_utc(text.parse().ok()?)?,
        Err(_) => return None,
    };
    Some(start..start.checked_add(1)?)
}

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn in_utc(time: DateTime) -> Option<i64> {
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}

/// The current time.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The latest time that can be displayed: near the end of the year 9999.
pub(crate) fn latest() -> i64 {
    Timestamp::MAX.as_second() * 1_000_000
}

/// Whether [`display`] can display the time: the years -9999 to 9999.
pub(crate) fn is_displayable(microseconds: i64) -> bool {
    Timestamp::from_microsecond(microseconds).is_ok()
}

/// `2021-01-21T17:32:28Z`, with a fraction if there is one.
pub(crate) fn display(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds)
        .map_or_else(|_| String::new(), |time| time.to_string())
}
