//! The rate limit: so many requests a second for all clients of a tenant together.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, StatusCode};

use super::error::{ApiError, retry_date};
use crate::settings::{RetryAfter, SandboxSettings};

const WINDOW: Duration = Duration::from_secs(1);

/// What the tenants have sent in the current second of each.
#[derive(Debug, Default)]
pub(crate) struct Limiter(Mutex<HashMap<String, Window>>);

#[derive(Debug)]
struct Window {
    began: Instant,
    requests: u32,
}

impl Limiter {
    /// Counts a request.
    ///
    /// # Errors
    /// 429 if the tenant has sent as many as it may.
    pub(super) fn count(&self, tenant: &str, settings: &SandboxSettings) -> Result<(), ApiError> {
        self.count_at(Instant::now(), tenant, settings)
    }

    fn count_at(
        &self,
        now: Instant,
        tenant: &str,
        settings: &SandboxSettings,
    ) -> Result<(), ApiError> {
        let Some(most) = settings.rate_limit.0 else { return Ok(()) };
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(tenant.to_owned()).or_insert(Window { began: now, requests: 0 });
        if now.duration_since(window.began) >= WINDOW {
            *window = Window { began: now, requests: 0 };
        }
        if window.requests < most {
            window.requests += 1;
            return Ok(());
        }
        drop(windows);
        let description = format!(
            "the tenant's clients may send {most} requests a second together, and have sent more"
        );
        let refused = ApiError::new(StatusCode::TOO_MANY_REQUESTS, description);
        Err(match settings.retry_after {
            RetryAfter::None => refused,
            RetryAfter::Seconds => refused.retry_after(HeaderValue::from_static("1")),
            RetryAfter::Date => match retry_date() {
                Some(date) => refused.retry_after(date),
                None => refused,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RateLimit;

    #[test]
    fn a_tenant_may_send_so_many_a_second_and_another_as_many() {
        let settings =
            SandboxSettings { rate_limit: RateLimit(Some(2)), ..SandboxSettings::default() };
        let limiter = Limiter::default();
        let begun = Instant::now();
        let sent = |milliseconds, tenant: &str| {
            let at = begun + Duration::from_millis(milliseconds);
            limiter.count_at(at, tenant, &settings).is_ok()
        };
        assert_eq!([0, 1, 2, 999].map(|at| sent(at, "a")), [true, true, false, false]);
        assert!(sent(999, "b"), "others are not concerned");
        assert_eq!([1000, 1001, 1002].map(|at| sent(at, "a")), [true, true, false]);
    }
}
