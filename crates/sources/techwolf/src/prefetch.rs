//! Pages that are requested before they are due.

use taskferry_sdk::{Cursor, ErrorKind, StageError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::Instrument;

use crate::page::ListingPage;
use crate::reader::Reader;

/// Pages that a task requests. Dropping this ends the task.
#[derive(Debug)]
pub(crate) struct Prefetch {
    pages: mpsc::Receiver<Result<ListingPage, StageError>>,
    task: JoinHandle<()>,
}

impl Prefetch {
    /// Requests pages after `cursor`, up to the end of the listing, the first page for which `is_last` returns true, or the
    /// first error. Buffers at most `capacity` pages.
    pub(crate) fn start(
        reader: Reader,
        mut cursor: Option<Cursor>,
        capacity: usize,
        is_last: impl Fn(&ListingPage) -> bool + Send + 'static,
    ) -> Self {
        let (sender, pages) = mpsc::channel(capacity.max(1));
        let request = async move {
            // Reserves channel capacity before the request, which bounds the buffered pages.
            while let Ok(permit) = sender.reserve().await {
                let page = reader.page_after(cursor.as_ref()).await;
                let next = match &page {
                    Ok(page) if !is_last(page) => page.next.clone(),
                    _ => None,
                };
                permit.send(page);
                if next.is_none() {
                    return;
                }
                cursor = next;
            }
        };
        let task = tokio::spawn(request.in_current_span());
        Self { pages, task }
    }

    /// The next page. Dropping the future loses no page.
    pub(crate) async fn next(&mut self) -> Result<ListingPage, StageError> {
        let ended = || StageError::new(ErrorKind::Defect, "the prefetch ended before the listing");
        self.pages.recv().await.unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
