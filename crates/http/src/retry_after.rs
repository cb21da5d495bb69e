//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// How long a `Retry-After` value asks to wait, counted from `now`: seconds or an HTTP date (RFC 9110,
/// section 10.2.3). A date that is past asks for nothing; `None` for what is neither.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
/// assert_eq!(taskferry_http::retry_after(" 5 ", now), Some(Duration::from_secs(5)));
/// assert_eq!(taskferry_http::retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now), Some(Duration::from_secs(7)));
/// assert_eq!(taskferry_http::retry_after(&"9".repeat(30), now), Some(Duration::from_secs(u64::MAX)));
/// assert_eq!(taskferry_http::retry_after("soon", now), None);
/// ```
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What is too large for a number is a very long time all the same.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
