//! The check of the receiver, for `taskferry doctor`. No record is sent.

use taskferry_http::{StatusCheck, StatusCode};

pub(crate) const RECEIVER: StatusCheck = StatusCheck {
    name: "receiver",
    request: "1 HEAD request without records to the receiver, with the `headers` of the sink",
    effect: "nothing was delivered",
    hint,
};

/// The hint for a status that a delivery would probably get as well.
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
        500.. => Some(
            "the receiver is reachable but returns a server error: check the receiver before the next run",
        ),
        _ => None,
    }
}
