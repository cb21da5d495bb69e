//! Error responses, and responses whose body is cut off or slow.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;

use super::kind::Kind;
use super::specification::{Fault, RetryTime, Target};
use crate::http::{ApiError, TokenError, retry_date};

/// The error response of a fault; `None` if the fault has no status.
pub(super) fn error_response(fault: &Fault, target: Target) -> Option<Response> {
    let Kind::Status { code, html } = fault.kind else { return None };
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = if html {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        (status, Html(page)).into_response()
    } else {
        let error = if code == 429 { "too_many_requests" } else { "server_error" };
        refusal(target, status, error, "a fault of the sandbox")
    };
    let value = match fault.retry_after {
        None => None,
        Some(RetryTime::Seconds(seconds)) => Some(HeaderValue::from(seconds)),
        Some(RetryTime::Date) => retry_date(),
    };
    if let Some(value) = value {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    Some(response)
}

/// An error in the format of the endpoint. `error` is the error code of the token endpoint.
pub(super) fn refusal(
    target: Target,
    status: StatusCode,
    error: &'static str,
    description: &str,
) -> Response {
    if target == Target::Token {
        return TokenError::new(status, error, description).into_response();
    }
    ApiError::new(status, description).into_response()
}

/// Cuts off the body or slows it down.
pub(super) async fn apply_to_body(response: Response, faults: &[Fault]) -> Response {
    let is_cut = faults.iter().any(|fault| fault.kind == Kind::Cut);
    let slow = faults.iter().find_map(|fault| match fault.kind {
        Kind::Slow(time) => Some(time),
        _ => None,
    });
    if !is_cut && slow.is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let body = if is_cut { cut(&body) } else { slowed(body, slow.unwrap_or_default()) };
    Response::from_parts(parts, body)
}

/// The first half of the body, then the end of the connection.
fn cut(body: &Bytes) -> Body {
    let half = body.slice(..body.len() / 2);
    let broken = io::Error::other("cut off by a fault");
    // The pause lets the half reach the client before the connection ends.
    let pieces = stream::unfold((Some(Ok(half)), Some(broken)), |(half, broken)| async move {
        if let Some(half) = half {
            return Some((half, (None, broken)));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        broken.map(|broken| (Err(broken), (None, None)))
    });
    Body::from_stream(pieces)
}

/// The whole body, in pieces with pauses in between.
fn slowed(body: Bytes, within: Duration) -> Body {
    const PIECES: u32 = 20;
    let piece = body.len().div_ceil(PIECES as usize).max(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(within / PIECES).await;
        let next = rest.split_to(piece.min(rest.len()));
        Some((Ok::<_, io::Error>(next), rest))
    });
    Body::from_stream(pieces)
}
