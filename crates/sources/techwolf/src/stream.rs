//! Streams of pages.

use std::fmt;

use async_trait::async_trait;
use taskferry_sdk::{Share, StageError};

use crate::page::ListingPage;

/// The pages of an export, or of a share of it, in order.
#[async_trait]
pub(crate) trait PageStream: fmt::Debug + Send {
    /// The next page; `None` after the last one. Dropping the future loses no page.
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError>;

    /// The share that the stream has read, once it has ended; `None` if it reads the whole export.
    fn share(&self) -> Option<Share> {
        None
    }
}

/// A share without records: one empty page, so that the run has an output.
#[derive(Debug)]
pub(crate) struct EmptyShare {
    share: Share,
    /// Whether the page was returned, by this attempt or an earlier one.
    done: bool,
}

impl EmptyShare {
    pub(crate) fn new(share: Share, done: bool) -> Self {
        Self { share, done }
    }
}

#[async_trait]
impl PageStream for EmptyShare {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let is_due = !std::mem::replace(&mut self.done, true);
        Ok(is_due.then(|| ListingPage::new(None, None, 0, Vec::new())))
    }

    fn share(&self) -> Option<Share> {
        Some(self.share.clone())
    }
}
