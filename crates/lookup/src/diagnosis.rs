//! The check of the service, for `taskferry doctor`. Nothing is looked up.

use taskferry_http::{StatusCheck, StatusCode};

pub(crate) const SERVICE: StatusCheck = StatusCheck {
    name: "service",
    request: "1 HEAD request without keys to the service, with the `headers` of the lookup",
    effect: "nothing was looked up",
    hint,
};

/// The hint for a status that a lookup would probably get as well.
fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("redirects are not followed: correct the `url` of the lookup"),
        401 | 403 => Some("check the `headers` and the `url` of the lookup"),
        407 => Some("check `connection.proxy` of the lookup"),
        410 => {
            Some("the service no longer exists at this address: correct the `url` of the lookup")
        }
        429 => Some("the service limits the rate: lower `rate_limit` of the lookup"),
        500.. => Some(
            "the service is reachable but returns a server error: check the service before the next run",
        ),
        _ => None,
    }
}
