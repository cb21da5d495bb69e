//! `POST /webhook`: takes what a pipeline delivers, so that one that posts can be tried without a receiver.
//!
//! No part of TechWolf's API. It asks of a batch what a careful receiver asks: JSON, within bounds. Gzip and
//! CloudEvents are understood; signatures are not checked, since nobody has agreed upon a secret with it.

use std::fmt;
use std::io::Read;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use flate2::read::MultiGzDecoder;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::answer::blocking;
use super::body::any_json_body;
use super::error::ApiError;

/// The largest batch in bytes, as it comes and as it reads.
const LARGEST_BATCH: usize = 16 * 1024 * 1024;

/// Takes a batch and answers 204. What came is logged, not kept.
pub(super) async fn take(request: Request) -> Result<StatusCode, ApiError> {
    let (parts, body) = any_json_body(request, LARGEST_BATCH).await?;
    let bytes = body.len();
    let headers = parts.headers.clone();
    let records = blocking(move || count(&decoded(&headers, body)?)).await?;
    let value = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let key = value("idempotency-key").unwrap_or("none");
    let content_type = value("content-type").unwrap_or("none");
    tracing::info!(records, bytes, content_type, idempotency_key = key, "webhook batch received");
    Ok(StatusCode::NO_CONTENT)
}

/// The body as it reads, whatever it was compressed with.
fn decoded(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, ApiError> {
    let coding = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match coding.unwrap_or(b"identity").to_ascii_lowercase().as_slice() {
        b"identity" => Ok(body),
        b"gzip" | b"x-gzip" => gunzipped(&body),
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
