//! What all ways to read an export have in common.

use std::fmt;

use async_trait::async_trait;
use taskferry_sdk::{Share, StageError};

use crate::page::ListingPage;

/// The pages of an export, or of the share of it that the run takes, in their order.
#[async_trait]
pub(crate) trait PageStream: fmt::Debug + Send {
    /// The next page, `None` behind the last one. If the future is dropped, no page is lost.
    ///
    /// # Errors
    /// What is left after retries, and a listing that makes no progress.
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError>;

    /// Which share the stream has read, once it has ended; `None` if it reads the whole export.
    fn share(&self) -> Option<Share> {
        None
    }
}
