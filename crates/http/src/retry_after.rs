//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

/// The wait that a `Retry-After` value asks for, from `now`: seconds, with or without a fraction, or an HTTP date (RFC 9110,
/// section 10.2.3). A date in the past is no wait. Returns `None` for any other value.
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if value.starts_with(|first: char| first.is_ascii_digit())
        && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && let Ok(seconds) = value.parse::<f64>()
    {
        // A number beyond the range is the longest wait.
        return Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}
