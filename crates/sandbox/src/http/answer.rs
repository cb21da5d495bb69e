//! Answering: reading off the reactor, and sending JSON.

use std::num::NonZeroUsize;
use std::sync::LazyLock;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::error::ApiError;

/// How much work is done at the same time: what the machine can do. More would only hold more pages in memory.
static ROOM: LazyLock<Semaphore> = LazyLock::new(|| {
    Semaphore::new(std::thread::available_parallelism().map_or(2, NonZeroUsize::get).max(2))
});

/// Does work that blocks, such as reading the database, when there is room for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    // It is never closed.
    let _room = ROOM.acquire().await.ok();
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

/// An answer with this body.
pub(super) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
