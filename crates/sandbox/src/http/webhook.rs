//! `POST /webhook`: receives what a pipeline delivers, so that a webhook sink can be tried without a receiver.
//!
//! This endpoint is not part of TechWolf's API. It accepts JSON of a limited size, gzip and CloudEvents. It does not check
//! signatures, because it shares no secret with the sender.

use std::io::Read;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::MultiGzDecoder;
use serde::de::IgnoredAny;

use super::answer::blocking;
use super::body::coded_json_body;
use super::error::ApiError;

/// The maximum size of a batch in bytes, compressed as well as decompressed.
const MAX_BATCH: usize = 16 * 1024 * 1024;

/// Logs a batch and answers 204.
pub(super) async fn receive(request: Request) -> Result<StatusCode, ApiError> {
    let (parts, body) = coded_json_body(request, MAX_BATCH).await?;
    let bytes = body.len();
    let headers = parts.headers.clone();
    let records = blocking(move || count_records(&decoded(&headers, body)?)).await?;
    let value = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let key = value("idempotency-key").unwrap_or("none");
    let content_type = value("content-type").unwrap_or("none");
    tracing::info!(records, bytes, content_type, idempotency_key = key, "webhook batch received");
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the content coding.
fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match coding.unwrap_or(b"identity").to_ascii_lowercase().as_slice() {
        b"identity" => Ok(body),
        b"gzip" | b"x-gzip" => gunzipped(&body),
        _ => {
            let description = "Content-Encoding must be gzip, or absent";
            Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, description))
        }
    }
}

fn gunzipped(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut text = Vec::new();
    let mut reader = MultiGzDecoder::new(body).take(MAX_BATCH as u64 + 1);
    reader
        .read_to_end(&mut text)
        .map_err(|error| ApiError::bad_request(format!("the body is not gzip: {error}")))?;
    if text.len() > MAX_BATCH {
        let description = format!("the decompressed body is larger than {MAX_BATCH} bytes");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, description));
    }
    Ok(text)
}

/// The number of elements of an array; one for any other value.
fn count_records(body: &[u8]) -> Result<usize, ApiError> {
    let not_json = |error| ApiError::bad_request(format!("the body is not JSON: {error}"));
    if body.trim_ascii_start().starts_with(b"[") {
        // Ignored values take no memory.
        let elements: Vec<IgnoredAny> = serde_json::from_slice(body).map_err(not_json)?;
        return Ok(elements.len());
    }
    serde_json::from_slice::<IgnoredAny>(body).map_err(not_json)?;
    Ok(1)
}
