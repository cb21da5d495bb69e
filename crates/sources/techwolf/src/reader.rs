//! Requests for the pages of one listing.

use std::sync::Arc;

use taskferry_sdk::{Cursor, StageError};
use tokio::sync::Semaphore;

use crate::export::{Export, Repeat};
use crate::page::{ListingPage, page_after, page_number};
use crate::request::Listing;

/// Requests pages of one listing. All clones, and those of other listings of the same export, share one token, one rate
/// limit and one page size.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    export: Arc<Export>,
    listing: Arc<Listing>,
    /// What errors call the listing, if there are several.
    of: String,
    /// How many pages may be requested at the same time, if that is fewer than may wait.
    at_once: Option<Arc<Semaphore>>,
    repeat: Repeat,
}

impl Reader {
    pub(crate) fn new(export: Arc<Export>, listing: Listing) -> Self {
        let (listing, of) = (Arc::new(listing), String::new());
        Self { export, listing, of, at_once: None, repeat: Repeat::AsConfigured }
    }

    /// A reader that requests no more than `pages` at the same time, all its clones together.
    pub(crate) fn at_once(self, pages: usize) -> Self {
        Self { at_once: Some(Arc::new(Semaphore::new(pages))), ..self }
    }

    /// A reader that requests each page once, for pages that can be requested again when they are due.
    pub(crate) fn trying_once(&self) -> Self {
        Self { repeat: Repeat::Never, ..self.clone() }
    }

    /// A reader of the jobs of one family.
    pub(crate) fn of_family(&self, family: &str) -> Self {
        let of = format!(" of the job family `{}`", Cursor::new(family));
        Self { listing: Arc::new(self.listing.of_family(family)), of, ..self.clone() }
    }

    /// The page after `cursor`, which is page `number` of the run.
    pub(crate) async fn page(
        &self,
        number: u64,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        self.fetch(&page_number(number, cursor), cursor).await
    }

    /// The page after `cursor` of a listing that is read at several places, so that its number is not known yet.
    pub(crate) async fn page_after(
        &self,
        cursor: Option<&Cursor>,
    ) -> Result<ListingPage, StageError> {
        let _turn = match &self.at_once {
            // The semaphore is never closed.
            Some(at_once) => at_once.acquire().await.ok(),
            None => None,
        };
        let page = self.fetch(&(page_after(cursor) + &self.of), cursor).await;
        // The engine would locate the record in the next page of the run, which begins at another cursor.
        page.map_err(StageError::without_record)
    }

    async fn fetch(&self, name: &str, cursor: Option<&Cursor>) -> Result<ListingPage, StageError> {
        let page = self.export.fetch(&self.listing, self.repeat, name, cursor).await;
        page.map_err(|error| error.context(name))
    }
}
