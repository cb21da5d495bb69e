//! The endpoints.

mod error;
mod export;
mod request;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::routing::post;
use futures_util::StreamExt;

use self::error::{ApiError, shortened};
use crate::Credentials;
use crate::access::Tokens;
use crate::store::Store;

const TOKEN_PATH: &str = "/oauth/token";
const EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";

/// The largest body that is read, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    store: Store,
    tokens: Tokens,
    credentials: Credentials,
}

impl Service {
    pub(crate) fn new(store: Store, tokens: Tokens, credentials: Credentials) -> Self {
        Self { store, tokens, credentials }
    }
}

pub(crate) fn router(service: Service) -> Router {
    Router::new()
        .route(TOKEN_PATH, post(token::issue))
        .route(EXPORT_PATH, post(export::export))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(Arc::new(service))
}

async fn not_found(uri: Uri) -> ApiError {
    let description = format!(
        "there is nothing at `{}`: the sandbox has POST {TOKEN_PATH} and POST {EXPORT_PATH}",
        shortened(uri.path())
    );
    ApiError::new(StatusCode::NOT_FOUND, description)
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let description =
        format!("`{}` is not allowed at `{}`: use POST", shortened(method.as_str()), uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, description)
}

/// Why a body could not be had.
enum BodyError {
    TooLarge,
    Broken,
}

/// Reads a body up to [`LARGEST_BODY`]. Of a larger one some more is read and thrown away: a client that is still
/// sending would lose its connection before it saw the answer.
async fn read_body(body: Body) -> Result<Vec<u8>, BodyError> {
    const PATIENCE: usize = 16 * LARGEST_BODY;
    let mut kept = Vec::new();
    let mut total = 0;
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk: Bytes = chunk.map_err(|_| BodyError::Broken)?;
        total += chunk.len();
        if total <= LARGEST_BODY {
            kept.extend_from_slice(&chunk);
        } else if total > PATIENCE {
            break;
        }
    }
    if total > LARGEST_BODY { Err(BodyError::TooLarge) } else { Ok(kept) }
}

/// Whether the body is said to be JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
