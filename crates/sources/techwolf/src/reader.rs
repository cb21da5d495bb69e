//! Requests pages of one listing.

use std::sync::Arc;

use taskferry_sdk::{Cursor, StageError};
use tokio::sync::Semaphore;

use crate::export::{Export, Retries};
use crate::page::{ListingPage, page_after, page_number};
use crate::request::Listing;

/// Requests pages of one listing. All readers of an export share one token, one rate limit and one page size.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    export: Arc<Export>,
    listing: Arc<Listing>,
    /// The suffix of page names in messages, if the run reads several listings.
    suffix: String,
    /// Limits the concurrent requests.
    concurrency: Option<Arc<Semaphore>>,
    retries: Retries,
}

impl Reader {
    pub(crate) fn new(export: Arc<Export>, listing: Listing) -> Self {
        let (listing, suffix) = (Arc::new(listing), String::new());
        Self { export, listing, suffix, concurrency: None, retries: Retries::Configured }
    }

    /// A reader that sends at most `requests` requests at the same time, together with its clones.
    pub(crate) fn with_max_concurrency(self, requests: usize) -> Self {
        Self { concurrency: Some(Arc::new(Semaphore::new(requests))), ..self }
    }

    /// A reader that requests each page once.
    pub(crate) fn without_retries(&self) -> Self {
        Self { retries: Retries::None, ..self.clone() }
    }

    pub(crate) fn of_family(&self, family: &str) -> Self {
        let suffix = format!(" of the job family `{}`", Cursor::new(family));
        Self { listing: Arc::new(self.listing.of_family(family)), suffix, ..self.clone() }
    }

    /// The page after `cursor`, which is page `number` of the run.
    pub(crate) async fn page(
        &self,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        self.fetch(&page_number(number, cursor), cursor).await
    }

    /// The page after `cursor`, whose number is not known.
    pub(crate) async fn page_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let _permit = match &self.concurrency {
            // The semaphore is never closed.
            Some(concurrency) => concurrency.acquire().await.ok(),
            None => None,
        };
        let page = self.fetch(&(page_after(cursor) + &self.suffix), cursor).await;
        // Removes the position of the record. The engine would apply it to the next page of the run, which is a different page.
        page.map_err(StageError::without_record)
    }

    async fn fetch(&self, name: &str, cursor: Option<&Cursor>) -> Result<ListingPage, StageError> {
        let page = self.export.fetch(&self.listing, self.retries, name, cursor).await;
        page.map_err(|error| error.context(name))
    }
}
