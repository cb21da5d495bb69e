//! Sources.

use std::fmt;

use async_trait::async_trait;

use crate::{Page, Position, RunContext, Share, StageError};

/// Reads pages, one after the other.
#[async_trait]
pub trait Source: fmt::Debug + Send {
    /// Opens what the source needs, before the first page. `from` says where a resumed run goes on; a source
    /// that can't do that must say so, never begin again.
    ///
    /// # Errors
    /// What kept it from opening.
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError>;

    /// The next page in the source's order, `None` when the listing is complete.
    ///
    /// The engine may drop the returned future when the run is interrupted; the page it was about to
    /// return is then asked for again by a later run, never lost.
    ///
    /// # Errors
    /// Whatever is left after the source's own retries. The run ends with it.
    async fn next_page(&mut self) -> Result<Option<Page>, StageError>;

    /// What it took so far.
    fn statistics(&self) -> SourceStatistics {
        SourceStatistics::default()
    }

    /// What deserves a look although nothing failed, one text each: an option that can't mean what it says, for example. It
    /// is asked for when reading has ended, however it ended, and stands in the manifest. A resumed run says it again.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Whether it can read the share of its listing that [`RunContext::shard`] names, and nothing else. Of one that can't,
    /// no share is asked for.
    fn can_shard(&self) -> bool {
        false
    }

    /// Which share it has read, once that is complete; `None` where the run takes the whole listing.
    fn share(&self) -> Option<Share> {
        None
    }
}

/// What a source did, beside the pages it returned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceStatistics {
    /// Requests sent, those for tokens and those that failed included.
    pub requests: u64,
    /// Requests among them that repeated a failed one.
    pub retries: u64,
    /// Whether what it read is made up, as that of the sandbox is: the run says so.
    pub sandbox: bool,
}
