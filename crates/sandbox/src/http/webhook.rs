//! `POST /webhook`: takes what a pipeline delivers, so that one that posts can be tried without a receiver.
//!
//! No part of TechWolf's API. It asks of a batch what a careful receiver asks: JSON, within bounds.

use axum::extract::Request;
use axum::http::StatusCode;
use serde_json::Value;

use super::body::json_body;
use super::error::ApiError;

/// The largest batch, in bytes.
const LARGEST_BATCH: usize = 16 * 1024 * 1024;

/// Takes a batch and answers 204. What came is logged, not kept.
pub(super) async fn take(request: Request) -> Result<StatusCode, ApiError> {
    let (parts, body) = json_body(request, LARGEST_BATCH).await?;
    let batch: Value = serde_json::from_slice(&body)
        .map_err(|error| ApiError::bad_request(vec![format!("the body is not JSON: {error}")]))?;
    let records = batch.as_array().map_or(1, Vec::len);
    let key =
        parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or("none");
    tracing::info!(records, bytes = body.len(), idempotency_key = key, "webhook batch received");
    Ok(StatusCode::NO_CONTENT)
}
