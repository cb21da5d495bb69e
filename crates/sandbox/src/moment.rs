//! Points in time, as requests and datasets write them.

use std::ops::Range;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

/// What a date or a timestamp covers, in microseconds since 1970: a date its day in UTC, a timestamp a microsecond.
/// A timestamp without an offset is taken for UTC.
pub(crate) fn parse(text: &str) -> Option<Range<i64>> {
    // Nobody writes an RFC 9557 annotation, and no form that is meant here is longer.
    if text.len() > 40 || !text.is_ascii() || text.contains('[') {
        return None;
    }
    if text.len() == "2022-01-01".len() {
        let date: Date = text.parse().ok()?;
        let start = in_utc(date.to_datetime(Time::midnight()))?;
        return Some(start..start.checked_add(DAY)?);
    }
    let start = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp.as_microsecond(),
        // Not every civil time is one: `T10` and the like are beyond what is taken.
        Err(_) if text.len() >= "2022-01-01T10:00".len() => in_utc(text.parse().ok()?)?,
        Err(_) => return None,
    };
    Some(start..start.checked_add(1)?)
}

/// A day in microseconds.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn in_utc(time: DateTime) -> Option<i64> {
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    i64::try_from(since.as_micros()).ok()
}

/// The latest point in time that can be shown: near the end of the year 9999.
pub(crate) fn latest() -> i64 {
    Timestamp::MAX.as_second() * 1_000_000
}

/// Whether a point in time can be shown: one of the years -9999 to 9999.
pub(crate) fn can_be_shown(microseconds: i64) -> bool {
    Timestamp::from_microsecond(microseconds).is_ok()
}

/// `2021-01-21T17:32:28Z`, with a fraction if there is one.
pub(crate) fn show(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds)
        .map_or_else(|_| String::new(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_and_a_timestamp_a_moment() {
        let day = parse("2022-01-01").unwrap();
        assert_eq!(
            (show(day.start), show(day.end)),
            ("2022-01-01T00:00:00Z".to_owned(), "2022-01-02T00:00:00Z".to_owned())
        );
        for same in [
            "2022-01-01T12:30:00Z",
            "2022-01-01T12:30:00",
            "2022-01-01 14:30:00.000+02:00",
            "2022-01-01T12:30",
        ] {
            let moment = parse(same).unwrap();
            assert_eq!(
                (show(moment.start).as_str(), moment.end - moment.start),
                ("2022-01-01T12:30:00Z", 1),
                "{same}"
            );
        }
        assert_eq!(
            show(parse("2021-01-21T17:32:28.25Z").unwrap().start),
            "2021-01-21T17:32:28.25Z"
        );
        for wrong in [
            "",
            "2022",
            "2022-13-01",
            "2022-02-30",
            "01-01-2022",
            "yesterday",
            "2022-01-01T25:00:00Z",
            "2022-01-01T10",
            "٢٠٢٢-01-01",
            "2022-01-01T12:30:00Z[UTC]",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
