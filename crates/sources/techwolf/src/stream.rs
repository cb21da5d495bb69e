//! Streams of pages.

use std::fmt;

use async_trait::async_trait;
use taskferry_sdk::{ShardRange, StageError};

use crate::page::ListingPage;

/// The pages of an export, or of a shard of it, in order.
#[async_trait]
pub(crate) trait PageStream: fmt::Debug + Send {
    /// The next page; `None` after the last one. Dropping the future loses no page.
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError>;

    /// After the last page: the shard that the stream has read, or `None` for the whole export.
    fn shard_range(&self) -> Option<ShardRange> {
        None
    }
}

/// A shard without records: it has one empty page, so that the run has an output.
#[derive(Debug)]
pub(crate) struct EmptyShard {
    range: ShardRange,
    /// Whether the page was returned, by this attempt or an earlier one.
    done: bool,
}

impl EmptyShard {
    pub(crate) fn new(range: ShardRange, done: bool) -> Self {
        Self { range, done }
    }
}

#[async_trait]
impl PageStream for EmptyShard {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let is_due = !std::mem::replace(&mut self.done, true);
        Ok(is_due.then(|| ListingPage::new(None, None, 0, Vec::new())))
    }

    fn shard_range(&self) -> Option<ShardRange> {
        Some(self.range.clone())
    }
}
