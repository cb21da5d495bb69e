//! Reading a request's body, within bounds.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt;

use super::error::ApiError;
use crate::quote::shortened;

/// The largest body of a request to the API, in bytes.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// How long a body may take.
pub(crate) const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Why a body could not be had.
pub(super) enum BodyError {
    TooLarge,
    Broken,
    TooSlow,
}

/// Reads a body of at most `largest` bytes. Of a larger one some more is read and thrown away, unless it is announced to be
/// larger still: a client that is still sending would lose its connection before it saw the answer.
pub(super) async fn read_body(body: Body, largest: usize) -> Result<Vec<u8>, BodyError> {
    let patience = 16 * largest;
    if body.size_hint().lower() > patience as u64 {
        return Err(BodyError::TooLarge);
    }
    let reading = async {
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
    };
    tokio::time::timeout(BODY_PATIENCE, reading).await.unwrap_or(Err(BodyError::TooSlow))
}

impl BodyError {
    /// How it is answered, and why.
    pub(super) fn told(&self, largest: usize) -> (StatusCode, String) {
        match self {
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {largest} bytes"))
            }
            Self::Broken => {
                (StatusCode::BAD_REQUEST, "the body could not be read to its end".to_owned())
            }
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                format!("the body did not come within {} seconds", BODY_PATIENCE.as_secs()),
            ),
        }
    }
}

impl ApiError {
    /// The answer to a client whose body does not come to its end.
    pub(crate) fn too_slow() -> Self {
        let (status, description) = BodyError::TooSlow.told(LARGEST_BODY);
        Self::new(status, description)
    }
}

/// The body of a request to the API, which has to be JSON as it is, with what came before it.
///
/// # Errors
/// The answer to a client whose body is said to be something else, is too large, or breaks off.
pub(super) async fn json_body(
    request: Request,
    largest: usize,
) -> Result<(Parts, Vec<u8>), ApiError> {
    if let Some(encoding) = encoding(request.headers()) {
        let description =
            format!("the body must not be compressed: its Content-Encoding is `{encoding}`");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description));
    }
    any_json_body(request, largest).await
}

/// The body of a request that has to be JSON, however it is compressed, with what came before it.
///
/// # Errors
/// The answer to a client whose body is said not to be JSON, is too large, or breaks off.
pub(super) async fn any_json_body(
    request: Request,
    largest: usize,
) -> Result<(Parts, Vec<u8>), ApiError> {
    if !is_json(request.headers()) {
        let description = "the body must be JSON: send Content-Type: application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description));
    }
    // Such a client waits for an answer before it sends anything.
    let expects = request.headers().contains_key(header::EXPECT);
    if expects && request.body().size_hint().lower() > largest as u64 {
        let (status, description) = BodyError::TooLarge.told(largest);
        return Err(ApiError::new(status, description));
    }
    let (parts, body) = request.into_parts();
    let body = read_body(body, largest).await.map_err(|error| {
        let (status, description) = error.told(largest);
        ApiError::new(status, description)
    })?;
    Ok((parts, body))
}

/// In what a body is said to be encoded, if it is.
pub(super) fn encoding(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_ENCODING)?;
    let text = value.to_str().unwrap_or("?");
    (!text.eq_ignore_ascii_case("identity")).then(|| shortened(text))
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
