//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// How long a `Retry-After` value asks to wait, counted from `now`: seconds or an HTTP date (RFC 9110,
/// section 10.2.3). Some servers send parts of seconds. A date that is past asks for nothing; `None` for what is neither.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|first: char| first.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(seconds) = value.parse::<f64>()
    {
        // What is too large for a number is a very long time all the same.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_wait_is_read_from_seconds_and_from_dates() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        let read = |value: &str| retry_after(value, now);
        assert_eq!(read(" 5 "), Some(Duration::from_secs(5)));
        assert_eq!(read("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(7)));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(read(&"9".repeat(30)), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(read("soon"), None);
    }
}
