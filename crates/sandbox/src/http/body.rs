//! Reads the bodies of requests, up to a size and within a time limit.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;

use super::error::ApiError;
use crate::quote::shortened;

/// The maximum size of a body, in bytes.
pub(super) const MAX_BODY: usize = 1024 * 1024;

/// How long a client may take to send a body.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Reads a body of at most `limit` bytes. A larger body is drained up to a multiple of the limit: otherwise, a client that
/// is still sending would lose its connection before it could read the response.
///
/// # Errors
/// The status and the description of the response.
pub(super) async fn read_body(body: Body, limit: usize) -> Result<Vec<u8>, (StatusCode, String)> {
    let drained = 16 * limit;
    if body.size_hint().lower() > drained as u64 {
        return Err(too_large(limit));
    }
    let reading = async {
        let mut read = Vec::new();
        let mut total = 0;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk: Bytes =
                chunk.map_err(|_| (StatusCode::BAD_REQUEST, "the body ended early".to_owned()))?;
            total += chunk.len();
            if total <= limit {
                read.extend_from_slice(&chunk);
            } else if total > drained {
                break;
            }
        }
        if total > limit { Err(too_large(limit)) } else { Ok(read) }
    };
    tokio::time::timeout(TIMEOUT, reading).await.unwrap_or_else(|_| {
        let description = format!("the body did not arrive within {} seconds", TIMEOUT.as_secs());
        Err((StatusCode::REQUEST_TIMEOUT, description))
    })
}

fn too_large(limit: usize) -> (StatusCode, String) {
    (StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes"))
}

/// Reads the body of a request, which must be JSON without a content coding. Returns the rest of the request as well.
pub(super) async fn json_body(request: Request) -> Result<(Parts, Vec<u8>), ApiError> {
    if let Some(coding) = request.headers().get(header::CONTENT_ENCODING)
        && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let coding = shortened(coding.to_str().unwrap_or("?"));
        let description =
            format!("the body must not be compressed: its Content-Encoding is `{coding}`");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description));
    }
    coded_json_body(request, MAX_BODY).await
}

/// As [`json_body`], with any content coding.
pub(super) async fn coded_json_body(
    request: Request,
    limit: usize,
) -> Result<(Parts, Vec<u8>), ApiError> {
    if !is_json(request.headers()) {
        let description = "the body must be JSON: send Content-Type: application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description));
    }
    // A client that expects `100 Continue` sends nothing before it gets a response.
    let expects = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let body = if expects && body.size_hint().lower() > limit as u64 {
        Err(too_large(limit))
    } else {
        read_body(body, limit).await
    };
    let body = body.map_err(|(status, description)| ApiError::new(status, description))?;
    Ok((parts, body))
}

/// Whether `Content-Type` is JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
