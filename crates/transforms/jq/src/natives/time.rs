//! Functions of times: seconds since 1970, and broken down times (`[2015, 2, 5, 23, 51, 47, 4, 63]`).

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ZonedDateTime};

use super::collections::argument;
use crate::builtins::{FunctionResult, FunctionTable};
use crate::value::{Value, described};

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("gmtime", 0, |value, _| Ok(parts(&at(&value, "gmtime", TimeZone::UTC)?))),
    ("_localtime", 1, |value, arguments| {
        Ok(parts(&at(&value, "localtime", zone(argument(arguments, 0))?)?))
    }),
    ("mktime", 0, |value, _| {
        let zoned = of_parts(&value, "mktime", TimeZone::UTC)?;
        Ok(Value::from(zoned.timestamp().as_second()))
    }),
    ("strftime", 1, |value, arguments| {
        format(&value, argument(arguments, 0), "strftime/1", TimeZone::UTC)
    }),
    ("_strflocaltime", 2, |value, arguments| {
        let zone = zone(argument(arguments, 1))?;
        format(&value, argument(arguments, 0), "strflocaltime/1", zone)
    }),
    ("strptime", 1, |value, arguments| parse(&value, argument(arguments, 0))),
];

/// The time zone with this name. The empty name is the time zone of the machine.
fn zone(name: &Value<'_>) -> Result<TimeZone, String> {
    match &*name.as_str().unwrap_or_default() {
        "" => Ok(TimeZone::system()),
        "UTC" => Ok(TimeZone::UTC),
        name => TimeZone::get(name).map_err(|_| format!("this machine has no time zone `{name}`")),
    }
}

/// The time of a number of seconds since 1970.
fn at(value: &Value<'_>, function: &str, zone: TimeZone) -> Result<ZonedDateTime, String> {
    let seconds = value.as_f64().ok_or_else(|| format!("{function}() requires a number"))?;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked below")]
    let time = Timestamp::from_microsecond((seconds * 1e6).round() as i64);
    let time = time.map_err(|_| format!("{} is out of the range of times", described(value)))?;
    Ok(time.to_zoned_datetime(zone))
}

fn parts<'r>(time: &ZonedDateTime) -> Value<'r> {
    let seconds = f64::from(time.second()) + f64::from(time.subsec_nanosecond()) / 1e9;
    let whole = [
        i64::from(time.year()),
        i64::from(time.month()) - 1,
        i64::from(time.day()),
        i64::from(time.hour()),
        i64::from(time.minute()),
    ];
    let days =
        [i64::from(time.weekday().to_sunday_zero_offset()), i64::from(time.day_of_year()) - 1];
    let all = whole.into_iter().map(Value::from).chain([Value::from(seconds)]);
    all.chain(days.into_iter().map(Value::from)).collect()
}

/// The time of an array of parts. Missing parts at the end are zero.
fn of_parts(value: &Value<'_>, function: &str, zone: TimeZone) -> Result<ZonedDateTime, String> {
    let refused = || format!("{function} requires parsed datetime inputs");
    let Value::Array(parts) = value else {
        return Err(format!("{function} requires array of 6 numbers"));
    };
    let part = |position| match parts.get(position) {
        None => Ok(0.0),
        Some(part) => part.as_f64().ok_or_else(refused),
    };
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked below")]
    let small = |position| Ok::<_, String>(part(position)?.trunc() as i8);
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked below")]
    let year = part(0)? as i16;
    let seconds = part(5)?;
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is less than a second")]
    let nanoseconds = (seconds.fract() * 1e9) as i32;
    let month = small(1)?.saturating_add(1);
    let time = DateTime::new(year, month, small(2)?, small(3)?, small(4)?, small(5)?, nanoseconds);
    time.and_then(|time| time.to_zoned_datetime(zone))
        .map_err(|error| format!("{function}: {error}"))
}

fn format<'r>(
    value: &Value<'r>,
    format: &Value<'r>,
    function: &str,
    zone: TimeZone,
) -> FunctionResult<'r> {
    let time = match value {
        Value::Number(_) => at(value, function, zone)?,
        Value::Array(_) => of_parts(value, function, zone)?,
        _ => return Err(format!("{function} requires parsed datetime inputs")),
    };
    let Value::String(format) = format else {
        return Err(format!("{function} requires a string format"));
    };
    let text = strtime::format(&*format.as_str(), &time);
    text.map(Value::from).map_err(|error| format!("{function}: {error}"))
}

fn parse<'r>(value: &Value<'r>, format: &Value<'r>) -> FunctionResult<'r> {
    let Value::String(text) = value else {
        return Err(format!(
            "strptime/1 requires string inputs and arguments, not {}",
            described(value)
        ));
    };
    let Value::String(format) = format else {
        return Err("strptime/1 requires string inputs and arguments".to_owned());
    };
    let (text, format) = (text.as_str(), format.as_str());
    let refused = |_| format!("date \"{text}\" does not match format \"{format}\"");
    let mut time = strtime::parse(&*format, &*text).map_err(refused)?;
    if time.offset().is_none() && time.iana_time_zone().is_none() {
        time.set_offset(Some(Offset::UTC));
    }
    // The parts are not converted: they are in the time zone of the text.
    Ok(parts(&time.to_zoned_datetime().map_err(refused)?))
}
