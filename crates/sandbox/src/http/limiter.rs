//! The rate limit, which all clients of a tenant share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode};

use super::error::{ApiError, retry_date};
use crate::settings::{RetryAfter, SandboxSettings};

const WINDOW: Duration = Duration::from_secs(1);

/// The requests of each tenant in its current window.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Window>>);

#[derive(Debug)]
struct Window {
    start: Instant,
    requests: u32,
}

impl Limiter {
    pub(super) fn count(&self, tenant: &str, settings: &SandboxSettings) -> Result<(), ApiError> {
        self.count_at(Instant::now(), tenant, settings)
    }

    fn count_at(
        &self,
        now: Instant,
        tenant: &str,
        settings: &SandboxSettings,
    ) -> Result<(), ApiError> {
        let Some(limit) = settings.rate_limit.0 else { return Ok(()) };
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(tenant.to_owned()).or_insert(Window { start: now, requests: 0 });
        if now.duration_since(window.start) >= WINDOW {
            *window = Window { start: now, requests: 0 };
        }
        if window.requests < limit {
            window.requests += 1;
            return Ok(());
        }
        drop(windows);
        let description = format!(
            "the rate limit of {limit} requests a second for all clients of the tenant is exceeded"
        );
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, description);
        Err(match settings.retry_after {
            RetryAfter::None => error,
            RetryAfter::Seconds => error.retry_after(HeaderValue::from_static("1")),
            RetryAfter::Date => match retry_date() {
                Some(date) => error.retry_after(date),
                None => error,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RateLimit;

    #[test]
    fn the_rate_limit_applies_to_each_tenant_and_second() {
        let settings =
            SandboxSettings { rate_limit: RateLimit(Some(2)), ..SandboxSettings::default() };
        let limiter = Limiter::default();
        let start = Instant::now();
        let sent = |milliseconds, tenant: &str| {
            let at = start + Duration::from_millis(milliseconds);
            limiter.count_at(at, tenant, &settings).is_ok()
        };
        assert_eq!([0, 1, 2, 999].map(|at| sent(at, "a")), [true, true, false, false]);
        assert!(sent(999, "b"), "another tenant has its own limit");
        assert_eq!([1000, 1001, 1002].map(|at| sent(at, "a")), [true, true, false]);
    }
}
