//! Pages that are requested before they are due.

use taskferry_sdk::{Cursor, ErrorKind, StageError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::page::ListingPage;
use crate::reader::Reader;

/// Pages of a listing that a task of their own requests. The task ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Prefetch {
    pages: mpsc::Receiver<Result<ListingPage, StageError>>,
    task: JoinHandle<()>,
}

impl Prefetch {
    /// Begins to request pages after `cursor`, until there is none, one is the last by `is_last`, or one fails. No more than
    /// `capacity` pages wait to be taken.
    pub(crate) fn start(
        reader: Reader,
        mut cursor: Option<Cursor>,
        capacity: usize,
        is_last: impl Fn(&ListingPage) -> bool + Send + 'static,
    ) -> Self {
        let (sender, pages) = mpsc::channel(capacity.max(1));
        let task = tokio::spawn(async move {
            // Reserves channel capacity before the request, so that the pages that wait are bounded.
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
        });
        Self { pages, task }
    }

    /// The next page. If the future is dropped, no page is lost.
    pub(crate) async fn next(&mut self) -> Result<ListingPage, StageError> {
        let ended = || StageError::new(ErrorKind::Defect, "reading ahead ended before the listing");
        self.pages.recv().await.unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        self.task.abort();
    }
}
