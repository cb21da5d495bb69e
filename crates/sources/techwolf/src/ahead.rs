//! Pages that are asked for before it is their turn.

use std::sync::Arc;

use taskferry_sdk::{Cursor, ErrorKind, Page, StageError};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::export::{Export, Patience};
use crate::request::Listing;

/// Asks for pages of one listing. All clones, and those of other listings of the same export, share one token, one rate
/// limit and one page size.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    export: Arc<Export>,
    listing: Arc<Listing>,
    /// What errors call the listing, where there are several.
    of: String,
    /// How many pages may be asked for at the same time, where that is fewer than may wait.
    at_once: Option<Arc<Semaphore>>,
    patience: Patience,
}

impl Reader {
    pub(crate) fn new(export: Arc<Export>, listing: Listing) -> Self {
        Self {
            export,
            listing: Arc::new(listing),
            of: String::new(),
            at_once: None,
            patience: Patience::AsConfigured,
        }
    }

    /// One that asks for no more than `pages` ahead at the same time, all clones together.
    pub(crate) fn at_once(self, pages: usize) -> Self {
        Self { at_once: Some(Arc::new(Semaphore::new(pages))), ..self }
    }

    /// One that asks for each page once, for pages that can be asked for anew when it is their turn.
    pub(crate) fn trying_once(&self) -> Self {
        Self { patience: Patience::Once, ..self.clone() }
    }

    /// One that asks for the jobs of one family.
    pub(crate) fn of_family(&self, family: &str) -> Self {
        let of = format!(" of the job family `{}`", Cursor::new(family));
        Self { listing: Arc::new(self.listing.of_family(family)), of, ..self.clone() }
    }

    /// The page number `number` of a listing that is read one page after the other.
    pub(crate) async fn page(
        &self,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<Page, StageError> {
        let name = match cursor {
            Some(cursor) => format!("page {number} (after `{cursor}`)"),
            None => format!("page {number} (the first)"),
        };
        self.fetch(&name, number, cursor).await
    }

    /// The same of a listing that is read at several places. Nobody knows yet which page it will be; `number` is as near as
    /// can be told.
    pub(crate) async fn page_after(
        &self,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<Page, StageError> {
        let _turn = match &self.at_once {
            // It is never closed.
            Some(at_once) => at_once.acquire().await.ok(),
            None => None,
        };
        let of = &self.of;
        let name = match cursor {
            Some(cursor) => format!("the page after `{cursor}`{of}"),
            None => format!("the first page{of}"),
        };
        self.fetch(&name, number, cursor).await
    }

    async fn fetch(
        &self,
        name: &str,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<Page, StageError> {
        let page = self.export.fetch(&self.listing, self.patience, name, number, cursor).await;
        page.map_err(|error| error.context(name))
    }
}

/// Pages of a listing that come from a task of their own, which is ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Ahead {
    pages: mpsc::Receiver<Result<Page, StageError>>,
    task: JoinHandle<()>,
}

impl Ahead {
    /// Begins to ask for pages after `cursor`, until there is none, one is the last by `is_last`, or one fails. No more than
    /// `room` pages are asked for before somebody takes one.
    pub(crate) fn start(
        reader: Reader,
        mut number: u64,
        mut cursor: Option<Cursor>,
        room: usize,
        is_last: impl Fn(&Page) -> bool + Send + 'static,
    ) -> Self {
        let (sender, pages) = mpsc::channel(room.max(1));
        let task = tokio::spawn(async move {
            // The place is there before the request is sent: what waits is bounded.
            while let Ok(place) = sender.reserve().await {
                let page = reader.page_after(number, cursor.as_ref()).await;
                let next = match &page {
                    Ok(page) if !is_last(page) => page.next.clone(),
                    _ => None,
                };
                place.send(page);
                if next.is_none() {
                    return;
                }
                (cursor, number) = (next, number + 1);
            }
        });
        Self { pages, task }
    }

    /// The next page. Dropped while it waits, it loses none.
    pub(crate) async fn next(&mut self) -> Result<Page, StageError> {
        let ended = || StageError::new(ErrorKind::Defect, "reading ahead ended before the listing");
        self.pages.recv().await.unwrap_or_else(|| Err(ended()))
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.task.abort();
    }
}
