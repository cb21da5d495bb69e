//! The checks of the service, for `taskferry doctor`. Nothing is looked up.

use std::sync::Arc;

use taskferry_http::{ServerProbe, StatusCode};
use taskferry_sdk::{Check, Finding};

use crate::service::HINTS;
use crate::settings::Settings;

const REQUEST: &str =
    "1 HEAD request without keys to the service, with the `headers` of the lookup";

pub(crate) fn checks(settings: Settings) -> Vec<Check> {
    let Settings { url, headers, timeout, connection, .. } = settings;
    let probe = Arc::new(ServerProbe::new(url, headers, timeout, connection, HINTS));
    let mut checks = probe.checks(REQUEST);
    let service = Check::new("service", async move { vec![service_finding(&probe).await] });
    checks.push(service.sends(REQUEST).needs("tls"));
    checks
}

/// Any answer shows that the service can be reached. Many services answer a HEAD request with another status than a lookup.
async fn service_finding(probe: &ServerProbe) -> Finding {
    let status = match probe.answer().await {
        Ok(answer) => answer.response.status,
        Err(error) => return Finding::from(error),
    };
    let text = format!("{} answered HEAD with {status}", probe.origin());
    match hint(status) {
        Some(hint) => Finding::warning(text).hint(hint),
        None => Finding::ok(format!("{text}; nothing was looked up")),
    }
}

/// What to do about a status that a lookup would probably get, too.
fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("redirects are not followed: correct the `url` of the lookup"),
        401 | 403 => Some("check the `headers` and the `url` of the lookup"),
        407 => Some("check `connection.proxy` of the lookup"),
        410 => {
            Some("the service no longer exists at this address: correct the `url` of the lookup")
        }
        429 => Some("the service limits the rate: lower `rate_limit` of the lookup"),
        500.. => Some("the service is reachable and not healthy: check it before the next run"),
        _ => None,
    }
}
