//! Reading a request's body, within bounds.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;

use super::error::ApiError;

/// The largest body of a request to the API, in bytes.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// Why a body could not be had.
pub(super) enum BodyError {
    TooLarge,
    Broken,
}

/// Reads a body of at most `largest` bytes. Of a larger one some more is read and thrown away: a client that is still
/// sending would lose its connection before it saw the answer.
pub(super) async fn read_body(body: Body, largest: usize) -> Result<Vec<u8>, BodyError> {
    let patience = 16 * largest;
    let mut kept = Vec::new();
    let mut total = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk: Bytes = chunk.map_err(|_| BodyError::Broken)?;
        total += chunk.len();
        if total <= largest {
            kept.extend_from_slice(&chunk);
        } else if total > patience {
            break;
        }
    }
    if total > largest { Err(BodyError::TooLarge) } else { Ok(kept) }
}

/// The body of a request that has to be JSON, with what came before it.
///
/// # Errors
/// The answer to a client whose body is said not to be JSON, is too large, or breaks off.
pub(super) async fn json_body(
    request: Request,
    largest: usize,
) -> Result<(Parts, Vec<u8>), ApiError> {
    if !is_json(request.headers()) {
        let description = "the body must be JSON: send Content-Type: application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description));
    }
    let (parts, body) = request.into_parts();
    let body = read_body(body, largest).await.map_err(|error| match error {
        BodyError::TooLarge => ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {largest} bytes"),
        ),
        BodyError::Broken => {
            ApiError::new(StatusCode::BAD_REQUEST, "the body could not be read to its end")
        }
    })?;
    Ok((parts, body))
}

/// Whether the body is said to be JSON.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
