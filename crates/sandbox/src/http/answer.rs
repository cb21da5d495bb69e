//! Runs blocking work outside of the reactor, and writes JSON responses.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::error::ApiError;

/// One permit per core. More pages at once would only take more memory.
static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
    Arc::new(Semaphore::new(cores.max(2)))
});

/// Runs work that blocks, such as a query of the database, as soon as a permit is free.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    limited(&PERMITS, work).await
}

async fn limited<T: Send + 'static>(
    permits: &Arc<Semaphore>,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    // The semaphore is never closed.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    let done = tokio::task::spawn_blocking(move || {
        // Work continues after the client has disconnected, and keeps the permit until it is done.
        let _permit = permit;
        work()
    });
    done.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
}

pub(super) fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn work_waits_for_a_permit_even_if_clients_have_disconnected() {
        let (permits, started) = (Arc::new(Semaphore::new(2)), Arc::new(AtomicUsize::new(0)));
        // Blocks until the end of the test; queued work is dropped with its client.
        let (end, blocked) = mpsc::channel::<()>();
        let blocked = Arc::new(std::sync::Mutex::new(blocked));
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (permits, started, blocked) =
                (Arc::clone(&permits), Arc::clone(&started), Arc::clone(&blocked));
            clients.spawn(async move {
                started.fetch_add(1, Ordering::Relaxed);
                let work = move || {
                    let _ = blocked.lock().map(|end| end.recv());
                    Ok(())
                };
                limited(&permits, work).await
            });
        }
        while started.load(Ordering::Relaxed) < 8 {
            yield_now().await;
        }
        clients.shutdown().await;
        let running = Arc::strong_count(&blocked) - 1;
        assert_eq!(running, 2, "of eight requests");
        assert_eq!(permits.available_permits(), 0, "a disconnected client frees no permit");
        drop(end);
    }
}
