//! The time.

use jiff::Timestamp;

/// Now, in whole milliseconds.
pub(crate) fn this_millisecond() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
