//! `POST /webhook`: takes what a pipeline delivers, so that one that posts can be tried without a receiver.
//!
//! No part of TechWolf's API. It asks of a batch what a careful receiver asks: JSON, within bounds. Gzip and
//! CloudEvents are understood; signatures are not checked, since nobody has agreed upon a secret with it.

use std::io::Read;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::body::json_body;
use super::error::ApiError;

/// The largest batch in bytes, as it comes and as it reads.
const LARGEST_BATCH: usize = 16 * 1024 * 1024;

/// Takes a batch and answers 204. What came is logged, not kept.
pub(super) async fn take(request: Request) -> Result<StatusCode, ApiError> {
    let (parts, body) = json_body(request, LARGEST_BATCH).await?;
    let text = decoded(&parts.headers, body)?;
    let batch: Value = serde_json::from_slice(&text)
        .map_err(|error| ApiError::bad_request(vec![format!("the body is not JSON: {error}")]))?;
    let records = batch.as_array().map_or(1, Vec::len);
    let value = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let key = value("idempotency-key").unwrap_or("none");
    let content_type = value("content-type").unwrap_or("none");
    tracing::info!(
        records,
        bytes = text.len(),
        content_type,
        idempotency_key = key,
        "webhook batch received"
    );
    Ok(StatusCode::NO_CONTENT)
}

/// The body as it reads, whatever it was compressed with.
fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match coding.unwrap_or(b"identity").to_ascii_lowercase().as_slice() {
        b"identity" => Ok(body),
        b"gzip" => gunzipped(&body),
        _ => {
            let description = "the body must come as it is or with Content-Encoding: gzip";
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description))
        }
    }
}

/// Of a body that swells beyond all bounds no more is read than shows that it does.
fn gunzipped(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    let mut reader = MultiGzDecoder::new(body).take(LARGEST_BATCH as u64 + 1);
    reader
        .read_to_end(&mut text)
        .map_err(|error| ApiError::bad_request(vec![format!("the body is not gzip: {error}")]))?;
    if text.len() > LARGEST_BATCH {
        let description = format!("the body is larger than {LARGEST_BATCH} bytes when it is read");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, description));
    }
    Ok(text)
}
