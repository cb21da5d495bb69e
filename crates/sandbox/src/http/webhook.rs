//! `POST /webhook`: takes what a pipeline delivers, so that one that posts can be tried without a receiver.
//!
//! No part of TechWolf's API. It asks of a batch what a careful receiver asks: JSON, within bounds.

use std::fmt;

use axum::extract::Request;
use axum::http::StatusCode;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::answer::blocking;
use super::body::json_body;
use super::error::ApiError;

/// The largest batch, in bytes.
const LARGEST_BATCH: usize = 16 * 1024 * 1024;

/// Takes a batch and answers 204. What came is logged, not kept.
pub(super) async fn take(request: Request) -> Result<StatusCode, ApiError> {
    let (parts, body) = json_body(request, LARGEST_BATCH).await?;
    let bytes = body.len();
    let records = blocking(move || count(&body)).await?;
    let key =
        parts.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or("none");
    tracing::info!(records, bytes, idempotency_key = key, "webhook batch received");
    Ok(StatusCode::NO_CONTENT)
}

/// How many records a batch has: an array's elements, or one. Nothing is built of them.
fn count(body: &[u8]) -> Result<usize, ApiError> {
    let not_json = |error| ApiError::bad_request(vec![format!("the body is not JSON: {error}")]);
    if body.trim_ascii_start().starts_with(b"[") {
        let elements: Elements = serde_json::from_slice(body).map_err(not_json)?;
        return Ok(elements.0);
    }
    serde_json::from_slice::<IgnoredAny>(body).map_err(not_json)?;
    Ok(1)
}

/// The number of an array's elements.
struct Elements(usize);

impl<'de> Deserialize<'de> for Elements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;

        impl<'de> Visitor<'de> for Count {
            type Value = usize;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<usize, A::Error> {
                let mut count = 0;
                while elements.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(count)
            }
        }

        deserializer.deserialize_seq(Count).map(Self)
    }
}
