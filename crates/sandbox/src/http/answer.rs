//! Answering: reading off the reactor, and sending JSON.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// Does work that blocks, such as reading the database.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

/// An answer with this body.
pub(super) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
