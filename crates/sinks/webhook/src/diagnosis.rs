//! The checks of the receiver, for `taskferry doctor`. No record is sent.

use std::sync::Arc;

use taskferry_http::{ServerProbe, StatusCode};
use taskferry_sdk::{Check, Finding};
use url::Url;

use crate::receiver::{HINTS, RequestTemplate};

const REQUEST: &str =
    "1 HEAD request without records to the receiver, with the `headers` of the sink";

pub(crate) fn checks(url: Url, template: &RequestTemplate) -> Vec<Check> {
    let (headers, timeout) = (template.headers.clone(), template.timeout);
    let probe = ServerProbe::new(url, headers, timeout, template.connection.clone(), HINTS);
    let probe = Arc::new(probe);
    let mut checks = probe.checks(REQUEST);
    let receiver = Check::new("receiver", async move { vec![receiver_finding(&probe).await] });
    checks.push(receiver.sends(REQUEST).needs("tls"));
    checks
}

/// Any answer shows that the receiver can be reached. Most receivers answer a HEAD request with another status than a delivery.
async fn receiver_finding(probe: &ServerProbe) -> Finding {
    let status = match probe.answer().await {
        Ok(answer) => answer.response.status,
        Err(error) => return Finding::from(error),
    };
    let origin = probe.origin();
    let text = format!("{origin} answered HEAD with {status}");
    match hint(status) {
        Some(hint) => Finding::warning(text).hint(hint),
        None => Finding::ok(format!("{text}; nothing was delivered")),
    }
}

/// What to do about a status that a delivery would probably get, too.
fn hint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        300..=399 => Some("redirects are not followed: correct the `url` of this sink"),
        401 | 403 => {
            Some("check the `headers` and the `url` of this sink; a signature was not sent")
        }
        407 => Some("check `connection.proxy` of this sink"),
        410 => {
            Some("the receiver no longer exists at this address: correct the `url` of this sink")
        }
        429 => Some("the receiver limits the rate: lower `concurrency`, or raise `batch_records`"),
        500.. => Some("the receiver is reachable and not healthy: check it before the next run"),
        _ => None,
    }
}
