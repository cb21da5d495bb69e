//! Answering: reading off the reactor, and sending JSON.

use std::num::NonZeroUsize;
use std::sync::{Arc, LazyLock};

use axum::http::header;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::error::ApiError;

static ROOM: LazyLock<Room> = LazyLock::new(|| {
    Room::of(std::thread::available_parallelism().map_or(2, NonZeroUsize::get).max(2))
});

/// Does work that blocks, such as reading the database, when there is room for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    ROOM.work(work).await
}

/// How much work is done at the same time: what the machine can do. More would only hold more pages in memory.
struct Room(Arc<Semaphore>);

impl Room {
    fn of(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        // It is never closed.
        let place = Arc::clone(&self.0).acquire_owned().await.ok();
        let done = tokio::task::spawn_blocking(move || {
            // Work goes on when the client has gone, and takes its place until it is done.
            let _place = place;
            work()
        });
        done.await.unwrap_or_else(|error| Err(ApiError::internal(&error)))
    }
}

/// An answer with this body.
pub(super) fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn no_more_pages_are_built_at_once_than_there_is_room_for() {
        let (room, asked) = (Arc::new(Room::of(2)), Arc::new(AtomicUsize::new(0)));
        // Work that goes on until the test is over; what is not begun is dropped with who asked for it.
        let (over, waiting) = mpsc::channel::<()>();
        let waiting = Arc::new(std::sync::Mutex::new(waiting));
        let mut clients = JoinSet::new();
        for _ in 0..8 {
            let (room, asked, waiting) =
                (Arc::clone(&room), Arc::clone(&asked), Arc::clone(&waiting));
            clients.spawn(async move {
                asked.fetch_add(1, Ordering::Relaxed);
                let work = move || {
                    let _ = waiting.lock().map(|end| end.recv());
                    Ok(())
                };
                room.work(work).await
            });
        }
        while asked.load(Ordering::Relaxed) < 8 {
            yield_now().await;
        }
        clients.shutdown().await;
        let begun = Arc::strong_count(&waiting) - 1;
        assert_eq!(begun, 2, "eight have asked");
        assert_eq!(room.0.available_permits(), 0, "that who asked has gone makes no room");
        drop(over);
    }
}
